-- One row per period and number of failed tests: the active users who failed that often, their tests and successes.
SELECT
  day,
  tests - successes AS failures,
  COUNT(*) AS users,
  COUNTIF(successes > 0) AS successful_users,
  SUM(tests) AS tests,
  SUM(successes) AS successes
FROM (
  SELECT day, user_id, COUNT(*) AS tests, COUNTIF(outcome = 'success') AS successes
  FROM measurements
  GROUP BY day, user_id
) AS user_days
GROUP BY day, failures
