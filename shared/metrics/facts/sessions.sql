-- One row per period and first success: sessions, by which of their attempts in it was the first to succeed (0: none, 3: the third or a later one),
-- and how many of their rows have a measurement_id that another row of the same session and day has already.
SELECT day, first_success, COUNT(*) AS sessions, SUM(duplicates) AS duplicates
FROM (
  SELECT
    day,
    session_id,
    COALESCE(MIN(IF(outcome = 'success', LEAST(attempt, 3), NULL)), 0) AS first_success,
    COUNT(*) - COUNT(DISTINCT measurement_id) AS duplicates
  FROM (
    SELECT
      day,
      session_id,
      measurement_id,
      outcome,
      ROW_NUMBER() OVER (PARTITION BY day, session_id ORDER BY created_at, measurement_id) AS attempt
    FROM measurements
  ) AS ordered
  GROUP BY day, session_id
) AS session_days
GROUP BY day, first_success
