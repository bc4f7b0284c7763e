-- One row per period (day: its first day): active users, those of them with more than one test and with more than one success, and the most tests,
-- successes and failures that one of them has.
SELECT
  day,
  COUNT(*) AS users,
  COUNTIF(tests > 1) AS repeat_users,
  COUNTIF(successes > 1) AS repeat_successful_users,
  MAX(tests) AS most_tests,
  MAX(successes) AS most_successes,
  MAX(tests - successes) AS most_failures
FROM (
  SELECT PERIOD_START(day) AS day, user_id, COUNT(*) AS tests, COUNTIF(outcome = 'success') AS successes
  FROM measurements
  GROUP BY 1, 2
) AS users_of_period
GROUP BY day
