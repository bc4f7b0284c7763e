-- One row per month: of each table, what its newest report says of that month.
WITH engagement AS (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY period_start_date ORDER BY report_date DESC) AS place
  FROM ${monthly_engagement}
),
advanced_metrics AS (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY period_start_date ORDER BY report_date DESC) AS place
  FROM ${monthly_advanced_metrics}
),
errors AS (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY period_start_date ORDER BY report_date DESC) AS place
  FROM ${monthly_errors}
),
funnel AS (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY period_start_date ORDER BY report_date DESC) AS place
  FROM ${monthly_funnel}
),
audience AS (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY period_start_date ORDER BY report_date DESC) AS place
  FROM ${monthly_audience}
),
periods AS (
  SELECT period_start_date, MAX(period_end_date) AS period_end_date, MAX(report_date) AS newest_report
  FROM (
    SELECT period_start_date, period_end_date, report_date FROM engagement WHERE place = 1
    UNION ALL
    SELECT period_start_date, period_end_date, report_date FROM advanced_metrics WHERE place = 1
    UNION ALL
    SELECT period_start_date, period_end_date, report_date FROM errors WHERE place = 1
    UNION ALL
    SELECT period_start_date, period_end_date, report_date FROM funnel WHERE place = 1
    UNION ALL
    SELECT period_start_date, period_end_date, report_date FROM audience WHERE place = 1
  ) AS newest
  GROUP BY period_start_date
)
SELECT
  periods.period_start_date AS month_start,
  periods.period_end_date AS month_end,
  periods.newest_report AS newest_report,
  -- A report made on the last day itself holds what there was so far. Once there is a report of a later day, the month is over.
  (SELECT MAX(report_date) FROM ${daily_engagement}) > periods.period_end_date AS month_is_over,
  engagement.all_tests AS all_tests,
  engagement.successful_tests AS successful_tests,
  engagement.successful_test_users AS successful_test_users,
  engagement.active_users AS active_users,
  engagement.total_users_to_date AS total_users_to_date,
  engagement.total_active_users_to_date AS total_active_users_to_date,
  engagement.active_percentage AS active_percentage,
  engagement.active_change AS active_change,
  engagement.avg_tests_per_active_user AS avg_tests_per_active_user,
  advanced_metrics.total_sessions AS total_sessions,
  advanced_metrics.successful_sessions AS successful_sessions,
  advanced_metrics.adjusted_success_rate AS adjusted_success_rate,
  advanced_metrics.first_try_successes AS first_try_successes,
  advanced_metrics.first_try_success_rate AS first_try_success_rate,
  advanced_metrics.second_try_successes AS second_try_successes,
  advanced_metrics.second_try_success_rate AS second_try_success_rate,
  advanced_metrics.third_plus_try_successes AS third_plus_try_successes,
  advanced_metrics.third_plus_try_success_rate AS third_plus_try_success_rate,
  advanced_metrics.error_gini_coefficient AS error_gini_coefficient,
  errors.no_period_history AS no_period_history,
  errors.camera_too_far AS camera_too_far,
  errors.camera_too_close AS camera_too_close,
  errors.analysis_error AS analysis_error,
  errors.test_lines_not_found AS test_lines_not_found,
  errors.test_not_found AS test_not_found,
  errors.total_errors AS total_errors,
  funnel.accounts_created AS accounts_created,
  funnel.accounts_with_tests AS accounts_with_tests,
  funnel.conversion_rate AS conversion_rate,
  audience.new_users AS new_users,
  audience.returning_users AS returning_users,
  audience.reactivated_users AS reactivated_users,
  audience.lapsed_users AS lapsed_users
FROM periods
LEFT JOIN engagement ON engagement.period_start_date = periods.period_start_date AND engagement.place = 1
LEFT JOIN advanced_metrics ON advanced_metrics.period_start_date = periods.period_start_date AND advanced_metrics.place = 1
LEFT JOIN errors ON errors.period_start_date = periods.period_start_date AND errors.place = 1
LEFT JOIN funnel ON funnel.period_start_date = periods.period_start_date AND funnel.place = 1
LEFT JOIN audience ON audience.period_start_date = periods.period_start_date AND audience.place = 1
