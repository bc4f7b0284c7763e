-- One row per row of users created up to the last day. Days before the scan count as its first day. Rows with a NULL user_id are kept, as
-- rejected rows. A created_at before the epoch counts as NULL.
SELECT user_id, day
FROM (
  SELECT user_id, CAST(DATETIME(GREATEST(created_at, @scan_from), @time_zone) AS DATE) AS day
  FROM source_users
  WHERE created_at >= @epoch AND created_at < @scan_until
) AS scanned
WHERE day <= @last_day
