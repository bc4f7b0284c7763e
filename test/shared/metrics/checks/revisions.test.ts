import { checkFall, createComparison, differs, type PublishedRows } from '../../../../shared/metrics/checks/revisions';
import type { DayFacts, FactsByDay } from '../../../../shared/metrics/facts/period-facts';
import { indexByDay } from '../../../../shared/metrics/facts/period-facts';
import { deriveReport, type Report } from '../../../../shared/metrics/report';
import { type ReportRow, reportTableNames } from '../../../../shared/metrics/tables';
import { noFacts } from '../../../support/steady-facts';

const DATE = '2025-12-23';
const NEXT = '2025-12-24';
const LONG_AFTER = new Date('2026-01-15T00:00:00Z');

/** Days on which nothing happened, but for what is changed. */
function days(changes: Record<string, Partial<DayFacts>> = {}): FactsByDay {
  const found = new Map(indexByDay(noFacts, { firstDay: '2025-12-01', lastDay: '2025-12-31' }));
  for (const [day, change] of Object.entries(changes)) found.set(day, { ...(found.get(day) as DayFacts), ...change });
  return found;
}

function published(...reports: Report[]): PublishedRows {
  const rows = reportTableNames.map((table) => [table, reports.flatMap((report): ReportRow[] => report.rows[table])]);
  return Object.fromEntries(rows) as PublishedRows;
}

const compare = (before: Report[], after: Report) => createComparison(published(...before), 'UTC')(after);
const unchanged = { values: 0, fallen: [], halved: [] };

test('nothing had been published', () => {
  expect(compare([], deriveReport(days(), DATE, LONG_AFTER))).toEqual(unchanged);
});

test('the same figures again', () => {
  const report = deriveReport(days({ '2025-12-20': { tests: 3 } }), DATE, LONG_AFTER);
  expect(compare([report], deriveReport(days({ '2025-12-20': { tests: 3 } }), DATE, new Date('2026-02-01')))).toEqual(unchanged);
});

test('a row that came late changes a number, and a deleted one is named by its column', () => {
  const before = deriveReport(days({ '2025-12-20': { tests: 3 } }), DATE, LONG_AFTER);
  const late = deriveReport(days({ '2025-12-20': { tests: 4 } }), DATE, LONG_AFTER);
  // it failed, so total_errors is one more as well
  expect(compare([before], late)).toEqual({ values: 2, fallen: [], halved: [] });
  const fallen = [
    { table: 'daily_engagement', column: 'all_tests' },
    { table: 'daily_errors', column: 'total_errors' },
  ];
  expect(compare([late], before)).toEqual({ values: 2, fallen, halved: [] });
});

test('NULL for a number is a change', () => {
  const before = deriveReport(
    days({ '2025-12-20': { sessions: { first: 0, second: 0, later: 0, never: 1 } } }),
    DATE,
    LONG_AFTER,
  );
  const after = deriveReport(days(), DATE, LONG_AFTER);
  // total_sessions, and four rates that were 0
  expect(compare([before], after)).toEqual({
    values: 5,
    fallen: [{ table: 'daily_advanced_metrics', column: 'total_sessions' }],
    halved: [],
  });
});

test('differences of provisional figures are expected', () => {
  const early = deriveReport(days({ [DATE]: { tests: 3 } }), DATE, new Date('2025-12-23T06:00:00Z'));
  expect(compare([early], deriveReport(days({ [DATE]: { tests: 9 } }), DATE, LONG_AFTER))).toEqual(unchanged);
});

test('a day is compared with the newest report of it, and never with one of a later date', () => {
  const three = deriveReport(days({ '2025-12-20': { tests: 3 } }), '2025-12-22', LONG_AFTER);
  const four = deriveReport(days({ '2025-12-20': { tests: 4 } }), DATE, LONG_AFTER);
  const five = deriveReport(days({ '2025-12-20': { tests: 5 } }), NEXT, LONG_AFTER);
  expect(compare([three, four, five], four)).toEqual(unchanged);
  expect(compare([three, five], four)).toEqual({ values: 2, fallen: [], halved: [] });
});

test('a cohort grows from report to report; that is no revision, but shrinking is', () => {
  const cohort = (tested: string[]) =>
    days({ '2025-12-20': { accounts: 5, accountsByFirstTest: new Map(tested.map((day, index) => [day, index + 1])) } });
  const before = deriveReport(cohort(['2025-12-20']), DATE, LONG_AFTER);
  expect(compare([before], deriveReport(cohort(['2025-12-20', NEXT]), NEXT, LONG_AFTER))).toEqual(unchanged);
  expect(compare([before], deriveReport(cohort([]), NEXT, LONG_AFTER))).toEqual({
    values: 1,
    fallen: [{ table: 'daily_funnel', column: 'accounts_with_tests' }],
    halved: [],
  });
  // in the same report both the count and its rate are compared
  expect(compare([before], deriveReport(cohort([]), DATE, LONG_AFTER)).values).toBe(2);
});

