import { renderSummary, summaryOf } from '../../cli/summary';
import { addDays } from '../../shared/metrics/calendar';
import type { ReportRows } from '../../shared/metrics/report';

const DATE = '2025-12-23';

/** A report of which all_tests of a day is 100 less its age, made at an instant. */
function report(createdAt: string): ReportRows {
  const rowsOf = (values: object) =>
    Array.from({ length: 12 }, (_, age) => ({
      report_date: DATE,
      period_label: '',
      period_start_date: addDays(DATE, -age),
      period_end_date: addDays(DATE, -age),
      created_at: createdAt,
      ...Object.fromEntries(
        Object.entries(values).map(([name, value]) => [name, typeof value === 'function' ? value(age) : value]),
      ),
    }));
  return {
    daily_engagement: rowsOf({ all_tests: (age: number) => 1100 - age, active_users: 1, avg_tests_per_active_user: null }),
    daily_advanced_metrics: rowsOf({ total_sessions: 0, adjusted_success_rate: (age: number) => (age === 0 ? 50.04 : 50) }),
    daily_errors: rowsOf({ total_errors: 0, no_period_history: 0 }),
    daily_funnel: rowsOf({ accounts_created: 0, accounts_with_tests: 0, conversion_rate: null }),
  } as unknown as ReportRows;
}

const rendered = (createdAt: string, width: number) => renderSummary(summaryOf(report(createdAt), 'UTC'), width).split('\n');
const lineOf = (lines: readonly string[], label: string) => lines.find((line) => line.startsWith(label))?.split(/ {2,}/);

test.each([60, 80, 120, 200])('fits %d columns, and shows as many days as fit', (width) => {
  const lines = rendered('2025-12-24T06:00:00Z', width);
  expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(width);
  expect(lines.length).toBeLessThanOrEqual(32);
  const days = lineOf(lines, 'All tests')?.slice(1, -2) ?? [];
  expect(days[0]).toBe('1,100');
  expect(days.length).toBe({ 60: 1, 80: 3, 120: 7, 200: 12 }[width]);
});

test('compares the newest day with the same weekday a week before', () => {
  const lines = rendered('2025-12-24T06:00:00Z', 80);
  expect([lines[0], lines[1]]).toEqual([
    expect.stringMatching(/Dec 23 +12 days to$/),
    expect.stringMatching(/vs Dec 16 +Dec 23$/),
  ]);
  expect(lineOf(lines, 'All tests')?.at(-2)).toBe('+1 %');
  expect(lineOf(lines, 'Adjusted success rate')?.at(-2)).toBe('same'); // 0.04 points don't show
});

test('a day that is not over is marked, and the one before it compared', () => {
  const lines = rendered('2025-12-23T06:00:00Z', 80);
  expect(lines[1]).toMatch(/Dec 23\* +Dec 22 +Dec 21 +vs Dec 15 +Dec 23$/);
  expect(lines.join('\n')).toContain('* not over when the report was made');
});

test('NULL is not 0, neither as a figure nor as a bar', () => {
  const lines = rendered('2025-12-24T06:00:00Z', 80);
  expect(lineOf(lines, 'Conversion rate')).toEqual(['Conversion rate', '–', '–', '–']);
  expect(lineOf(lines, 'Total errors')?.at(-1)).toBe('▁'.repeat(12));
});
