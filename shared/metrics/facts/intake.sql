-- One row per period and outcome: rows of measurements, and the hour (since 1970) of the newest one.
SELECT PERIOD_START(day) AS day, outcome, SUM(source_rows) AS source_rows, MAX(latest_hour) AS latest_hour
FROM outcome_days
WHERE day >= @first_day AND day <= @last_day
GROUP BY 1, 2
