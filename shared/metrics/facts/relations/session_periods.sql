-- One row per period and session: the number, within the period, of its first successful attempt (0: none).
SELECT PERIOD_START(day) AS day, session_id, COALESCE(MIN(first_success) - MIN(first_attempt) + 1, 0) AS first_success
FROM session_days
WHERE day >= @first_day AND day <= @last_day
GROUP BY 1, 2
