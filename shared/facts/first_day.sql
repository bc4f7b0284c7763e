-- One row: the local day of the earliest account or first test of all, whatever the window; NULL if there is neither.
SELECT CAST(DATETIME(MIN(first_at), @time_zone) AS DATE) AS day
FROM (
  SELECT MIN(created_at) AS first_at
  FROM source_users
  WHERE user_id IS NOT NULL AND created_at >= @epoch AND created_at < @scan_until
  UNION ALL
  SELECT MIN(created_at) AS first_at
  FROM source_measurements
  WHERE user_id IS NOT NULL AND created_at >= @epoch AND created_at < @scan_until
) AS earliest
