-- One row per day and metric: its value, the mean of the last 7 days that have one, and the value a week before.
WITH days AS (
  SELECT
    day,
    day_is_over,
    all_tests * 1e0 AS all_tests,
    successful_tests * 1e0 AS successful_tests,
    successful_test_users * 1e0 AS successful_test_users,
    active_users * 1e0 AS active_users,
    total_users_to_date * 1e0 AS total_users_to_date,
    total_active_users_to_date * 1e0 AS total_active_users_to_date,
    active_percentage,
    active_change,
    avg_tests_per_active_user,
    total_sessions * 1e0 AS total_sessions,
    successful_sessions * 1e0 AS successful_sessions,
    adjusted_success_rate,
    first_try_successes * 1e0 AS first_try_successes,
    first_try_success_rate,
    second_try_successes * 1e0 AS second_try_successes,
    second_try_success_rate,
    third_plus_try_successes * 1e0 AS third_plus_try_successes,
    third_plus_try_success_rate,
    error_gini_coefficient,
    no_period_history * 1e0 AS no_period_history,
    camera_too_far * 1e0 AS camera_too_far,
    camera_too_close * 1e0 AS camera_too_close,
    analysis_error * 1e0 AS analysis_error,
    test_lines_not_found * 1e0 AS test_lines_not_found,
    test_not_found * 1e0 AS test_not_found,
    total_errors * 1e0 AS total_errors,
    accounts_created * 1e0 AS accounts_created,
    accounts_with_tests * 1e0 AS accounts_with_tests,
    conversion_rate,
    new_users * 1e0 AS new_users,
    returning_users * 1e0 AS returning_users,
    reactivated_users * 1e0 AS reactivated_users,
    active_users_7d * 1e0 AS active_users_7d,
    active_users_28d * 1e0 AS active_users_28d,
    stickiness
  FROM ${daily_kpis}
),
figures AS (
  SELECT day, day_is_over, metric, value
  FROM days UNPIVOT INCLUDE NULLS (value FOR metric IN (
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
    conversion_rate,
    new_users,
    returning_users,
    reactivated_users,
    active_users_7d,
    active_users_28d,
    stickiness
  ))
)
SELECT
  figures.day AS day,
  figures.day_is_over AS day_is_over,
  figures.metric AS metric,
  figures.value AS value,
  AVG(figures.value) OVER (
    PARTITION BY figures.metric ORDER BY figures.day ROWS BETWEEN 6 PRECEDING AND CURRENT ROW
  ) AS mean_of_7_days,
  week_before.value AS value_a_week_before
FROM figures
LEFT JOIN figures AS week_before
  ON week_before.metric = figures.metric AND DATE_ADD(week_before.day, INTERVAL 7 DAY) = figures.day
