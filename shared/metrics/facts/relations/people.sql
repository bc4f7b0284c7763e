-- One row per user id with an account or a test up to the last day: the first day of the period of each (NULL: none), and the number of rows of
-- users with the id.
SELECT user_id, MIN(created_day) AS created_day, MIN(first_test_day) AS first_test_day, COUNT(created_day) AS accounts
FROM (
  SELECT user_id, PERIOD_START(day) AS created_day, CAST(NULL AS DATE) AS first_test_day FROM accounts
  WHERE user_id IS NOT NULL AND day <= @last_day
  UNION ALL
  SELECT user_id, CAST(NULL AS DATE) AS created_day, PERIOD_START(day) AS first_test_day FROM first_tests WHERE day <= @last_day
) AS days
GROUP BY user_id
