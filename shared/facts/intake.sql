-- One row per day, source table and outcome: rows of both tables with created_at on that day, and the last full hour (since 1970) one was seen in.
SELECT 'measurements' AS source, day, outcome, COUNT(*) AS source_rows, DIV(UNIX_SECONDS(MAX(created_at)), 3600) AS latest_hour
FROM attempts
GROUP BY day, outcome
UNION ALL
SELECT 'users' AS source, day, IF(user_id IS NULL, 'rejected', 'account') AS outcome, COUNT(*) AS source_rows, CAST(NULL AS INT64) AS latest_hour
FROM accounts
WHERE day >= @first_day AND day <= @last_day
GROUP BY day, outcome
