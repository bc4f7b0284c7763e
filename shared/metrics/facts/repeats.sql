-- One row per day that has any: rows of measurements whose measurement_id another row of the same session and day has already.
SELECT day, SUM(copies - 1) AS duplicates
FROM (
  SELECT day, session_id, measurement_id, COUNT(*) AS copies
  FROM measurements
  WHERE day >= @first_day AND day <= @last_day
  GROUP BY day, session_id, measurement_id
  HAVING COUNT(*) > 1
) AS copied
GROUP BY day
