-- BigQuery only: the active users of the next 14 days as its built-in model expects them, with the range that 9 of 10 days should be in.
SELECT
  DATE(forecast_timestamp) AS day,
  forecast_value AS active_users,
  prediction_interval_lower_bound AS at_least,
  prediction_interval_upper_bound AS at_most
FROM AI.FORECAST(
  (SELECT day, active_users FROM kpi_metrics.daily_kpis WHERE day_is_over AND active_users IS NOT NULL),
  data_col => 'active_users',
  timestamp_col => 'day',
  horizon => 14,
  confidence_level => 0.9
)
ORDER BY day
