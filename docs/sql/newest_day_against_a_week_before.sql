-- Headline figures: each metric on the newest day that is over, a week before, and what it means. The change is NULL where one of the two is.
WITH definitions AS (
  SELECT DISTINCT metric, definition
  FROM kpi_metrics.metric_definitions
  WHERE table_name LIKE 'daily%'
)
SELECT
  trends.metric AS metric,
  trends.value AS value,
  trends.value_a_week_before AS a_week_before,
  trends.value - trends.value_a_week_before AS change,
  definitions.definition AS definition
FROM kpi_metrics.kpi_trends AS trends
INNER JOIN definitions ON definitions.metric = trends.metric
WHERE trends.day = (SELECT MAX(day) FROM kpi_metrics.kpi_trends WHERE day_is_over)
ORDER BY trends.metric
