-- The same as first_tests, for windows in which clocks go back across midnight: a later instant can then have an earlier date, so this takes the
-- earliest date of all rows.
SELECT user_id, MIN(day) AS day
FROM (
  SELECT user_id, CAST(DATETIME(GREATEST(created_at, @scan_from), @time_zone) AS DATE) AS day
  FROM source_measurements
  WHERE user_id IS NOT NULL AND created_at >= @epoch AND created_at < @scan_until
) AS scanned
GROUP BY user_id
