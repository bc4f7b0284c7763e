-- One row per measurement that counts.
SELECT day, measurement_id, user_id, session_id, created_at, outcome
FROM measurement_rows
WHERE outcome <> 'rejected'
