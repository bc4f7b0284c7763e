-- One row per user id with an account or a test: the day of each (NULL: none). Days before the scan count as its first day.
SELECT user_id, MIN(created_day) AS created_day, MIN(first_test_day) AS first_test_day
FROM (
  SELECT user_id, day AS created_day, CAST(NULL AS DATE) AS first_test_day FROM accounts WHERE user_id IS NOT NULL
  UNION ALL
  SELECT user_id, CAST(NULL AS DATE) AS created_day, day AS first_test_day FROM first_tests
) AS days
GROUP BY user_id
