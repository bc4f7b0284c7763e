-- Session success: per day, the share of sessions that succeeded, by the attempt that did. The three shares add up to the first.
SELECT
  day,
  total_sessions,
  adjusted_success_rate,
  first_try_success_rate,
  second_try_success_rate,
  third_plus_try_success_rate
FROM kpi_metrics.daily_kpis
WHERE day_is_over
ORDER BY day
