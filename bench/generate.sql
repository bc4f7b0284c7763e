-- The source of the benchmark: getvariable('row_count') measurements over the days of 2024 and 2025, and an account for every
-- getvariable('rows_per_account') of them. All of it follows from hashes of row numbers, so it is the same on every machine.

CREATE MACRO fraction(key, salt) AS (hash(key, salt) % 1000003) / 1000003;
CREATE MACRO identifier(kind, number) AS format('{:016x}', hash(number, kind));
CREATE MACRO account_count() AS getvariable('row_count') // getvariable('rows_per_account');

-- One row per account, in the order in which they were created.
CREATE VIEW users AS
SELECT
  identifier('user', number) AS user_id,
  TIMESTAMPTZ '2024-01-01 00:00:00Z' + to_microseconds(CAST(731 * 86400e6 * number / account_count() AS BIGINT)) AS created_at
FROM range(account_count()) AS accounts(number);

-- One row per session. They follow each other as in a log. Weekends have 40 % fewer, nights hardly any; one in five is a newcomer's, one in
-- twelve a guest's, and few regulars make most of the others.
CREATE VIEW sessions AS
SELECT
  number,
  CASE
    WHEN fraction(number, 'guest') < 1 / 12 THEN identifier('guest', hash(number, 'which') % (account_count() // 10 + 1))
    WHEN fraction(number, 'newcomer') < 1 / 5 THEN identifier('user', floor(account_count() * progress * (1 - 0.01 * fraction(number, 'who')))::BIGINT // 2 * 2)
    ELSE identifier('user', floor(account_count() * progress * pow(fraction(number, 'who'), 3))::BIGINT)
  END AS user_id,
  TIMESTAMPTZ '2024-01-01 00:00:00Z' + to_days(day) + to_microseconds(CAST(86400e6 * (0.25 + 0.6 * (progress * 731 - day) + 0.15 * fraction(number, 'hour')) AS BIGINT)) AS started_at,
  -- 45, 25, 15, 10 and 5 % of the sessions have 1 to 5 attempts
  CASE WHEN luck < 0.45 THEN 1 WHEN luck < 0.70 THEN 2 WHEN luck < 0.85 THEN 3 WHEN luck < 0.95 THEN 4 ELSE 5 END AS attempts
FROM (
  SELECT number, number / getvariable('row_count') / 0.551 AS progress, CAST(floor(number / getvariable('row_count') / 0.551 * 731) AS INTEGER) AS day, fraction(number, 'luck') AS luck
  FROM range(CAST(getvariable('row_count') * 0.551 AS BIGINT)) AS numbers(number)
) AS placed
WHERE dayofweek(DATE '2024-01-01' + day) NOT IN (0, 6) OR fraction(number, 'weekend') < 0.6;

-- One row per attempt. A session goes on until an attempt succeeds or the user gives up; now and then it goes on after that.
CREATE VIEW measurements AS
SELECT
  identifier('measurement', number * 8 + attempt) AS measurement_id,
  user_id,
  CASE WHEN fraction(number, 'no session') < 0.9995 THEN identifier('session', number) END AS session_id,
  started_at + to_microseconds(CAST(attempt * 40e6 + 30e6 * fraction(number * 8 + attempt, 'pause') AS BIGINT)) AS created_at,
  CASE
    WHEN fraction(number * 8 + attempt, 'success') < CASE WHEN attempt = attempts THEN 0.8 ELSE 0.05 END THEN NULL
    ELSE (['camera_too_far', 'camera_too_far', 'camera_too_close', 'camera_too_close', 'test_not_found', 'test_not_found',
      'test_lines_not_found', 'analysis_error', 'no_period_history', 'lens_covered'])[1 + CAST(hash(number * 8 + attempt, 'kind') % 10 AS INTEGER)]
  END AS error_type
FROM (SELECT *, unnest(range(1, attempts + 1)) AS attempt FROM sessions) AS tries
LIMIT getvariable('row_count');
