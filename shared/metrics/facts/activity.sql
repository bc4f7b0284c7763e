-- One row per period and number of failed tests: the active users who failed that often, their tests and successes.
SELECT
  day,
  tests - successes AS failures,
  COUNT(*) AS users,
  COUNTIF(successes > 0) AS successful_users,
  SUM(tests) AS tests,
  SUM(successes) AS successes
FROM user_periods
GROUP BY day, failures
