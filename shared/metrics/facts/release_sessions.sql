-- One row per period (day: its first day) and set of sorts of session (a sum of 1: successful at the first try, 2: at the second, 4: later, 8: never).
-- Columns: the users whose sessions were of exactly these sorts, those of them with more than one session and with more than one successful one, and
-- the most sessions of each sort, successful sessions and sessions of one of them. A session belongs to the user of its first attempt in the period.
SELECT
  day,
  IF(first_try > 0, 1, 0) + IF(second_try > 0, 2, 0) + IF(later_try > 0, 4, 0) + IF(never > 0, 8, 0) AS sorts,
  COUNT(*) AS users,
  COUNTIF(sessions > 1) AS repeat_users,
  COUNTIF(sessions - never > 1) AS repeat_successful_users,
  MAX(first_try) AS most_first_try,
  MAX(second_try) AS most_second_try,
  MAX(later_try) AS most_later_try,
  MAX(never) AS most_never,
  MAX(sessions - never) AS most_successful,
  MAX(sessions) AS most_sessions
FROM (
  SELECT
    day,
    user_id,
    COUNT(*) AS sessions,
    COUNTIF(first_success = 1) AS first_try,
    COUNTIF(first_success = 2) AS second_try,
    COUNTIF(first_success = 3) AS later_try,
    COUNTIF(first_success = 0) AS never
  FROM (
    SELECT
      day,
      session_id,
      MAX(IF(attempt = 1, user_id, NULL)) AS user_id,
      COALESCE(MIN(IF(outcome = 'success', LEAST(attempt, 3), NULL)), 0) AS first_success
    FROM (
      SELECT
        PERIOD_START(day) AS day,
        session_id,
        user_id,
        outcome,
        ROW_NUMBER() OVER (PARTITION BY PERIOD_START(day), session_id ORDER BY created_at, measurement_id) AS attempt
      FROM measurements
    ) AS ordered
    GROUP BY day, session_id
  ) AS sessions_of_period
  GROUP BY day, user_id
) AS users_of_period
GROUP BY day, sorts
