-- The same, where a period is a day.
SELECT day, session_id, first_success
FROM session_days
WHERE day >= @first_day AND day <= @last_day
