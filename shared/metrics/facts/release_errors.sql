-- One row per period (day: its first day) and set of kinds of error (a sum of 1, 2, 4, …, in the order of the kinds): the users whose failed tests
-- were of exactly these kinds, and the most failures of each kind that one of them has.
SELECT
  day,
  EACH_FAILURE{ + }{IF(KIND > 0, KIND_BIT, 0)} AS kinds,
  COUNT(*) AS users,
  EACH_KIND{, }{MAX(KIND) AS most_KIND}
FROM (
  SELECT PERIOD_START(day) AS day, user_id, EACH_FAILURE{, }{COUNTIF(outcome = 'KIND') AS KIND}
  FROM measurements
  WHERE outcome <> 'success'
  GROUP BY 1, 2
) AS users_of_period
GROUP BY day, kinds
