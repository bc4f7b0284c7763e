import { reportWindow } from '../../../shared/metrics/calendar';
import type { CountedFacts, FactRow, GrainFacts } from '../../../shared/metrics/facts/facts';
import { indexFurther } from '../../../shared/metrics/facts/further-facts';
import { indexByDay } from '../../../shared/metrics/facts/period-facts';
import { furtherWindow, grains } from '../../../shared/metrics/grain';
import { deriveReport, publishedRows, type Report } from '../../../shared/metrics/report';
import { rowsOfTable, tablesOf } from '../../../shared/metrics/tables';
import { steadyFacts } from '../../support/steady-facts';

const CREATED_AT = new Date('2032-02-29T12:34:56.789Z');
const SUNDAY_AND_MONTH_END = '2025-08-31';
const nothing: GrainFacts = { activity: [], sessions: [], intake: [], people: [], audience: [], retention: [] };
const noFacts: CountedFacts = { ...nothing, repeats: [], users: [], misdated: [], week: nothing, month: nothing };

/** The report of a date, out of facts that were counted for a range up to `until`. */
function reportOf(date: string, changes: Partial<CountedFacts> = {}, until = date): Report {
  const facts = { ...noFacts, ...changes };
  const window = furtherWindow([date, until], reportWindow(date, until, 'UTC'), grains);
  return deriveReport(indexByDay(facts, window), date, CREATED_AT, indexFurther(facts, window));
}

test('without facts of further tables, a report has the core alone', () => {
  const window = reportWindow(SUNDAY_AND_MONTH_END, SUNDAY_AND_MONTH_END, 'UTC');
  const report = deriveReport(indexByDay(noFacts, window), SUNDAY_AND_MONTH_END, CREATED_AT);
  expect(report.further).toEqual({});
  expect(publishedRows(report).map(([table]) => table)).toEqual([
    ...['daily_engagement', 'daily_advanced_metrics', 'daily_errors', 'daily_funnel'],
  ]);
});

test.each([
  { date: '2025-08-29', name: 'a Friday', further: ['daily_audience'] },
  { date: '2025-08-24', name: 'a Sunday', further: ['daily_audience', 'weekly'] },
  { date: '2025-09-30', name: 'the last day of a month', further: ['daily_audience', 'monthly'] },
  { date: '2025-08-31', name: 'a Sunday that ends a month', further: ['daily_audience', 'weekly', 'monthly'] },
])('$name has the tables of what ends on it, all of their rows, and one created_at', ({ date, further }) => {
  // the facts of weeks and months are there in each case, as they are for a range
  const report = reportOf(date, { audience: [] }, '2025-10-31');
  const tables = publishedRows(report);
  const kinds = ['engagement', 'advanced_metrics', 'errors', 'funnel', 'audience', 'retention'];
  expect(Object.keys(report.further).sort()).toEqual(
    further.flatMap((table) => (table.startsWith('daily') ? [table] : kinds.map((kind) => `${table}_${kind}`))).sort(),
  );
  expect(tables.map(([table]) => table)).toEqual(tablesOf(date));
  for (const [table, rows] of tables) {
    expect(rows).toHaveLength(rowsOfTable(table));
    expect([...new Set(rows.map((row) => `${row.report_date} ${row.created_at}`))]).toEqual([
      `${date} ${CREATED_AT.toISOString()}`,
    ]);
  }
});

describe('daily_audience', () => {
  const audience: FactRow<'audience'>[] = [
    { day: '2025-08-31', sort: 'new', gap: 29, users: 2 },
    { day: '2025-08-31', sort: 'returning', gap: 29, users: 1 },
    { day: '2025-08-25', sort: 'new', gap: 6, users: 1 }, // the one who returns
    { day: '2025-08-24', sort: 'returning', gap: 29, users: 10 },
    { day: '2025-08-04', sort: 'reactivated', gap: 29, users: 100 }, // 27 days before Aug 31
    { day: '2025-08-03', sort: 'reactivated', gap: 29, users: 1000 },
  ];

  test('counts whoever is active on several days once, and drops them after 7 and after 28 days', () => {
    const rows = reportOf(SUNDAY_AND_MONTH_END, { audience }).further.daily_audience ?? [];
    const of = (date: string) => rows.find((row) => row.period_start_date === date);
    expect(of('2025-08-31')).toMatchObject({
      period_label: 'Today (Aug 31)',
      active_users: 3,
      new_users: 2,
      returning_users: 1,
      reactivated_users: 0,
      active_users_7d: 3,
      active_users_28d: 113,
      stickiness: 300 / 113,
    });
    expect(of('2025-08-30')).toMatchObject({ active_users: 0, active_users_7d: 11, active_users_28d: 1111, stickiness: 0 });
    expect(of('2025-08-24')).toMatchObject({ active_users: 10, active_users_7d: 10, active_users_28d: 1110 });
    expect(of('2025-08-20')).toMatchObject({ active_users_7d: 0, active_users_28d: 1100 });
  });

  test('says the same when the users have come again later', () => {
    const later: FactRow<'audience'>[] = [
      { day: '2025-08-31', sort: 'new', gap: 1, users: 2 },
      { day: '2025-09-01', sort: 'returning', gap: 29, users: 2 },
      ...audience.slice(1),
    ];
    expect(reportOf(SUNDAY_AND_MONTH_END, { audience: later }, '2025-09-02').further.daily_audience).toEqual(
      reportOf(SUNDAY_AND_MONTH_END, { audience }).further.daily_audience,
    );
  });

  test('has no stickiness where nobody was active for 28 days', () => {
    const rows = reportOf(SUNDAY_AND_MONTH_END, { audience: [] }).further.daily_audience ?? [];
    expect(rows.map(({ active_users_28d, stickiness }) => [active_users_28d, stickiness])).toEqual(Array(12).fill([0, null]));
  });
});

