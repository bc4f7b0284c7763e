-- How fresh the dashboard is: of each daily table, of weeks and of months the newest report, when it was made, and its rows: 12 if it is whole.
SELECT 'daily_engagement' AS table_name, report_date, MAX(created_at) AS made_at, COUNT(*) AS report_rows
FROM kpi_metrics.daily_engagement
WHERE report_date = (SELECT MAX(report_date) FROM kpi_metrics.daily_engagement)
GROUP BY report_date
UNION ALL
SELECT 'daily_advanced_metrics' AS table_name, report_date, MAX(created_at) AS made_at, COUNT(*) AS report_rows
FROM kpi_metrics.daily_advanced_metrics
WHERE report_date = (SELECT MAX(report_date) FROM kpi_metrics.daily_advanced_metrics)
GROUP BY report_date
UNION ALL
SELECT 'daily_errors' AS table_name, report_date, MAX(created_at) AS made_at, COUNT(*) AS report_rows
FROM kpi_metrics.daily_errors
WHERE report_date = (SELECT MAX(report_date) FROM kpi_metrics.daily_errors)
GROUP BY report_date
UNION ALL
SELECT 'daily_funnel' AS table_name, report_date, MAX(created_at) AS made_at, COUNT(*) AS report_rows
FROM kpi_metrics.daily_funnel
WHERE report_date = (SELECT MAX(report_date) FROM kpi_metrics.daily_funnel)
GROUP BY report_date
UNION ALL
SELECT 'daily_audience' AS table_name, report_date, MAX(created_at) AS made_at, COUNT(*) AS report_rows
FROM kpi_metrics.daily_audience
WHERE report_date = (SELECT MAX(report_date) FROM kpi_metrics.daily_audience)
GROUP BY report_date
UNION ALL
SELECT 'weekly_engagement' AS table_name, report_date, MAX(created_at) AS made_at, COUNT(*) AS report_rows
FROM kpi_metrics.weekly_engagement
WHERE report_date = (SELECT MAX(report_date) FROM kpi_metrics.weekly_engagement)
GROUP BY report_date
UNION ALL
SELECT 'monthly_engagement' AS table_name, report_date, MAX(created_at) AS made_at, COUNT(*) AS report_rows
FROM kpi_metrics.monthly_engagement
WHERE report_date = (SELECT MAX(report_date) FROM kpi_metrics.monthly_engagement)
GROUP BY report_date
