-- One row per user id whose first test lies in the window: the period of that test.
SELECT user_id, PERIOD_START(day) AS day
FROM first_tests
WHERE day >= @first_day AND day <= @last_day
