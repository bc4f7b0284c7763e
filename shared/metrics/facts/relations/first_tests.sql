-- One row per user id with a test: the local day of the first, whatever the row's other columns hold. Days before the scan count as the one where it begins.
-- A created_at before the epoch counts as none, so that a broken clock makes nobody's first test.
SELECT user_id, CAST(DATETIME(GREATEST(first_test_at, @scan_from), @time_zone) AS DATE) AS day
FROM (
  SELECT user_id, MIN(created_at) AS first_test_at
  FROM source_measurements
  WHERE user_id IS NOT NULL AND created_at >= @epoch AND created_at < @scan_until
  GROUP BY user_id
) AS earliest
