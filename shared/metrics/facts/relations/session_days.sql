-- One row per day and session: its attempts of that day, and which of them was the first to succeed (0: none).
SELECT
  day,
  session_id,
  COUNT(*) AS attempts,
  COALESCE(MIN(IF(outcome = 'success', attempt, NULL)), 0) AS first_success
FROM (
  SELECT
    day,
    session_id,
    outcome,
    ROW_NUMBER() OVER (PARTITION BY day, session_id ORDER BY created_at, measurement_id) AS attempt
  FROM measurements
) AS ordered
GROUP BY day, session_id
