-- Weeks, Monday to Sunday: people and tests of each complete week, and the change of active users against the week before in per cent.
SELECT
  week_start AS week,
  active_users,
  100 * (active_users - LAG(active_users) OVER (ORDER BY week_start)) / NULLIF(LAG(active_users) OVER (ORDER BY week_start), 0)
    AS change_of_active_users,
  all_tests,
  avg_tests_per_active_user AS successful_tests_per_active_user,
  adjusted_success_rate,
  accounts_created
FROM kpi_metrics.weekly_kpis
WHERE week_is_over
ORDER BY week_start
