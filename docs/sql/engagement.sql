-- Engagement of the last 90 days that are over: people, tests, and the mean of 7 days, which has no weekly ups and downs.
SELECT
  days.day AS day,
  days.active_users AS active_users,
  trends.mean_of_7_days AS active_users_mean_of_7_days,
  days.all_tests AS all_tests,
  days.avg_tests_per_active_user AS successful_tests_per_active_user,
  days.active_percentage AS active_percentage
FROM kpi_metrics.daily_kpis AS days
INNER JOIN kpi_metrics.kpi_trends AS trends ON trends.day = days.day AND trends.metric = 'active_users'
WHERE days.day_is_over AND days.day > (SELECT DATE_ADD(MAX(day), INTERVAL (-90) DAY) FROM kpi_metrics.daily_kpis WHERE day_is_over)
ORDER BY days.day
