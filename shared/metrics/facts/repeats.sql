-- One row per day with repeats: rows of measurements whose measurement_id another row of the same session and day already has.
SELECT day, SUM(copies - 1) AS duplicates
FROM (
  SELECT day, session_id, measurement_id, COUNT(*) AS copies
  FROM measurements
  WHERE day >= @first_day AND day <= @last_day
  GROUP BY day, session_id, measurement_id
  HAVING COUNT(*) > 1
) AS copied
GROUP BY day
