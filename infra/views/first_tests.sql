-- One row per user with a test: when the first one was. A created_at before 1970 counts as none.
SELECT user_id, MIN(created_at) AS first_test_at
FROM ${measurements}
WHERE user_id IS NOT NULL AND created_at >= TIMESTAMP '1970-01-01 00:00:00+00'
GROUP BY user_id
