-- One row per period and session: the number, within the period, of its first successful attempt (0: none, 3: the third or later). Attempts are
-- numbered by created_at, then measurement_id. Where all failures come before the first success, counting them is enough, and much faster.
SELECT day, session_id, IF(first_success_at IS NULL, 0, LEAST(failures + 1, 3)) AS first_success
FROM session_outcomes
WHERE COALESCE(last_failure_at < first_success_at, TRUE)
UNION ALL
SELECT day, session_id, MIN(IF(outcome = 'success', LEAST(attempt, 3), NULL)) AS first_success
FROM (
  SELECT
    session_outcomes.day AS day,
    session_outcomes.session_id AS session_id,
    outcome,
    ROW_NUMBER() OVER (PARTITION BY session_outcomes.day, session_outcomes.session_id ORDER BY created_at, measurement_id) AS attempt
  FROM session_outcomes
  JOIN (
    SELECT PERIOD_START(day) AS day, session_id, created_at, measurement_id, outcome
    FROM measurements
    WHERE day >= @first_day AND day <= @last_day
  ) AS attempts ON attempts.day = session_outcomes.day AND attempts.session_id = session_outcomes.session_id
  WHERE last_failure_at >= first_success_at
) AS numbered
GROUP BY day, session_id
