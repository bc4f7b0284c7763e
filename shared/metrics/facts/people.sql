-- One row per role, period and first-test period: people. An 'account' counts in the period it was created in, with the period of its first test if
-- that begins within @cohort_days (an earlier one counts as that period's; NULL: later or never); a 'tester' counts in the period of their first
-- test, listed in users or not. Days after the last one don't count.
SELECT role, day, first_test_day, COUNT(*) AS people
FROM (
  SELECT
    role,
    IF(role = 'account', created_day, first_test_day) AS day,
    IF(
      role = 'account' AND UNIX_DATE(first_test_day) <= UNIX_DATE(created_day) + @cohort_days,
      GREATEST(created_day, first_test_day),
      NULL
    ) AS first_test_day
  FROM (
    SELECT
      IF(created_day <= @last_day, PERIOD_START(created_day), NULL) AS created_day,
      IF(first_test_day <= @last_day, PERIOD_START(first_test_day), NULL) AS first_test_day
    FROM people
  ) AS periods
  CROSS JOIN (SELECT 'account' AS role UNION ALL SELECT 'tester' AS role) AS roles
) AS counted
WHERE day IS NOT NULL
GROUP BY role, day, first_test_day
