-- The counts of the tables beside the core, by hand, after those of hand-written.sql, whose first_tests and accounts it reads. Each grain is counted by
-- itself. The statements below "piece" run once for some whole periods of a grain, on its attempts; those below "grain" once for each grain, at its end.
-- period_start(day), memory() and cohort_days() are those of the grain; periods are numbered by their order.

CREATE OR REPLACE TEMP TABLE visits (day DATE, user_id VARCHAR);

-- piece

CREATE OR REPLACE TEMP TABLE user_periods AS
SELECT period_start(day) AS day, user_id, count(*) AS tests, count(*) FILTER (outcome = 'success') AS successes
FROM attempts
WHERE outcome <> 'rejected'
GROUP BY ALL;

INSERT INTO visits SELECT day, user_id FROM user_periods;

-- intake
SELECT period_start(day) AS day, outcome, count(*) AS source_rows, epoch_us(max(created_at)) // 3600000000 AS latest_hour
FROM attempts
GROUP BY ALL;

-- activity
SELECT day, tests - successes AS failures, count(*) AS users, count(*) FILTER (successes > 0) AS successful_users, sum(tests) AS tests, sum(successes) AS successes
FROM user_periods
GROUP BY ALL;

-- sessions
WITH ordered AS (
  SELECT period_start(day) AS day, session_id, outcome, row_number() OVER (PARTITION BY period_start(day), session_id ORDER BY created_at, measurement_id) AS attempt
  FROM attempts
  WHERE outcome <> 'rejected'
), session_periods AS (
  SELECT day, session_id, least(coalesce(min(attempt) FILTER (outcome = 'success'), 0), 3) AS first_success
  FROM ordered
  GROUP BY ALL
)
SELECT day, first_success, count(*) AS sessions
FROM session_periods
GROUP BY ALL;

-- grain

CREATE OR REPLACE TEMP TABLE newcomers AS
SELECT user_id, period_start(day) AS day FROM first_tests WHERE day >= $first_day;

-- audience
WITH numbered AS (
  SELECT day, dense_rank() OVER (ORDER BY day) AS number FROM (SELECT DISTINCT day FROM visits)
), numbered_visits AS (
  SELECT day, user_id, number FROM visits JOIN numbered USING (day)
), placed AS (
  SELECT day, user_id, number, lag(number) OVER users AS before, lead(number) OVER users AS after
  FROM numbered_visits
  WINDOW users AS (PARTITION BY user_id ORDER BY number)
)
SELECT
  placed.day AS day,
  CASE
    WHEN newcomers.day = placed.day THEN 'new'
    WHEN number - before <= memory() THEN 'returning'
    ELSE 'reactivated'
  END AS sort,
  least(coalesce(after - number, memory() + 1), memory() + 1) AS gap,
  count(*) AS users
FROM placed LEFT JOIN newcomers USING (user_id)
GROUP BY ALL;

-- retention
SELECT newcomers.day AS cohort_day, visits.day AS day, count(*) AS users
FROM visits JOIN newcomers USING (user_id)
GROUP BY ALL;

-- people
WITH tested AS (
  SELECT user_id, period_start(day) AS first_test_day FROM first_tests WHERE day <= $last_day
), created AS (
  SELECT user_id, min(period_start(day)) AS created_day FROM accounts WHERE user_id IS NOT NULL AND day <= $last_day GROUP BY user_id
), lags AS (
  SELECT created_day, if(first_test_day <= created_day + cohort_days(), greatest(first_test_day, created_day), NULL) AS first_test_day
  FROM created LEFT JOIN tested USING (user_id)
)
SELECT 'account' AS role, created_day AS day, first_test_day, count(*) AS people FROM lags GROUP BY ALL
UNION ALL
SELECT 'tester', first_test_day, NULL, count(*) FROM tested GROUP BY ALL;
