-- One row per period and user with a measurement that counts; number counts periods.
SELECT day, PERIOD_NUMBER(day) AS number, user_id
FROM user_periods
