-- The funnel compared fairly: of the accounts of each day, the percentage that had tested by the end of that day, 3, 7 and 11 days later. NULL: no report of that age yet.
SELECT
  period_start_date AS day,
  MAX(accounts_created) AS accounts_created,
  MAX(CASE WHEN report_date = period_start_date THEN conversion_rate END) AS on_the_day,
  MAX(CASE WHEN report_date = DATE_ADD(period_start_date, INTERVAL 3 DAY) THEN conversion_rate END) AS after_3_days,
  MAX(CASE WHEN report_date = DATE_ADD(period_start_date, INTERVAL 7 DAY) THEN conversion_rate END) AS after_7_days,
  MAX(CASE WHEN report_date = DATE_ADD(period_start_date, INTERVAL 11 DAY) THEN conversion_rate END) AS after_11_days
FROM kpi_metrics.daily_funnel
GROUP BY period_start_date
ORDER BY period_start_date
