-- One row per period and first success: sessions by the number of their first successful attempt in the period (0: none, 3: the third or later).
SELECT day, first_success, COUNT(*) AS sessions
FROM session_periods
GROUP BY day, first_success
