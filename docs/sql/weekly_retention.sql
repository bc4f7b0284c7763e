-- Retention: of the people of each week of first tests, the percentage active 1 to 11 weeks later. NULL: no report of that age yet.
WITH newest AS (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY cohort_start_date, age ORDER BY report_date DESC) AS place
  FROM kpi_metrics.weekly_retention
)
SELECT
  cohort_start_date AS week_of_first_test,
  MAX(CASE WHEN age = 0 THEN cohort_users END) AS people,
  MAX(CASE WHEN age = 1 THEN retention_rate END) AS after_1_week,
  MAX(CASE WHEN age = 2 THEN retention_rate END) AS after_2_weeks,
  MAX(CASE WHEN age = 4 THEN retention_rate END) AS after_4_weeks,
  MAX(CASE WHEN age = 8 THEN retention_rate END) AS after_8_weeks,
  MAX(CASE WHEN age = 11 THEN retention_rate END) AS after_11_weeks
FROM newest
WHERE place = 1
GROUP BY cohort_start_date
ORDER BY cohort_start_date
