-- The same of periods of several days: the attempts of earlier days of the period come first.
SELECT day, session_id, COALESCE(MIN(IF(first_success > 0, attempts_before + first_success, NULL)), 0) AS first_success
FROM (
  SELECT
    PERIOD_START(day) AS day,
    session_id,
    first_success,
    COALESCE(
      SUM(attempts) OVER (
        PARTITION BY PERIOD_START(day), session_id ORDER BY day ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
      ),
      0
    ) AS attempts_before
  FROM session_days
  WHERE day >= @first_day AND day <= @last_day
) AS ordered
GROUP BY day, session_id