test.each([
  [10, 5, null],
  [10, 4, 'daily_engagement.all_tests of 2025-12-20 fell from 10 to 4'],
  [1, 0, 'daily_engagement.all_tests of 2025-12-20 fell from 1 to 0'],
  [0, 0, null],
  [4, 10, null],
])('a final day with %d tests that has %d now: %j', (was, is, expected) => {
  const before = deriveReport(days({ '2025-12-20': { tests: was } }), DATE, LONG_AFTER);
  const failure = checkFall(compare([before], deriveReport(days({ '2025-12-20': { tests: is } }), NEXT, LONG_AFTER)), NEXT);
  expect([failure?.code, failure?.message]).toEqual(
    expected === null ? [undefined, undefined] : ['QUALITY_GATE', expect.stringContaining(expected)],
  );
});

test.each<[number | null, number | null, boolean]>([
  [77.77777777777777, 77.77777777777779, false],
  [77.777777, 77.777778, true],
  [77.777, 77.778, true],
  [0.001, 0, true],
  [null, 0, true],
  [null, null, false],
])('a ratio of %d and one of %d differ: %s', (one, other, expected) => {
  expect([differs('FLOAT64', one, other), differs('FLOAT64', other, one)]).toEqual([expected, expected]);
});

test('counts differ by one, however large they are', () => {
  expect([differs('INT64', 5_000_000_000, 5_000_000_001), differs('INT64', 7, 7)]).toEqual([true, false]);
});

test('a report of the next date that changes a day is a revision of it', () => {
  const before = deriveReport(days({ '2025-12-20': { tests: 3 } }), DATE, LONG_AFTER);
  expect(compare([before], deriveReport(days({ '2025-12-20': { tests: 4 } }), NEXT, LONG_AFTER)).values).toBe(2);
});

describe('tables beside the core', () => {
  const week = { report_date: '2025-12-28', period_start_date: '2025-12-15', period_end_date: '2025-12-21' };
  const cohort = { cohort_start_date: '2025-12-08', age: 1 };

  function withFurther(figures: { active: number; retained: number; tested: number }, made = LONG_AFTER): Report {
    const created_at = made.toISOString();
    const further = {
      weekly_audience: [{ ...week, active_users: figures.active, created_at }],
      weekly_retention: [{ ...week, ...cohort, retained_users: figures.retained, created_at }],
      weekly_funnel: [{ ...week, accounts_created: 9, accounts_with_tests: figures.tested, created_at }],
    } as unknown as Report['further'];
    return { ...deriveReport(days(), '2025-12-28', made), further };
  }

  function revisionOf(before: Report, after: Report) {
    return createComparison({ ...published(before), ...before.further }, 'UTC')(after);
  }

  test('weeks and cohorts are compared with their newest final report', () => {
    const before = withFurther({ active: 20, retained: 7, tested: 4 });
    expect(revisionOf(before, before)).toEqual(unchanged);
    const fallen = [{ table: 'weekly_retention', column: 'retained_users' }];
    expect(revisionOf(before, withFurther({ active: 21, retained: 6, tested: 4 }))).toMatchObject({ values: 2, fallen });
    const { halved } = revisionOf(before, withFurther({ active: 9, retained: 7, tested: 4 }));
    expect(halved).toEqual([{ table: 'weekly_audience', column: 'active_users', period: '2025-12-15', was: 20, is: 9 }]);
  });

  test('a week that was not over was to change, and accounts of a later report may have tested', () => {
    const early = withFurther({ active: 1, retained: 1, tested: 1 }, new Date('2025-12-21T12:00:00Z'));
    const before = withFurther({ active: 20, retained: 7, tested: 4 });
    expect(revisionOf(early, before)).toEqual(unchanged);
    const after = withFurther({ active: 20, retained: 7, tested: 8 });
    const later = { ...after, reportDate: '2026-01-04', further: atDate(after.further, '2026-01-04') };
    expect(revisionOf(before, later)).toEqual(unchanged);
    expect(revisionOf(before, after).values).toBe(1);
  });

  const atDate = (further: Report['further'], report_date: string) =>
    Object.fromEntries(
      Object.entries(further).map(([table, rows]) => [table, rows.map((row) => ({ ...row, report_date }))]),
    ) as Report['further'];
});
