-- One row per role, day and first-test day: people. An 'account' counts on the day it was created, with the day of its first test if that came
-- within 11 days (an earlier one counts as that day's; NULL: later or never); a 'tester' counts on the day of their first test, listed in users or not.
SELECT role, day, first_test_day, COUNT(*) AS people
FROM (
  SELECT
    role,
    IF(role = 'account', created_day, first_test_day) AS day,
    IF(
      role = 'account' AND first_test_day <= DATE_ADD(created_day, INTERVAL 11 DAY),
      GREATEST(created_day, first_test_day),
      NULL
    ) AS first_test_day
  FROM people
  CROSS JOIN (SELECT 'account' AS role UNION ALL SELECT 'tester' AS role) AS roles
) AS counted
WHERE day IS NOT NULL
GROUP BY role, day, first_test_day
