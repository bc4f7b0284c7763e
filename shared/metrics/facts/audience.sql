-- One row per period, sort and gap: active users. The sort is 'new' (the first test lies in the period), 'returning' (not new, and active in one of the
-- @memory periods before) or 'reactivated'. The gap is the number of periods until the user is active again, at most @memory + 1 (then, later or
-- never). So a later row never changes what an earlier period counts of the periods before it.
SELECT day, sort, gap, COUNT(*) AS users
FROM (
  SELECT
    visits.day AS day,
    CASE
      WHEN newcomers.day = visits.day THEN 'new'
      WHEN visits.number - visits.before <= @memory THEN 'returning'
      ELSE 'reactivated'
    END AS sort,
    LEAST(COALESCE(visits.after - visits.number, @memory + 1), @memory + 1) AS gap
  FROM (
    SELECT
      user_id,
      day,
      number,
      LAG(number) OVER (PARTITION BY user_id ORDER BY number) AS before,
      LEAD(number) OVER (PARTITION BY user_id ORDER BY number) AS after
    FROM active_users
  ) AS visits
  LEFT JOIN newcomers ON newcomers.user_id = visits.user_id
) AS placed
GROUP BY day, sort, gap
