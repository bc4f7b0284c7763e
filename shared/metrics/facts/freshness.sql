-- One row per source table and day of the window: counted rows, and the hour (since 1970) of the newest one. Reads only the newest rows: of
-- users, those created in the window.
SELECT 'measurements' AS source, day, COUNTIF(outcome <> 'rejected') AS source_rows, DIV(UNIX_SECONDS(MAX(created_at)), 3600) AS latest_hour
FROM measurement_rows
GROUP BY day
UNION ALL
SELECT 'users' AS source, day, COUNT(DISTINCT user_id) AS source_rows, CAST(NULL AS INT64) AS latest_hour
FROM (
  SELECT user_id, CAST(DATETIME(created_at, @time_zone) AS DATE) AS day
  FROM source_users
  WHERE created_at >= @epoch AND created_at >= @scan_from AND created_at < @scan_until
) AS recent
WHERE day >= @first_day AND day <= @last_day
GROUP BY day
