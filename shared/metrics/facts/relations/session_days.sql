-- One row per day and session: which of the session's attempts was the first of the day, and which the first of the day to succeed (NULL: none).
-- Attempts are numbered through all days that are read: they follow each other in time, so those of a day or of a longer period have numbers in a row.
SELECT day, session_id, MIN(attempt) AS first_attempt, MIN(IF(succeeded, attempt, NULL)) AS first_success
FROM (
  SELECT day, session_id, succeeded, ROW_NUMBER() OVER (PARTITION BY session_id ORDER BY created_at, measurement_id) AS attempt
  FROM (SELECT day, session_id, created_at, measurement_id, outcome = 'success' AS succeeded FROM measurements) AS attempted
) AS numbered
GROUP BY day, session_id
