-- One row per source table, independent of the window: the local days of its earliest and newest row (NULL: none), the rows of its newest 12 days,
-- and all rows.
SELECT
  'users' AS source,
  CAST(DATETIME(MIN(created_at), @time_zone) AS DATE) AS first_day,
  CAST(DATETIME(MAX(created_at), @time_zone) AS DATE) AS last_day,
  COUNTIF(UNIX_SECONDS(created_at) > UNIX_SECONDS(newest) - 12 * 86400) AS newest_rows,
  COUNT(*) AS source_rows
FROM source_users
CROSS JOIN (SELECT MAX(created_at) AS newest FROM source_users WHERE user_id IS NOT NULL AND created_at < @scan_until) AS latest
WHERE user_id IS NOT NULL AND created_at >= @epoch AND created_at < @scan_until
UNION ALL
SELECT
  'measurements' AS source,
  CAST(DATETIME(MIN(created_at), @time_zone) AS DATE) AS first_day,
  CAST(DATETIME(MAX(created_at), @time_zone) AS DATE) AS last_day,
  COUNTIF(UNIX_SECONDS(created_at) > UNIX_SECONDS(newest) - 12 * 86400) AS newest_rows,
  COUNT(*) AS source_rows
FROM source_measurements
CROSS JOIN (SELECT MAX(created_at) AS newest FROM source_measurements WHERE user_id IS NOT NULL AND created_at < @scan_until) AS latest
WHERE user_id IS NOT NULL AND created_at >= @epoch AND created_at < @scan_until
