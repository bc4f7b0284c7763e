-- Calendar months: people, tests and accounts of each complete month. People are distinct over the month, which days can't be added up to.
SELECT
  month_start AS month,
  active_users,
  new_users,
  lapsed_users,
  all_tests,
  successful_tests,
  total_errors,
  accounts_created,
  conversion_rate
FROM kpi_metrics.monthly_kpis
WHERE month_is_over
ORDER BY month_start
