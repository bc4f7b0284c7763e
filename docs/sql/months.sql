-- Calendar months: counts that can be added up, and of how many days. Distinct people can't be added: who came on two days would count twice.
SELECT
  EXTRACT(YEAR FROM day) AS year,
  EXTRACT(MONTH FROM day) AS month,
  COUNT(*) AS days,
  SUM(all_tests) AS all_tests,
  SUM(successful_tests) AS successful_tests,
  SUM(total_errors) AS total_errors,
  SUM(accounts_created) AS accounts_created,
  AVG(active_users) AS active_users_per_day
FROM kpi_metrics.daily_kpis
WHERE day_is_over
GROUP BY 1, 2
ORDER BY 1, 2
