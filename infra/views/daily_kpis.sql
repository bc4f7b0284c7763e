-- One row per day: of each table, what its newest report says of that day.
WITH engagement AS (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY period_start_date ORDER BY report_date DESC) AS place
  FROM ${daily_engagement}
),
advanced_metrics AS (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY period_start_date ORDER BY report_date DESC) AS place
  FROM ${daily_advanced_metrics}
),
errors AS (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY period_start_date ORDER BY report_date DESC) AS place
  FROM ${daily_errors}
),
funnel AS (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY period_start_date ORDER BY report_date DESC) AS place
  FROM ${daily_funnel}
),
days AS (
  SELECT period_start_date AS day, MAX(report_date) AS newest_report
  FROM (
    SELECT period_start_date, report_date FROM engagement WHERE place = 1
    UNION ALL
    SELECT period_start_date, report_date FROM advanced_metrics WHERE place = 1
    UNION ALL
    SELECT period_start_date, report_date FROM errors WHERE place = 1
    UNION ALL
    SELECT period_start_date, report_date FROM funnel WHERE place = 1
  ) AS newest
  GROUP BY period_start_date
)
SELECT
  days.day AS day,
  days.newest_report AS newest_report,
  -- A report made on the day itself holds what there was so far; a later one holds the whole day.
  days.newest_report > days.day AS day_is_over,
  all_tests,
  successful_tests,
  successful_test_users,
  active_users,
  total_users_to_date,
  total_active_users_to_date,
  active_percentage,
  active_change,
  avg_tests_per_active_user,
  total_sessions,
  successful_sessions,
  adjusted_success_rate,
  first_try_successes,
  first_try_success_rate,
  second_try_successes,
  second_try_success_rate,
  third_plus_try_successes,
  third_plus_try_success_rate,
  error_gini_coefficient,
  no_period_history,
  camera_too_far,
  camera_too_close,
  analysis_error,
  test_lines_not_found,
  test_not_found,
  total_errors,
  accounts_created,
  accounts_with_tests,
  conversion_rate
FROM days
LEFT JOIN engagement ON engagement.period_start_date = days.day AND engagement.place = 1
LEFT JOIN advanced_metrics ON advanced_metrics.period_start_date = days.day AND advanced_metrics.place = 1
LEFT JOIN errors ON errors.period_start_date = days.day AND errors.place = 1
LEFT JOIN funnel ON funnel.period_start_date = days.day AND funnel.place = 1
