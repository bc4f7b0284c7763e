-- What moves the number of active users from week to week: new, returning and reactivated people add up to it, lapsed ones left.
SELECT
  week_start AS week,
  new_users,
  returning_users,
  reactivated_users,
  -1 * lapsed_users AS lapsed_users,
  active_users
FROM kpi_metrics.weekly_kpis
WHERE week_is_over
ORDER BY week_start
