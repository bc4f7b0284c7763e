-- Who the active users of each day are: the first three add up to active_users. Beside them the people of 7 and 28 days, and stickiness.
SELECT
  day,
  new_users,
  returning_users,
  reactivated_users,
  active_users,
  active_users_7d,
  active_users_28d,
  stickiness
FROM kpi_metrics.daily_kpis
WHERE day_is_over
ORDER BY day
