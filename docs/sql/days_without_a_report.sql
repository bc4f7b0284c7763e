-- Stretches of days that no report tells of, from the first day that one does. No row: nothing is missing.
WITH neighbours AS (
  SELECT day, LAG(day) OVER (ORDER BY day) AS day_before
  FROM kpi_metrics.daily_kpis
)
SELECT
  CAST(DATE_ADD(day_before, INTERVAL 1 DAY) AS DATE) AS first_missing,
  CAST(DATE_ADD(day, INTERVAL (-1) DAY) AS DATE) AS last_missing
FROM neighbours
WHERE DATE_ADD(day_before, INTERVAL 1 DAY) < day
ORDER BY day
