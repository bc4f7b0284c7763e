import { renderDays, renderReport } from '../../cli/render';
import { metricNames, reportMetrics } from '../../dashboard/history';
import { type ReportRow, reportTableNames } from '../../shared/metrics/tables';

const period = {
  report_date: '2025-12-23',
  period_label: 'Today (Dec 23)',
  period_start_date: '2025-12-23',
  period_end_date: '2025-12-23',
  created_at: '2025-12-23T06:00:00.000Z',
};

const WIDE = Number.POSITIVE_INFINITY;

function rendered(values: Partial<ReportRow<'daily_engagement'>>): string[] {
  const row: ReportRow<'daily_engagement'> = {
    ...period,
    all_tests: 1234567,
    successful_tests: 0,
    successful_test_users: 1,
    active_users: 2,
    total_users_to_date: 3,
    total_active_users_to_date: 4,
    active_percentage: 12.345,
    active_change: null,
    avg_tests_per_active_user: 1.005,
    ...values,
  };
  const lines = renderReport('daily_engagement', [row], { isDemo: false, width: WIDE }).split('\n');
  expect(new Set(lines.slice(1).map((line) => line.length)).size).toBe(1); // as a table: all lines are of one width
  return (lines.at(-2) ?? '').split('│').map((cell) => cell.trim());
}

test('counts have separators, rates their unit, and NULL is not 0', () => {
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

/** The heads of all grids of a text, by their columns. */
function headsOf(text: string): string[] {
  return text
    .split('┌')
    .slice(1)
    .flatMap((grid) => {
      const rows = (grid.split('├')[0] ?? '')
        .split('\n')
        .slice(1, -1)
        .map((line) => line.split('│').slice(1, -1));
      return (rows[0] ?? []).map((_, column) =>
        rows
          .map((cells) => cells[column]?.trim())
          .join(' ')
          .trim(),
      );
    });
}

const days = ['2025-12-22', '2025-12-23'].map((date) => ({
  date,
  report: '2025-12-23',
  provisional: false,
  growing: true,
  grown: [],
  values: reportMetrics.map((_, place) => 1_000_000 + place),
}));

describe.each([60, 80, 120, 200, WIDE])('%d columns', (width) => {
  test.each(reportTableNames)('hold %s of some days: each figure once, in blocks that repeat the day', (table) => {
    const text = renderDays(days, { table, width });
    const heads = headsOf(text);
    const blocks = text.split('┌').length - 1;
    expect(text.split('\n').filter((line) => line.length > width)).toEqual([]);
    expect(text.match(/^│ 2025-12-23 Tue/gm)).toHaveLength(blocks);
    const labels = metricNames[table].map((name) => reportMetrics.find((metric) => metric.name === name)?.label);
    expect(heads.filter((head) => head !== 'Day')).toEqual(labels);
    expect(heads.filter((head) => head === 'Day')).toHaveLength(blocks);
    expect(width === WIDE ? blocks : 1).toBe(1);
  });

  test('hold the days of all tables, and say what is left out', () => {
    const text = renderDays(days, { width });
    expect(text.split('\n').filter((line) => line.length > width)).toEqual([]);
    const [, left] = /Left out for lack of room: ([^;]*);/.exec(text.replaceAll(/\s+/g, ' ')) ?? [];
    expect([...headsOf(text).slice(1), ...(left?.split(', ') ?? [])]).toHaveLength(10);
    expect(left === undefined).toBe(width >= 200);
  });
});
