-- One row per source table: rows without a created_at, or with one that can't be right, before the epoch or in the future. They are in no figure.
-- Rows without one are a query of their own: of both, engines look at statistics alone where there are none.
SELECT source, SUM(source_rows) AS source_rows
FROM (
  SELECT 'users' AS source, COUNT(*) AS source_rows
  FROM source_users
  WHERE created_at < @epoch OR created_at >= @future
  UNION ALL
  SELECT 'users' AS source, COUNT(*) AS source_rows
  FROM source_users
  WHERE created_at IS NULL
  UNION ALL
  SELECT 'measurements' AS source, COUNT(*) AS source_rows
  FROM source_measurements
  WHERE created_at < @epoch OR created_at >= @future
  UNION ALL
  SELECT 'measurements' AS source, COUNT(*) AS source_rows
  FROM source_measurements
  WHERE created_at IS NULL
) AS counted
GROUP BY source
