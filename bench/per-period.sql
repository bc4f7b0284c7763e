-- The same report in the way of scheduled queries: one query for each published column, run for each of the 12 periods. Each query has the
-- column's name above it. $start and $end bound the period, $report_end the report date.

-- daily_engagement.all_tests
SELECT count(*) FROM valid WHERE created_at >= $start AND created_at < $end;
-- daily_engagement.successful_tests
SELECT count(*) FROM valid WHERE created_at >= $start AND created_at < $end AND error_type IS NULL;
-- daily_engagement.successful_test_users
SELECT count(DISTINCT user_id) FROM valid WHERE created_at >= $start AND created_at < $end AND error_type IS NULL;
-- daily_engagement.active_users
SELECT count(DISTINCT user_id) FROM valid WHERE created_at >= $start AND created_at < $end;
-- daily_engagement.total_users_to_date
SELECT count(DISTINCT user_id) FROM users WHERE created_at < $end;
-- daily_engagement.total_active_users_to_date
SELECT count(DISTINCT user_id) FROM measurements WHERE created_at < $end;
-- daily_engagement.active_percentage
SELECT 100 * (SELECT count(DISTINCT user_id) FROM valid WHERE created_at >= $start AND created_at < $end)
  / nullif((SELECT count(DISTINCT user_id) FROM measurements WHERE created_at < $end), 0);
-- daily_engagement.active_change
SELECT 100 * (SELECT count(DISTINCT user_id) FROM valid WHERE created_at >= $start AND created_at < $end)
  / nullif((SELECT count(DISTINCT user_id) FROM measurements WHERE created_at < $end), 0)
  - 100 * (SELECT count(DISTINCT user_id) FROM valid WHERE created_at >= $start - INTERVAL 1 DAY AND created_at < $start)
  / nullif((SELECT count(DISTINCT user_id) FROM measurements WHERE created_at < $start), 0);
-- daily_engagement.avg_tests_per_active_user
SELECT count(*) FILTER (error_type IS NULL) / nullif(count(DISTINCT user_id), 0) FROM valid WHERE created_at >= $start AND created_at < $end;

-- daily_advanced_metrics.total_sessions
SELECT count(DISTINCT session_id) FROM valid WHERE created_at >= $start AND created_at < $end;
-- daily_advanced_metrics.successful_sessions
SELECT count(DISTINCT session_id) FROM valid WHERE created_at >= $start AND created_at < $end AND error_type IS NULL;
-- daily_advanced_metrics.adjusted_success_rate
SELECT 100 * count(DISTINCT if(error_type IS NULL, session_id, NULL)) / nullif(count(DISTINCT session_id), 0)
FROM valid WHERE created_at >= $start AND created_at < $end;
-- daily_advanced_metrics.first_try_successes
SELECT count(*) FILTER (first_success = 1) FROM first_successes($start, $end);
-- daily_advanced_metrics.first_try_success_rate
SELECT 100 * count(*) FILTER (first_success = 1) / nullif(count(*), 0) FROM first_successes($start, $end);
-- daily_advanced_metrics.second_try_successes
SELECT count(*) FILTER (first_success = 2) FROM first_successes($start, $end);
-- daily_advanced_metrics.second_try_success_rate
SELECT 100 * count(*) FILTER (first_success = 2) / nullif(count(*), 0) FROM first_successes($start, $end);
-- daily_advanced_metrics.third_plus_try_successes
SELECT count(*) FILTER (first_success > 2) FROM first_successes($start, $end);
-- daily_advanced_metrics.third_plus_try_success_rate
SELECT 100 * count(*) FILTER (first_success > 2) / nullif(count(*), 0) FROM first_successes($start, $end);
-- daily_advanced_metrics.error_gini_coefficient
SELECT 2 * sum(rank * failures) / nullif(count(*) * sum(failures), 0) - (count(*) + 1) / count(*)
FROM (
  SELECT failures, row_number() OVER (ORDER BY failures) AS rank
  FROM (SELECT count(error_type) AS failures FROM valid WHERE created_at >= $start AND created_at < $end GROUP BY user_id)
);

-- daily_errors.no_period_history
SELECT count(*) FROM valid WHERE created_at >= $start AND created_at < $end AND error_type = 'no_period_history';
-- daily_errors.camera_too_far
SELECT count(*) FROM valid WHERE created_at >= $start AND created_at < $end AND error_type = 'camera_too_far';
-- daily_errors.camera_too_close
SELECT count(*) FROM valid WHERE created_at >= $start AND created_at < $end AND error_type = 'camera_too_close';
-- daily_errors.analysis_error
SELECT count(*) FROM valid WHERE created_at >= $start AND created_at < $end AND error_type = 'analysis_error';
-- daily_errors.test_lines_not_found
SELECT count(*) FROM valid WHERE created_at >= $start AND created_at < $end AND error_type = 'test_lines_not_found';
-- daily_errors.test_not_found
SELECT count(*) FROM valid WHERE created_at >= $start AND created_at < $end AND error_type = 'test_not_found';
-- daily_errors.total_errors
SELECT count(*) FROM valid WHERE created_at >= $start AND created_at < $end AND error_type IS NOT NULL;

-- daily_funnel.accounts_created
SELECT count(*) FROM users WHERE created_at >= $start AND created_at < $end;
-- daily_funnel.accounts_with_tests
SELECT count(*) FROM users
WHERE created_at >= $start AND created_at < $end AND user_id IN (SELECT user_id FROM measurements WHERE created_at < $report_end);
-- daily_funnel.conversion_rate
SELECT 100 * count(*) FILTER (user_id IN (SELECT user_id FROM measurements WHERE created_at < $report_end)) / nullif(count(*), 0)
FROM users WHERE created_at >= $start AND created_at < $end;
