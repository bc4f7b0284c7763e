-- One row per row of measurements that falls on a day of the window: its local day and its outcome, which is 'success' (error_type
-- is NULL or the empty text), one of the known kinds of error, 'unclassified' for any other text (the text itself is dropped, because it could
-- hold user data), or 'rejected' if a required column is NULL. A created_at before the epoch counts as NULL.
SELECT
  day,
  measurement_id,
  user_id,
  session_id,
  created_at,
  CASE
    WHEN measurement_id IS NULL OR user_id IS NULL OR session_id IS NULL THEN 'rejected'
    WHEN error_type IS NULL OR error_type = '' THEN 'success'
    WHEN error_type IN (EACH_KIND{, }{'KIND'}) THEN error_type
    ELSE 'unclassified'
  END AS outcome
FROM (
  SELECT
    CAST(DATETIME(created_at, @time_zone) AS DATE) AS day,
    measurement_id,
    user_id,
    session_id,
    created_at,
    error_type
  FROM source_measurements
  WHERE created_at >= @epoch AND created_at >= @scan_from AND created_at < @scan_until
) AS scanned
WHERE day >= @first_day AND day <= @last_day
