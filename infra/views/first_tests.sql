-- One row per user with a test: when the first one was.
SELECT user_id, MIN(created_at) AS first_test_at
FROM ${measurements}
WHERE user_id IS NOT NULL AND created_at IS NOT NULL
GROUP BY user_id
