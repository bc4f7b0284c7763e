-- The same as session_periods, for windows in which clocks go back across midnight: a later attempt can then have an earlier date, so attempts are
-- numbered within each period.
SELECT day, session_id, COALESCE(MIN(IF(outcome = 'success', attempt, NULL)), 0) AS first_success
FROM (
  SELECT
    PERIOD_START(day) AS day,
    session_id,
    outcome,
    ROW_NUMBER() OVER (PARTITION BY PERIOD_START(day), session_id ORDER BY created_at, measurement_id) AS attempt
  FROM measurements
  WHERE day >= @first_day AND day <= @last_day
) AS ordered
GROUP BY day, session_id
