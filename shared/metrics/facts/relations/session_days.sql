-- One row per day and session: the number of the session's first attempt of the day, and of its first successful one (NULL: none).
-- Attempts are numbered in time over all days that are read, so those of a day or a longer period have consecutive numbers.
SELECT day, session_id, MIN(attempt) AS first_attempt, MIN(IF(succeeded, attempt, NULL)) AS first_success
FROM (
  SELECT day, session_id, succeeded, ROW_NUMBER() OVER (PARTITION BY session_id ORDER BY created_at, measurement_id) AS attempt
  FROM (SELECT day, session_id, created_at, measurement_id, outcome = 'success' AS succeeded FROM measurements) AS attempted
) AS numbered
GROUP BY day, session_id
