-- One row per period and user with a measurement that counts: tests and successes.
SELECT PERIOD_START(day) AS day, user_id, SUM(tests) AS tests, SUM(successes) AS successes
FROM user_days
WHERE day >= @first_day AND day <= @last_day
GROUP BY 1, 2
