-- Session success over the last 28 days as one rate: counts are added first, then divided. The mean of daily rates would weigh a quiet day like a busy one.
SELECT
  COUNT(*) AS days,
  SUM(total_sessions) AS total_sessions,
  100 * SUM(successful_sessions) / NULLIF(SUM(total_sessions), 0) AS adjusted_success_rate,
  100 * SUM(first_try_successes) / NULLIF(SUM(total_sessions), 0) AS first_try_success_rate
FROM kpi_metrics.daily_kpis
WHERE day_is_over AND day > (SELECT DATE_ADD(MAX(day), INTERVAL (-28) DAY) FROM kpi_metrics.daily_kpis WHERE day_is_over)
