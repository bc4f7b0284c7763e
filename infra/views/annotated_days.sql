-- One row per reported day and annotation: what happened on it, and whether it is to be left out of comparisons.
SELECT
  days.day AS day,
  annotations.text AS text,
  annotations.exclude AS excluded
FROM (SELECT DISTINCT period_start_date AS day FROM ${daily_engagement}) AS days
JOIN ${annotations} AS annotations
  ON days.day BETWEEN annotations.date AND COALESCE(annotations.until, annotations.date)
