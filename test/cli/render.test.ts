import { renderReport } from '../../cli/render';
import type { ReportRow } from '../../shared/tables';

const period = {
  report_date: '2025-12-23',
  period_label: 'Today (Dec 23)',
  period_start_date: '2025-12-23',
  period_end_date: '2025-12-23',
  created_at: '2025-12-23T06:00:00.000Z',
};

function rendered(values: Partial<ReportRow<'daily_engagement'>>): string[] {
  const row: ReportRow<'daily_engagement'> = {
    ...period,
    ...{ all_tests: 1234567, successful_tests: 0, successful_test_users: 1, active_users: 2, total_users_to_date: 3 },
    ...{ total_active_users_to_date: 4, active_percentage: 12.345, active_change: null, avg_tests_per_active_user: 1.005 },
    ...values,
  };
  const lines = renderReport('daily_engagement', [row], { isDemo: false }).split('\n');
  expect(new Set(lines.slice(1).map((line) => line.length)).size).toBe(1); // as a table: all lines are of one width
  return (lines.at(-2) ?? '').split('│').map((cell) => cell.trim());
}

test('counts have separators, rates their unit, NULL is no 0', () => {
  expect(rendered({}).slice(1, -1)).toEqual(['Dec 23', '1,234,567', '0', '1', '2', '3', '4', '12.3 %', '–', '1.00']);
});

test.each([
  [1.5, '+1.50 pp'],
  [-1.5, '-1.50 pp'],
  [-0.004, '0.00 pp'],
  [0, '0.00 pp'],
])('a change of %d is %s', (active_change, expected) => {
  expect(rendered({ active_change })[9]).toBe(expected);
});
