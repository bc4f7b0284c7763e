-- The same as user_periods, where periods are days.
SELECT day, user_id, tests, successes
FROM user_days
WHERE day >= @first_day AND day <= @last_day
