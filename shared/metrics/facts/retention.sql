-- One row per cohort and period: active users of the cohort. The cohort are the users with a first test in the period that begins on cohort_day.
SELECT newcomers.day AS cohort_day, active_users.day AS day, COUNT(*) AS users
FROM active_users
JOIN newcomers ON newcomers.user_id = active_users.user_id
GROUP BY newcomers.day, active_users.day
