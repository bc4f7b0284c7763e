import { addDays, type CalendarDate } from '../../../../shared/metrics/calendar';
import { derivePeriods } from '../../../../shared/metrics/checks/usual-history';
import { indexByDay } from '../../../../shared/metrics/facts/period-facts';
import { deriveReport } from '../../../../shared/metrics/report';
import type { ReportRow } from '../../../../shared/metrics/tables';
import { noFacts } from '../../../support/steady-facts';

const DATE = '2025-12-23';

/** Rows of the report of a date, on which so many tests were taken on its own day and so many accounts created had tested by then. */
function rowsOf(
  reportDate: CalendarDate,
  { tests = 0, tested = 0, created = 0, madeAt = `${addDays(reportDate, 1)}T06:00:00Z` },
): ReportRow[] {
  const days = new Map(indexByDay(noFacts, { firstDay: '2025-12-01', lastDay: '2025-12-31' }));
  const day = days.get(DATE);
  if (day === undefined) throw new Error(`expected ${DATE} among the days`);
  const errors = { ...day.errors, test_not_found: 2 };
  const accountsByFirstTest = new Map([[DATE, tested]]);
  days.set(DATE, { ...day, tests, successes: tests - 5, errors, accounts: created, accountsByFirstTest });
  return Object.values(deriveReport(days, reportDate, new Date(madeAt)).rows).flat();
}

const periodOf = (rows: ReportRow[], cohortAge = 0, timeZone = 'UTC') =>
  derivePeriods(rows, { grain: 'day', timeZone, cohortAge }).find(({ start }) => start === DATE);

test('a period has the figures of its newest report, in any order of rows', () => {
  const rows = [...rowsOf(DATE, { tests: 10 }), ...rowsOf('2025-12-25', { tests: 12 }), ...rowsOf('2025-12-24', { tests: 11 })];
  for (const some of [rows, [...rows].reverse()]) expect(periodOf(some)?.counts).toMatchObject({ all_tests: 12 });
  expect(derivePeriods(rows, { grain: 'day', timeZone: 'UTC' })).toHaveLength(14);
});

test('errors of other kinds are what the known ones leave', () => {
  expect(periodOf(rowsOf(DATE, { tests: 10 }))?.counts).toMatchObject({ total_errors: 5, test_not_found: 2, other_errors: 3 });
});

test('conversion is that of one age, and unknown without the report of that age', () => {
  const rows = [
    ...rowsOf(DATE, { created: 10, tested: 4 }),
    ...rowsOf('2025-12-24', { created: 10, tested: 5 }),
    ...rowsOf('2025-12-26', { created: 11, tested: 8 }),
  ];
  const cohortAt = (age: number) => {
    const { cohort_accounts, cohort_accounts_with_tests, accounts_created } = periodOf(rows, age)?.counts ?? {};
    return [cohort_accounts, cohort_accounts_with_tests, accounts_created];
  };
  expect([0, 1, 2, 3].map(cohortAt)).toEqual([
    [10, 4, 11],
    [10, 5, 11],
    [undefined, undefined, 11],
    [11, 8, 11],
  ]);
});

test('a report that was made before its date was over is provisional, and so is its conversion', () => {
  const early = rowsOf(DATE, { tests: 10, created: 10, tested: 4, madeAt: `${DATE}T23:30:00Z` });
  expect(periodOf(early)).toMatchObject({ isOver: false, counts: { all_tests: 10 } });
  expect(periodOf(early)?.counts).not.toHaveProperty('cohort_accounts');
  expect(periodOf(early, 0, 'Europe/Berlin')).toMatchObject({ isOver: true, counts: { cohort_accounts_with_tests: 4 } });
  expect(periodOf([...early, ...rowsOf('2025-12-24', { tests: 12 })])).toMatchObject({ isOver: true, counts: { all_tests: 12 } });
});

test('weeks', () => {
  const row = { report_date: '2025-12-28', created_at: '2025-12-29T06:00:00Z' };
  const weeks = [
    { ...row, period_start_date: '2025-12-22', period_end_date: '2025-12-28', accounts_created: 70, accounts_with_tests: 30 },
    { ...row, period_start_date: '2025-12-15', period_end_date: '2025-12-21', accounts_created: 60, accounts_with_tests: 40 },
  ];
  expect(derivePeriods(weeks, { grain: 'week', timeZone: 'UTC', cohortAge: 1 })).toEqual([
    { start: '2025-12-22', isOver: true, counts: { accounts_created: 70 } },
    { start: '2025-12-15', isOver: true, counts: { accounts_created: 60, cohort_accounts: 60, cohort_accounts_with_tests: 40 } },
  ]);
});
