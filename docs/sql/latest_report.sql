-- The newest report, a row a day: what the daily tables say in one. The first row is of a day that may not be over.
SELECT period_label, active_users, all_tests, adjusted_success_rate, total_errors, accounts_created, conversion_rate
FROM kpi_metrics.latest_report
ORDER BY day DESC
