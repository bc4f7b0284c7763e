-- One row per row of users created up to the last day; days before the scan count as the one where it begins. A NULL user_id is kept: it is a
-- rejected row. A created_at before the epoch counts as none.
SELECT user_id, day
FROM (
  SELECT user_id, CAST(DATETIME(GREATEST(created_at, @scan_from), @time_zone) AS DATE) AS day
  FROM source_users
  WHERE created_at >= @epoch AND created_at < @scan_until
) AS scanned
WHERE day <= @last_day
