-- One row per day and set of kinds of error (a sum of 1, 2, 4, …, in the order of the columns below): the users whose failed tests were of
-- just these kinds, and the most failures of each kind that one of them holds.
SELECT
  day,
  IF(no_period_history > 0, 1, 0)
    + IF(camera_too_far > 0, 2, 0)
    + IF(camera_too_close > 0, 4, 0)
    + IF(analysis_error > 0, 8, 0)
    + IF(test_lines_not_found > 0, 16, 0)
    + IF(test_not_found > 0, 32, 0)
    + IF(unclassified > 0, 64, 0) AS kinds,
  COUNT(*) AS users,
  MAX(no_period_history) AS most_no_period_history,
  MAX(camera_too_far) AS most_camera_too_far,
  MAX(camera_too_close) AS most_camera_too_close,
  MAX(analysis_error) AS most_analysis_error,
  MAX(test_lines_not_found) AS most_test_lines_not_found,
  MAX(test_not_found) AS most_test_not_found
FROM (
  SELECT
    day,
    user_id,
    COUNTIF(outcome = 'no_period_history') AS no_period_history,
    COUNTIF(outcome = 'camera_too_far') AS camera_too_far,
    COUNTIF(outcome = 'camera_too_close') AS camera_too_close,
    COUNTIF(outcome = 'analysis_error') AS analysis_error,
    COUNTIF(outcome = 'test_lines_not_found') AS test_lines_not_found,
    COUNTIF(outcome = 'test_not_found') AS test_not_found,
    COUNTIF(outcome = 'unclassified') AS unclassified
  FROM measurements
  WHERE outcome <> 'success'
  GROUP BY day, user_id
) AS user_days
GROUP BY day, kinds
