-- One row per day and outcome: rows of measurements, and the hour (since 1970) of the newest one.
SELECT day, outcome, COUNT(*) AS source_rows, DIV(UNIX_SECONDS(MAX(created_at)), 3600) AS latest_hour
FROM measurement_rows
WHERE day >= @first_day AND day <= @last_day
GROUP BY day, outcome
