-- One row per table and metric: where it is, and how it is defined.
SELECT 'daily_engagement' AS table_name, 'all_tests' AS metric, 'INT64' AS type, 'Measurements in the period' AS definition
UNION ALL
SELECT 'daily_engagement', 'successful_tests', 'INT64', 'Measurements that succeeded'
UNION ALL
SELECT 'daily_engagement', 'successful_test_users', 'INT64', 'Distinct users with a successful measurement'
UNION ALL
SELECT 'daily_engagement', 'active_users', 'INT64', 'Distinct users with a measurement'
UNION ALL
SELECT 'daily_engagement', 'total_users_to_date', 'INT64', 'Users created up to the end of the period'
UNION ALL
SELECT 'daily_engagement', 'total_active_users_to_date', 'INT64', 'Distinct users whose first test lies before the end of the period, whether or not they are listed in users'
UNION ALL
SELECT 'daily_engagement', 'active_percentage', 'FLOAT64', '100 × active_users / total_active_users_to_date'
UNION ALL
SELECT 'daily_engagement', 'active_change', 'FLOAT64', 'active_percentage minus that of the day before, in percentage points; NULL where one of the two is'
UNION ALL
SELECT 'daily_engagement', 'avg_tests_per_active_user', 'FLOAT64', 'successful_tests / active_users'
UNION ALL
SELECT 'daily_advanced_metrics', 'total_sessions', 'INT64', 'Sessions with an attempt in the period; only attempts within the period count'
UNION ALL
SELECT 'daily_advanced_metrics', 'successful_sessions', 'INT64', 'Sessions with a successful attempt'
UNION ALL
SELECT 'daily_advanced_metrics', 'adjusted_success_rate', 'FLOAT64', '100 × successful_sessions / total_sessions'
UNION ALL
SELECT 'daily_advanced_metrics', 'first_try_successes', 'INT64', 'Sessions whose first attempt succeeded'
UNION ALL
SELECT 'daily_advanced_metrics', 'first_try_success_rate', 'FLOAT64', '100 × first_try_successes / total_sessions'
UNION ALL
SELECT 'daily_advanced_metrics', 'second_try_successes', 'INT64', 'Sessions whose second attempt was the first to succeed'
UNION ALL
SELECT 'daily_advanced_metrics', 'second_try_success_rate', 'FLOAT64', '100 × second_try_successes / total_sessions'
UNION ALL
SELECT 'daily_advanced_metrics', 'third_plus_try_successes', 'INT64', 'Sessions whose third or a later attempt was the first to succeed'
UNION ALL
SELECT 'daily_advanced_metrics', 'third_plus_try_success_rate', 'FLOAT64', '100 × third_plus_try_successes / total_sessions'
UNION ALL
SELECT 'daily_advanced_metrics', 'error_gini_coefficient', 'FLOAT64', 'Gini coefficient of failed tests per active user, users without a failure counting 0; 0 is an even spread; NULL where nothing failed'
UNION ALL
SELECT 'daily_errors', 'no_period_history', 'INT64', 'Failed measurements of the kind no_period_history'
UNION ALL
SELECT 'daily_errors', 'camera_too_far', 'INT64', 'Failed measurements of the kind camera_too_far'
UNION ALL
SELECT 'daily_errors', 'camera_too_close', 'INT64', 'Failed measurements of the kind camera_too_close'
UNION ALL
SELECT 'daily_errors', 'analysis_error', 'INT64', 'Failed measurements of the kind analysis_error'
UNION ALL
SELECT 'daily_errors', 'test_lines_not_found', 'INT64', 'Failed measurements of the kind test_lines_not_found'
UNION ALL
SELECT 'daily_errors', 'test_not_found', 'INT64', 'Failed measurements of the kind test_not_found'
UNION ALL
SELECT 'daily_errors', 'total_errors', 'INT64', 'All failed measurements, those of any other kind included'
UNION ALL
SELECT 'daily_funnel', 'accounts_created', 'INT64', 'Users created in the period'
UNION ALL
SELECT 'daily_funnel', 'accounts_with_tests', 'INT64', 'Of those, users whose first test lies before the end of report_date (a young cohort grows from one report to the next); a test before the account counts'
UNION ALL
SELECT 'daily_funnel', 'conversion_rate', 'FLOAT64', '100 × accounts_with_tests / accounts_created'
UNION ALL
SELECT 'daily_audience', 'active_users', 'INT64', 'Distinct users with a measurement'
UNION ALL
SELECT 'daily_audience', 'new_users', 'INT64', 'Of these, users whose first test lies in the period'
UNION ALL
SELECT 'daily_audience', 'returning_users', 'INT64', 'Of these, not new, users who were active on at least one of the 28 days before'
UNION ALL
SELECT 'daily_audience', 'reactivated_users', 'INT64', 'Of these, all others; new, returning and reactivated users add up to active_users'
UNION ALL
SELECT 'daily_audience', 'active_users_7d', 'INT64', 'Distinct users active on the day or one of the 6 days before'
UNION ALL
SELECT 'daily_audience', 'active_users_28d', 'INT64', 'Distinct users active on the day or one of the 27 days before'
UNION ALL
SELECT 'daily_audience', 'stickiness', 'FLOAT64', '100 × active_users / active_users_28d'
UNION ALL
SELECT 'weekly_engagement', 'all_tests', 'INT64', 'Measurements in the period'
UNION ALL
SELECT 'weekly_engagement', 'successful_tests', 'INT64', 'Measurements that succeeded'
UNION ALL
SELECT 'weekly_engagement', 'successful_test_users', 'INT64', 'Distinct users with a successful measurement'
UNION ALL
SELECT 'weekly_engagement', 'active_users', 'INT64', 'Distinct users with a measurement'
UNION ALL
SELECT 'weekly_engagement', 'total_users_to_date', 'INT64', 'Users created up to the end of the period'
UNION ALL
SELECT 'weekly_engagement', 'total_active_users_to_date', 'INT64', 'Distinct users whose first test lies before the end of the period, whether or not they are listed in users'
UNION ALL
SELECT 'weekly_engagement', 'active_percentage', 'FLOAT64', '100 × active_users / total_active_users_to_date'
UNION ALL
SELECT 'weekly_engagement', 'active_change', 'FLOAT64', 'active_percentage minus that of the week before, in percentage points; NULL where one of the two is'
UNION ALL
SELECT 'weekly_engagement', 'avg_tests_per_active_user', 'FLOAT64', 'successful_tests / active_users'
UNION ALL
SELECT 'weekly_advanced_metrics', 'total_sessions', 'INT64', 'Sessions with an attempt in the period; only attempts within the period count'
UNION ALL
SELECT 'weekly_advanced_metrics', 'successful_sessions', 'INT64', 'Sessions with a successful attempt'
UNION ALL
SELECT 'weekly_advanced_metrics', 'adjusted_success_rate', 'FLOAT64', '100 × successful_sessions / total_sessions'
UNION ALL
SELECT 'weekly_advanced_metrics', 'first_try_successes', 'INT64', 'Sessions whose first attempt succeeded'
UNION ALL
SELECT 'weekly_advanced_metrics', 'first_try_success_rate', 'FLOAT64', '100 × first_try_successes / total_sessions'
UNION ALL
SELECT 'weekly_advanced_metrics', 'second_try_successes', 'INT64', 'Sessions whose second attempt was the first to succeed'
UNION ALL
SELECT 'weekly_advanced_metrics', 'second_try_success_rate', 'FLOAT64', '100 × second_try_successes / total_sessions'
UNION ALL
SELECT 'weekly_advanced_metrics', 'third_plus_try_successes', 'INT64', 'Sessions whose third or a later attempt was the first to succeed'
UNION ALL
SELECT 'weekly_advanced_metrics', 'third_plus_try_success_rate', 'FLOAT64', '100 × third_plus_try_successes / total_sessions'
UNION ALL
SELECT 'weekly_advanced_metrics', 'error_gini_coefficient', 'FLOAT64', 'Gini coefficient of failed tests per active user, users without a failure counting 0; 0 is an even spread; NULL where nothing failed'
UNION ALL
SELECT 'weekly_errors', 'no_period_history', 'INT64', 'Failed measurements of the kind no_period_history'
UNION ALL
SELECT 'weekly_errors', 'camera_too_far', 'INT64', 'Failed measurements of the kind camera_too_far'
UNION ALL
SELECT 'weekly_errors', 'camera_too_close', 'INT64', 'Failed measurements of the kind camera_too_close'
UNION ALL
SELECT 'weekly_errors', 'analysis_error', 'INT64', 'Failed measurements of the kind analysis_error'
UNION ALL
SELECT 'weekly_errors', 'test_lines_not_found', 'INT64', 'Failed measurements of the kind test_lines_not_found'
UNION ALL
SELECT 'weekly_errors', 'test_not_found', 'INT64', 'Failed measurements of the kind test_not_found'
UNION ALL
SELECT 'weekly_errors', 'total_errors', 'INT64', 'All failed measurements, those of any other kind included'
UNION ALL
SELECT 'weekly_funnel', 'accounts_created', 'INT64', 'Users created in the period'
UNION ALL
SELECT 'weekly_funnel', 'accounts_with_tests', 'INT64', 'Of those, users whose first test lies before the end of report_date (a young cohort grows from one report to the next); a test before the account counts'
UNION ALL
SELECT 'weekly_funnel', 'conversion_rate', 'FLOAT64', '100 × accounts_with_tests / accounts_created'
UNION ALL
SELECT 'weekly_audience', 'active_users', 'INT64', 'Distinct users with a measurement'
UNION ALL
SELECT 'weekly_audience', 'new_users', 'INT64', 'Of these, users whose first test lies in the period'
UNION ALL
SELECT 'weekly_audience', 'returning_users', 'INT64', 'Of these, not new, users who were active in the period before'
UNION ALL
SELECT 'weekly_audience', 'reactivated_users', 'INT64', 'Of these, all others; new, returning and reactivated users add up to active_users'
UNION ALL
SELECT 'weekly_audience', 'lapsed_users', 'INT64', 'Users active in the period before and not in this one'
UNION ALL
SELECT 'weekly_retention', 'cohort_users', 'INT64', 'Users of the cohort'
UNION ALL
SELECT 'weekly_retention', 'retained_users', 'INT64', 'Of these, users with a measurement in the period; at age 0 fewer than cohort_users only where rows were rejected'
UNION ALL
SELECT 'weekly_retention', 'retention_rate', 'FLOAT64', '100 × retained_users / cohort_users'
UNION ALL
SELECT 'monthly_engagement', 'all_tests', 'INT64', 'Measurements in the period'
UNION ALL
SELECT 'monthly_engagement', 'successful_tests', 'INT64', 'Measurements that succeeded'
UNION ALL
SELECT 'monthly_engagement', 'successful_test_users', 'INT64', 'Distinct users with a successful measurement'
UNION ALL
SELECT 'monthly_engagement', 'active_users', 'INT64', 'Distinct users with a measurement'
UNION ALL
SELECT 'monthly_engagement', 'total_users_to_date', 'INT64', 'Users created up to the end of the period'
UNION ALL
SELECT 'monthly_engagement', 'total_active_users_to_date', 'INT64', 'Distinct users whose first test lies before the end of the period, whether or not they are listed in users'
UNION ALL
SELECT 'monthly_engagement', 'active_percentage', 'FLOAT64', '100 × active_users / total_active_users_to_date'
UNION ALL
SELECT 'monthly_engagement', 'active_change', 'FLOAT64', 'active_percentage minus that of the month before, in percentage points; NULL where one of the two is'
UNION ALL
SELECT 'monthly_engagement', 'avg_tests_per_active_user', 'FLOAT64', 'successful_tests / active_users'
UNION ALL
SELECT 'monthly_advanced_metrics', 'total_sessions', 'INT64', 'Sessions with an attempt in the period; only attempts within the period count'
UNION ALL
SELECT 'monthly_advanced_metrics', 'successful_sessions', 'INT64', 'Sessions with a successful attempt'
UNION ALL
SELECT 'monthly_advanced_metrics', 'adjusted_success_rate', 'FLOAT64', '100 × successful_sessions / total_sessions'
UNION ALL
SELECT 'monthly_advanced_metrics', 'first_try_successes', 'INT64', 'Sessions whose first attempt succeeded'
UNION ALL
SELECT 'monthly_advanced_metrics', 'first_try_success_rate', 'FLOAT64', '100 × first_try_successes / total_sessions'
UNION ALL
SELECT 'monthly_advanced_metrics', 'second_try_successes', 'INT64', 'Sessions whose second attempt was the first to succeed'
UNION ALL
SELECT 'monthly_advanced_metrics', 'second_try_success_rate', 'FLOAT64', '100 × second_try_successes / total_sessions'
UNION ALL
SELECT 'monthly_advanced_metrics', 'third_plus_try_successes', 'INT64', 'Sessions whose third or a later attempt was the first to succeed'
UNION ALL
SELECT 'monthly_advanced_metrics', 'third_plus_try_success_rate', 'FLOAT64', '100 × third_plus_try_successes / total_sessions'
UNION ALL
SELECT 'monthly_advanced_metrics', 'error_gini_coefficient', 'FLOAT64', 'Gini coefficient of failed tests per active user, users without a failure counting 0; 0 is an even spread; NULL where nothing failed'
UNION ALL
SELECT 'monthly_errors', 'no_period_history', 'INT64', 'Failed measurements of the kind no_period_history'
UNION ALL
SELECT 'monthly_errors', 'camera_too_far', 'INT64', 'Failed measurements of the kind camera_too_far'
UNION ALL
SELECT 'monthly_errors', 'camera_too_close', 'INT64', 'Failed measurements of the kind camera_too_close'
UNION ALL
SELECT 'monthly_errors', 'analysis_error', 'INT64', 'Failed measurements of the kind analysis_error'
UNION ALL
SELECT 'monthly_errors', 'test_lines_not_found', 'INT64', 'Failed measurements of the kind test_lines_not_found'
UNION ALL
SELECT 'monthly_errors', 'test_not_found', 'INT64', 'Failed measurements of the kind test_not_found'
UNION ALL
SELECT 'monthly_errors', 'total_errors', 'INT64', 'All failed measurements, those of any other kind included'
UNION ALL
SELECT 'monthly_funnel', 'accounts_created', 'INT64', 'Users created in the period'
UNION ALL
SELECT 'monthly_funnel', 'accounts_with_tests', 'INT64', 'Of those, users whose first test lies before the end of report_date (a young cohort grows from one report to the next); a test before the account counts'
UNION ALL
SELECT 'monthly_funnel', 'conversion_rate', 'FLOAT64', '100 × accounts_with_tests / accounts_created'
UNION ALL
SELECT 'monthly_audience', 'active_users', 'INT64', 'Distinct users with a measurement'
UNION ALL
SELECT 'monthly_audience', 'new_users', 'INT64', 'Of these, users whose first test lies in the period'
UNION ALL
SELECT 'monthly_audience', 'returning_users', 'INT64', 'Of these, not new, users who were active in the period before'
UNION ALL
SELECT 'monthly_audience', 'reactivated_users', 'INT64', 'Of these, all others; new, returning and reactivated users add up to active_users'
UNION ALL
SELECT 'monthly_audience', 'lapsed_users', 'INT64', 'Users active in the period before and not in this one'
UNION ALL
SELECT 'monthly_retention', 'cohort_users', 'INT64', 'Users of the cohort'
UNION ALL
SELECT 'monthly_retention', 'retained_users', 'INT64', 'Of these, users with a measurement in the period; at age 0 fewer than cohort_users only where rows were rejected'
UNION ALL
SELECT 'monthly_retention', 'retention_rate', 'FLOAT64', '100 × retained_users / cohort_users'
