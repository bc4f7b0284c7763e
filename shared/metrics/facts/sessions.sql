-- One row per period and first success: sessions, by which of their attempts in it was the first to succeed (0: none, 3: the third or a later one).
SELECT day, LEAST(first_success, 3) AS first_success, COUNT(*) AS sessions
FROM session_periods
GROUP BY 1, 2
