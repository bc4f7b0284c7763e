-- The same as first_tests, read from a (materialized) view of user_id and first_test_at (KPI_SOURCE_FIRST_TESTS).
-- The view leaves out rows before the epoch (infra/views/first_tests.sql): a first test there would hide the one that counts.
SELECT user_id, CAST(DATETIME(GREATEST(first_test_at, @scan_from), @time_zone) AS DATE) AS day
FROM source_first_tests
WHERE user_id IS NOT NULL AND first_test_at >= @epoch AND first_test_at < @scan_until
