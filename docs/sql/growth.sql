-- Growth: accounts and people who ever tested, as of the end of each day. The second can exceed the first: people who test without an account count too.
SELECT day, accounts_created, total_users_to_date, total_active_users_to_date
FROM kpi_metrics.daily_kpis
WHERE day_is_over
ORDER BY day