test('lapsed users were active in the period before, and are not active again in the next', () => {
  const audience: FactRow<'audience'>[] = [
    { day: '2025-08-25', sort: 'returning', gap: 2, users: 3 },
    { day: '2025-08-18', sort: 'new', gap: 1, users: 3 },
    { day: '2025-08-18', sort: 'new', gap: 2, users: 4 },
  ];
  const rows = reportOf(SUNDAY_AND_MONTH_END, { week: { ...nothing, audience } }).further.weekly_audience ?? [];
  expect(rows.slice(0, 3)).toMatchObject([
    { period_label: 'This week (Aug 25–31)', active_users: 3, new_users: 0, returning_users: 3, lapsed_users: 4 },
    { period_label: 'Last week (Aug 18–24)', active_users: 7, new_users: 7, returning_users: 0, lapsed_users: 0 },
    { period_label: 'Aug 11–17', active_users: 0, new_users: 0, returning_users: 0, lapsed_users: 0 },
  ]);
});

test('a cohort has a row per later period: 0 if nobody returned, NULL if the cohort is empty', () => {
  const people: FactRow<'people'>[] = [
    { role: 'tester', day: '2025-06-01', first_test_day: null, people: 4 },
    { role: 'account', day: '2025-07-01', first_test_day: '2025-07-01', people: 9 },
    { role: 'tester', day: '2024-08-01', first_test_day: null, people: 5 }, // of a month before the earliest
  ];
  const retention: FactRow<'retention'>[] = [
    { cohort_day: '2025-06-01', day: '2025-06-01', users: 4 },
    { cohort_day: '2025-06-01', day: '2025-08-01', users: 1 },
    { cohort_day: '2024-08-01', day: '2025-08-01', users: 5 },
  ];
  const rows = reportOf(SUNDAY_AND_MONTH_END, { month: { ...nothing, people, retention } }).further.monthly_retention ?? [];
  expect(
    rows.slice(0, 6).map((row) => {
      const { cohort_label, age, period_start_date, cohort_users, retained_users, retention_rate } = row;
      return [cohort_label, age, period_start_date, cohort_users, retained_users, retention_rate];
    }),
  ).toEqual([
    ['Aug 2025', 0, '2025-08-01', 0, 0, null],
    ['Jul 2025', 0, '2025-07-01', 0, 0, null],
    ['Jul 2025', 1, '2025-08-01', 0, 0, null],
    ['Jun 2025', 0, '2025-06-01', 4, 4, 100],
    ['Jun 2025', 1, '2025-07-01', 4, 0, 0],
    ['Jun 2025', 2, '2025-08-01', 4, 1, 25],
  ]);
  expect(rows.at(-1)).toMatchObject({ cohort_start_date: '2024-09-01', age: 11, period_end_date: '2025-08-31', cohort_users: 0 });
});

test('the newest hour of the source is that of any row of the periods, and of no later day', () => {
  const [firstDay, lastDay] = ['2025-12-11', '2025-12-24'];
  const { intake, ...facts } = steadyFacts(firstDay, lastDay);
  const errorsAreNewest = intake.map((row) => ({
    ...row,
    latest_hour: row.latest_hour - (row.outcome === 'test_not_found' ? 0 : 2),
  }));
  const days = indexByDay({ ...facts, intake: errorsAreNewest }, { firstDay, lastDay });
  const { sourceLatestHour } = deriveReport(days, '2025-12-23', new Date('2025-12-25'));
  expect(sourceLatestHour).toEqual(new Date('2025-12-23T20:00:00Z'));
});

test('an account counts as tested from the report of its first test on', () => {
  const people: CountedFacts['people'] = [
    { role: 'account', day: '2025-12-20', first_test_day: '2025-12-22', people: 2 },
    { role: 'account', day: '2025-12-20', first_test_day: null, people: 1 },
  ];
  const funnelOf = (date: string) => {
    const row = reportOf(date, { people }).rows.daily_funnel.find(({ period_start_date }) => period_start_date === '2025-12-20');
    return [row?.accounts_created, row?.accounts_with_tests];
  };
  expect([funnelOf('2025-12-21'), funnelOf('2025-12-22'), funnelOf('2025-12-23')]).toEqual([
    [3, 0],
    [3, 2],
    [3, 2],
  ]);
});

test('rejected rows and unknown kinds are summed over the periods', () => {
  const row = (day: string, outcome: 'rejected' | 'unclassified', source_rows: number) => ({
    day,
    outcome,
    source_rows,
    latest_hour: 0,
  });
  const { rejectedRows, unclassifiedErrors } = reportOf('2025-12-23', {
    intake: [row('2025-12-12', 'rejected', 2), row('2025-12-23', 'rejected', 3), row('2025-12-20', 'unclassified', 5)],
  });
  expect([rejectedRows, unclassifiedErrors]).toEqual([5, 5]);
});
