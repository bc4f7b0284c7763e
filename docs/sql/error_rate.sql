-- Failed tests per 100 tests, a row a day; NULL on a day without tests. Beside it how unevenly failures are spread over people, 0 to 1.
SELECT day, total_errors, all_tests, 100 * total_errors / NULLIF(all_tests, 0) AS error_rate, error_gini_coefficient
FROM kpi_metrics.daily_kpis
WHERE day_is_over
ORDER BY day
