-- One row per user id with a test: the local day of the first, even if other columns of that row are NULL. Days before the scan count as its first day.
-- Leaves out a created_at before the epoch, so that a broken clock can't make a first test.
SELECT user_id, CAST(DATETIME(GREATEST(first_test_at, @scan_from), @time_zone) AS DATE) AS day
FROM (
  SELECT user_id, MIN(created_at) AS first_test_at
  FROM source_measurements
  WHERE user_id IS NOT NULL AND created_at >= @epoch AND created_at < @scan_until
  GROUP BY user_id
) AS earliest
