-- One row per period and session: its failed attempts in the period, and the instants of its first success and its last failure (NULL: none).
SELECT
  PERIOD_START(day) AS day,
  session_id,
  COUNTIF(outcome <> 'success') AS failures,
  MIN(IF(outcome = 'success', created_at, NULL)) AS first_success_at,
  MAX(IF(outcome <> 'success', created_at, NULL)) AS last_failure_at
FROM measurements
WHERE day >= @first_day AND day <= @last_day
GROUP BY 1, 2
