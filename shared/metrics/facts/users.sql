-- One row per day and outcome: rows of users. Days before the scan count as its first day.
SELECT day, IF(user_id IS NULL, 'rejected', 'account') AS outcome, COUNT(*) AS source_rows
FROM accounts
GROUP BY day, outcome
