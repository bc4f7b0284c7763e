-- Failed tests by kind, a row a day and kind, for a stacked chart. What is of no known kind is a row of its own, so that the rows add up to all.
WITH kinds AS (
  SELECT day, 'no_period_history' AS kind, no_period_history AS failures FROM kpi_metrics.daily_kpis
  UNION ALL
  SELECT day, 'camera_too_far' AS kind, camera_too_far AS failures FROM kpi_metrics.daily_kpis
  UNION ALL
  SELECT day, 'camera_too_close' AS kind, camera_too_close AS failures FROM kpi_metrics.daily_kpis
  UNION ALL
  SELECT day, 'analysis_error' AS kind, analysis_error AS failures FROM kpi_metrics.daily_kpis
  UNION ALL
  SELECT day, 'test_lines_not_found' AS kind, test_lines_not_found AS failures FROM kpi_metrics.daily_kpis
  UNION ALL
  SELECT day, 'test_not_found' AS kind, test_not_found AS failures FROM kpi_metrics.daily_kpis
  UNION ALL
  SELECT
    day,
    'other' AS kind,
    total_errors - no_period_history - camera_too_far - camera_too_close - analysis_error - test_lines_not_found - test_not_found AS failures
  FROM kpi_metrics.daily_kpis
)
SELECT day, kind, failures
FROM kinds
ORDER BY day, kind
