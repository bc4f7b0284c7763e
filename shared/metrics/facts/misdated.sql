-- One row per source table: rows with an impossible created_at, before the epoch or in the future. They are in no figure.
SELECT 'users' AS source, COUNT(*) AS source_rows
FROM source_users
WHERE created_at < @epoch OR created_at >= @future
UNION ALL
SELECT 'measurements' AS source, COUNT(*) AS source_rows
FROM source_measurements
WHERE created_at < @epoch OR created_at >= @future
