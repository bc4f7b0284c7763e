-- One row per day and user with a measurement that counts: tests and successes.
SELECT day, user_id, COUNT(*) AS tests, COUNTIF(outcome = 'success') AS successes
FROM measurements
WHERE day >= @first_day AND day <= @last_day
GROUP BY day, user_id
