-- The same counts as the program's, by hand: DuckDB's own SQL, one connection, views users and measurements over the files, days in UTC.
-- Each statement that answers says above it which of the program's facts it must equal. Those below "piece" run once for every 31 days,
-- the others once for the whole range. A date of TIMESTAMPTZ asks the time zone library row by row; by microseconds it is fifteen times faster.

CREATE MACRO utc_date(instant) AS make_timestamp(epoch_us(instant))::DATE;

CREATE TEMP TABLE first_tests AS
SELECT user_id, utc_date(greatest(min(created_at), $scan_from)) AS day
FROM measurements
WHERE user_id IS NOT NULL AND created_at < $until
GROUP BY user_id;

CREATE TEMP TABLE accounts AS
SELECT user_id, utc_date(greatest(created_at, $scan_from)) AS day
FROM users
WHERE created_at < $until;

-- users
SELECT day, if(user_id IS NULL, 'rejected', 'account') AS outcome, count(*) AS source_rows
FROM accounts
GROUP BY ALL;

-- people
WITH created AS (
  SELECT user_id, min(day) AS created_day FROM accounts WHERE user_id IS NOT NULL GROUP BY user_id
), lags AS (
  SELECT created_day, if(first_tests.day <= created_day + 11, greatest(first_tests.day, created_day), NULL) AS first_test_day
  FROM created LEFT JOIN first_tests USING (user_id)
)
SELECT 'account' AS role, created_day AS day, first_test_day, count(*) AS people FROM lags GROUP BY ALL
UNION ALL
SELECT 'tester', day, NULL, count(*) FROM first_tests GROUP BY ALL;

-- piece

CREATE OR REPLACE TEMP TABLE attempts AS
SELECT
  utc_date(created_at) AS day,
  measurement_id,
  user_id,
  session_id,
  created_at,
  CASE
    WHEN measurement_id IS NULL OR user_id IS NULL OR session_id IS NULL THEN 'rejected'
    WHEN error_type IS NULL THEN 'success'
    WHEN error_type IN ('no_period_history', 'camera_too_far', 'camera_too_close', 'analysis_error', 'test_lines_not_found', 'test_not_found') THEN error_type
    ELSE 'unclassified'
  END AS outcome
FROM measurements
WHERE created_at >= $from AND created_at < $to;

-- intake
SELECT day, outcome, count(*) AS source_rows, epoch_us(max(created_at)) // 3600000000 AS latest_hour
FROM attempts
GROUP BY ALL;

-- activity
WITH user_days AS (
  SELECT day, user_id, count(*) AS tests, count(*) FILTER (outcome = 'success') AS successes
  FROM attempts
  WHERE outcome <> 'rejected'
  GROUP BY ALL
)
SELECT day, tests - successes AS failures, count(*) AS users, count(*) FILTER (successes > 0) AS successful_users, sum(tests) AS tests, sum(successes) AS successes
FROM user_days
GROUP BY ALL;

-- sessions
WITH ordered AS (
  SELECT day, session_id, outcome, row_number() OVER (PARTITION BY day, session_id ORDER BY created_at, measurement_id) AS attempt
  FROM attempts
  WHERE outcome <> 'rejected'
), session_days AS (
  SELECT
    day,
    session_id,
    least(coalesce(min(attempt) FILTER (outcome = 'success'), 0), 3) AS first_success
  FROM ordered
  GROUP BY ALL
)
SELECT day, first_success, count(*) AS sessions
FROM session_days
GROUP BY ALL;

-- repeats
SELECT day, sum(copies - 1) AS duplicates
FROM (SELECT day, session_id, measurement_id, count(*) AS copies FROM attempts WHERE outcome <> 'rejected' GROUP BY ALL HAVING copies > 1)
GROUP BY ALL;
