import { checkReport, checkTimes } from '../../../../shared/metrics/checks/quality-gate';
import type { Facts } from '../../../../shared/metrics/facts/facts';
import type { DayFacts, FactsByDay } from '../../../../shared/metrics/facts/period-facts';
import { indexByDay } from '../../../../shared/metrics/facts/period-facts';
import { deriveReport, type Report } from '../../../../shared/metrics/report';
import { type ReportTable, reportTableDefinitions, reportTableNames } from '../../../../shared/metrics/tables';
import { periodColumns } from '../../../../shared/metrics/tables/columns';
import { testGate } from '../../../support/run';
import { noFacts, steadyFacts } from '../../../support/steady-facts';

const DATE = '2025-12-23';
const OLDEST = '2025-12-12';
const DAY_BEFORE = '2025-12-11';
const DAY_AFTER = '2025-12-24';

interface Subject {
  report: Report;
  days: Map<string, DayFacts>;
}

/** A report that is right, and the facts that it is made of: of a day after it too, as in a range. */
function subject(): Subject {
  const days: FactsByDay = indexByDay(steadyFacts(DAY_BEFORE, DAY_AFTER), { firstDay: DAY_BEFORE, lastDay: DAY_AFTER });
  return { report: deriveReport(days, DATE, new Date('2025-12-24T06:00:00Z')), days: new Map(days) };
}

/** Changes columns of one period, by default the report date, and derives nothing from them. */
function set(table: ReportTable, values: Record<string, number | string | null>, age = 0) {
  return ({ report }: Subject) => void Object.assign(report.rows[table][age] ?? {}, values);
}

function check({ report, days }: Subject, maxRejectedShare = 0.05) {
  const failure = checkReport(report, days, { ...testGate, maxRejectedShare });
  return failure && `${failure.code} ${failure.message}`;
}

/** Of 72 failed tests in the 12 periods, 12 are of unknown kinds. */
test.each<[string, number, number, boolean]>([
  ['a share that is reached', 12 / 72, 0, true],
  ['one that is passed', 0.16, 0, false],
  ['none at all', 0, 0, false],
  ['too few failures to tell', 0, 23, true],
])('unknown kinds of error: %s', (_, maxUnknownShare, fewer, passes) => {
  const { report, days } = subject();
  const today = days.get(DATE);
  if (today !== undefined) Object.assign(today, { tests: today.tests - fewer });
  const failure = checkReport(report, days, { ...testGate, maxUnknownShare });
  expect(failure?.message.includes('of unknown kinds') ?? false).toBe(!passes);
  if (!passes)
    expect(failure).toMatchObject({ code: 'QUALITY_GATE', message: expect.stringContaining(': 12 of 72 failed tests') });
});

test.each<[string, Facts['misdated'], string | null]>([
  ['none', [], null],
  ['as many as the newest rows', [{ source: 'measurements', source_rows: 168 }], null],
  ['more than the newest rows', [{ source: 'measurements', source_rows: 169 }], 'measurements holds 169 rows'],
  ['more than the newest rows of the other table', [{ source: 'users', source_rows: 20 }], 'users holds 20 rows'],
  ['few of all rows', [{ source: 'measurements', source_rows: 155 }], null],
  ['a few', [{ source: 'users', source_rows: 19 }], null],
])('times out of bounds: %s', (_, misdated, message) => {
  const failure = checkTimes(misdated, [
    { source: 'users', first_day: DATE, last_day: DATE, newest_rows: 5, source_rows: 100 },
    { source: 'measurements', first_day: DATE, last_day: DATE, newest_rows: 168, source_rows: 1400 },
  ]);
  expect(failure && [failure.code, failure.message]).toEqual(message && ['SOURCE_CONTRACT', expect.stringContaining(message)]);
});

test('a report that is right passes', () => {
  expect(check(subject())).toBeNull();
});

describe('a broken rule is named with table, period and both numbers', () => {
  const engagement = (values: Record<string, number | null>) => set('daily_engagement', values);
  const advanced = (values: Record<string, number | null>) => set('daily_advanced_metrics', values);
  const errors = (values: Record<string, number | null>) => set('daily_errors', values);
  const funnel = (values: Record<string, number | null>) => set('daily_funnel', values);
  const both =
    (...changes: ((subject: Subject) => void)[]) =>
    (subject: Subject) => {
      for (const change of changes) change(subject);
    };
  const fact = (values: Partial<DayFacts>) => (subject: Subject) => void Object.assign(subject.days.get(DATE) ?? {}, values);

  test.each<[string, (subject: Subject) => void]>([
    ['daily_engagement of 2025-12-23: successful_tests ≤ all_tests (15 and 14)', engagement({ successful_tests: 15 })],
    [
      'daily_engagement of 2025-12-23: successful_test_users ≤ successful_tests (9 and 8)',
      engagement({ successful_test_users: 9 }),
    ],
    [
      'daily_engagement of 2025-12-23: successful_test_users 0 exactly when successful_tests is (0 and 8)',
      engagement({ successful_test_users: 0 }),
    ],
    ['daily_engagement of 2025-12-23: successful_test_users ≤ active_users (7 and 6)', engagement({ successful_test_users: 7 })],
    ['daily_engagement of 2025-12-23: active_users ≤ all_tests (15 and 14)', engagement({ active_users: 15 })],
    [
      'daily_engagement of 2025-12-23: active_users 0 exactly when all_tests is (0 and 14)',
      engagement({ active_users: 0, successful_tests: 0, successful_test_users: 0 }),
    ],
    [
      'daily_engagement of 2025-12-23: active_users ≤ total_active_users_to_date (6 and 5)',
      engagement({ total_active_users_to_date: 5 }),
    ],
    [
      'daily_engagement of 2025-12-23: total_users_to_date = total_users_to_date of the day before + accounts_created (87 and 88)',
      engagement({ total_users_to_date: 87 }),
    ],
    [
      'daily_engagement of 2025-12-23: total_active_users_to_date of the day before ≤ total_active_users_to_date (30 and 29)',
      engagement({ total_active_users_to_date: 29 }),
    ],
    [
      'daily_engagement of 2025-12-23: total_active_users_to_date ≤ total_active_users_to_date of the day before + active_users + rejected rows (38 and 37)',
      engagement({ total_active_users_to_date: 38 }),
    ],
    [
      'daily_engagement of 2025-12-23: all_tests + accounts_created + rejected rows = source rows (21 and 22)',
      fact({ sourceRows: 22 }),
    ],
    ['daily_advanced_metrics of 2025-12-23: total_sessions ≤ all_tests (15 and 14)', advanced({ total_sessions: 15 })],
    [
      'daily_advanced_metrics of 2025-12-23: total_sessions 0 exactly when all_tests is (0 and 14)',
      advanced({ total_sessions: 0, successful_sessions: 0 }),
    ],
    ['daily_advanced_metrics of 2025-12-23: successful_sessions ≤ total_sessions (7 and 6)', advanced({ total_sessions: 6 })],
    [
      'daily_advanced_metrics of 2025-12-23: successful_sessions ≤ successful_tests (9 and 8)',
      advanced({ successful_sessions: 9 }),
    ],
    [
      'daily_advanced_metrics of 2025-12-23: successful_sessions 0 exactly when successful_tests is (0 and 8)',
      advanced({ successful_sessions: 0 }),
    ],
    [
      'daily_advanced_metrics of 2025-12-23: first_try_successes + second_try_successes + third_plus_try_successes = successful_sessions (6 and 7)',
      advanced({ first_try_successes: 4 }),
    ],
    [
      'daily_advanced_metrics of 2025-12-23: total_sessions + second_try_successes + third_plus_try_successes + third_plus_try_successes ≤ successful_sessions + total_errors (14 and 13)',
      advanced({ total_sessions: 11 }),
    ],
    [
      'daily_errors of 2025-12-23: no_period_history + camera_too_far + camera_too_close + analysis_error + test_lines_not_found + test_not_found + unclassified errors = total_errors (7 and 6)',
      errors({ camera_too_far: 4 }),
    ],
    [
      'daily_errors of 2025-12-23: total_errors + successful_tests = all_tests (15 and 14)',
      errors({ camera_too_far: 4, total_errors: 7 }),
    ],
    [
      'daily_errors of 2025-12-23: active_users ≤ successful_test_users + total_errors (12 and 11)',
      engagement({ active_users: 12 }),
    ],
    ['daily_funnel of 2025-12-23: accounts_with_tests ≤ accounts_created (7 and 6)', funnel({ accounts_with_tests: 7 })],
    [
      'daily_advanced_metrics of 2025-12-23: error_gini_coefficient NULL exactly when total_errors is 0 (NULL and 6)',
      advanced({ error_gini_coefficient: null }),
    ],
    [
      'daily_advanced_metrics of 2025-12-23: error_gini_coefficient ≤ 1 - 1 / active_users (0.9 and 0.8333333333333334)',
      advanced({ error_gini_coefficient: 0.9 }),
    ],
    [
      'daily_funnel of 2025-12-23: accounts_with_tests of all periods ≤ total_active_users_to_date (36 and 32)',
      both(...Array.from({ length: 12 }, (_, age) => set('daily_funnel', { accounts_with_tests: 3 }, age))),
    ],
  ])('%s', (text, change) => {
    const changed = subject();
    change(changed);
    expect(check(changed)).toMatch(
      new RegExp(`^QUALITY_GATE ${quote(text)} does not hold(, nor (does 1|do \\d+) more)?; nothing of`),
    );
  });
});

/** Counts that no rule ties to others exactly. Rates are not checked: they are divisions of counts. */
const UNBOUND = ['successful_test_users', 'active_users', 'total_active_users_to_date', 'total_sessions', 'accounts_with_tests'];
const counts = reportTableNames.flatMap((table) =>
  reportTableDefinitions[table].columns
    .filter(({ name, type }) => type === 'INT64' && !(name in periodColumns) && !UNBOUND.includes(name))
    .map(({ name }) => ({ table, name })),
);

test.each(counts)('$table.$name that is off by one is noticed, whatever the period', ({ table, name }) => {
  for (let age = 0; age < 12; age++) {
    for (const by of [1, -1]) {
      const changed = subject();
      const row = changed.report.rows[table][age] as unknown as Record<string, number>;
      row[name] = (row[name] ?? 0) + by;
      expect(check(changed)).toMatch(/^QUALITY_GATE daily_\w+ of 2025-12-\d\d: /);
    }
  }
});

test('a report without tests and accounts passes', () => {
  const days = new Map(indexByDay(noFacts, { firstDay: DAY_BEFORE, lastDay: DAY_AFTER }));
  const report = deriveReport(days, DATE, new Date('2025-12-24T06:00:00Z'));
  expect(check({ report, days })).toBeNull();
});

describe('the shape of a table', () => {
  test.each<[string, (report: Report) => void, RegExp]>([
    [
      'a row is missing',
      ({ rows }) => rows.daily_funnel.pop(),
      /daily_funnel of 2025-12-23: each of the 12 periods once, newest first \(11 rows, 11 in place\)/,
    ],
    [
      'a row is there twice',
      ({ rows }) => rows.daily_funnel.push({ ...rows.daily_funnel[11] } as never),
      /daily_funnel of 2025-12-23: each of the 12 periods once, newest first \(13 rows, 12 in place\)/,
    ],
    [
      'a period is there twice',
      ({ rows }) => Object.assign(rows.daily_errors[3] ?? {}, { period_start_date: DATE }),
      /daily_errors of 2025-12-23: each of the 12 periods once, newest first \(12 rows, 11 in place\)/,
    ],
    [
      'a period is another one',
      ({ rows }) => Object.assign(rows.daily_errors[11] ?? {}, { period_start_date: DAY_BEFORE }),
      /daily_errors of 2025-12-23: each of the 12 periods once, newest first \(12 rows, 11 in place\)/,
    ],
    [
      'the periods are in another order',
      ({ rows }) => rows.daily_errors.reverse(),
      /daily_errors of 2025-12-23: each of the 12 periods once, newest first \(12 rows, 0 in place\)/,
    ],
    [
      'a row is of another report',
      ({ rows }) => Object.assign(rows.daily_funnel[2] ?? {}, { report_date: DAY_AFTER }),
      /daily_funnel of 2025-12-23: each of the 12 periods once, newest first \(12 rows, 11 in place\)/,
    ],
    [
      'a period ends on another day',
      ({ rows }) => Object.assign(rows.daily_errors[2] ?? {}, { period_end_date: DATE }),
      /daily_errors of 2025-12-23: each of the 12 periods once, newest first \(12 rows, 11 in place\)/,
    ],
    [
      'a count that is none',
      ({ rows }) => Object.assign(rows.daily_errors[0] ?? {}, { total_errors: 0.5 }),
      /daily_errors of 2025-12-23: each value as the schema says \(total_errors /,
    ],
    [
      'a count below 0',
      ({ rows }) => Object.assign(rows.daily_errors[0] ?? {}, { total_errors: -1 }),
      /each value as the schema says \(total_errors /,
    ],
    [
      'NULL where a number must be',
      ({ rows }) => Object.assign(rows.daily_errors[0] ?? {}, { total_errors: null }),
      /each value as the schema says \(total_errors /,
    ],
    [
      'a percentage above 100',
      ({ rows }) => Object.assign(rows.daily_funnel[11] ?? {}, { conversion_rate: 100.5 }),
      /daily_funnel of 2025-12-12: each value as the schema says \(conversion_rate too_big\)/,
    ],
    [
      'a column that the table has not',
      ({ rows }) => Object.assign(rows.daily_funnel[11] ?? {}, { user_id: 'canary' }),
      /daily_funnel of 2025-12-12: each value as the schema says \(row unrecognized_keys\)/,
    ],
  ])('%s', (_, change, text) => {
    const changed = subject();
    change(changed.report);
    expect(check(changed)).toMatch(text);
    expect(check(changed)).not.toContain('canary');
  });
});

test.each([
  [1, 'does not hold; nothing'],
  [2, 'does not hold, nor does 1 more; nothing'],
  [3, 'does not hold, nor do 2 more; nothing'],
])('of %i rules that are broken the first is named, and the others are counted', (faults, text) => {
  const changed = subject();
  for (let age = 0; age < faults; age++) set('daily_advanced_metrics', { error_gini_coefficient: 0.99 }, age)(changed);
  expect(check(changed)).toContain(text);
});

describe('rejected rows', () => {
  function withRows(rows: number, rejected: number): Subject {
    const changed = subject();
    for (const day of changed.days.values()) Object.assign(day, { sourceRows: 0, rejectedRows: 0 });
    Object.assign(changed.days.get(OLDEST) ?? {}, { sourceRows: rows, rejectedRows: rejected });
    return changed;
  }

  test.each([
    { rows: 999, rejected: 999, share: 0.05, refused: false },
    { rows: 1000, rejected: 50, share: 0.05, refused: false },
    { rows: 1000, rejected: 51, share: 0.05, refused: true },
    { rows: 1000, rejected: 1, share: 0, refused: true },
    { rows: 1000, rejected: 1000, share: 1, refused: false },
  ])('$rejected of $rows at $share', ({ rows, rejected, share, refused }) => {
    const said = check(withRows(rows, rejected), share);
    if (refused) {
      expect(said).toBe(
        `QUALITY_GATE users and measurements of the 12 periods up to ${DATE}: ${rejected} of 1,000 rows ${rejected === 1 ? 'lacks' : 'lack'} a required value, ` +
          `at most ${share} of them may (KPI_MAX_REJECTED_SHARE); nothing of ${DATE} was written`,
      );
    } else {
      expect(said).not.toContain('KPI_MAX_REJECTED_SHARE');
    }
  });

  test('of days that are not in the periods say nothing', () => {
    const changed = subject();
    for (const day of [DAY_BEFORE, DAY_AFTER])
      Object.assign(changed.days.get(day) ?? {}, { sourceRows: 5000, rejectedRows: 5000 });
    expect(check(changed)).toBeNull();
  });
});

describe('duplicate ids', () => {
  const fact = (day: string, values: Partial<DayFacts>) => (subject: Subject) =>
    void Object.assign(subject.days.get(day) ?? {}, values);

  test.each<[string, (subject: Subject) => void, string]>([
    [
      'a measurement_id of the oldest period',
      fact(OLDEST, { duplicateMeasurements: 3 }),
      'measurements holds 3 rows in the 12 periods whose measurement_id its session has already; expected each once; nothing of 2025-12-23 was written',
    ],
    [
      'a user_id up to the report date',
      fact(DATE, { duplicateAccountsToDate: 2 }),
      'users holds 2 rows whose user_id is there already; expected each once; nothing of 2025-12-23 was written',
    ],
  ])('%s', (_, change, text) => {
    const changed = subject();
    change(changed);
    expect(check(changed)).toBe(`SOURCE_CONTRACT ${text}`);
  });

  test.each<[string, (subject: Subject) => void]>([
    ['a measurement_id of the day before the periods', fact(DAY_BEFORE, { duplicateMeasurements: 3 })],
    ['a measurement_id after the report date', fact(DAY_AFTER, { duplicateMeasurements: 3 })],
    ['a user_id after the report date', fact(DAY_AFTER, { duplicateAccountsToDate: 2 })],
  ])('%s is no matter of this report', (_, change) => {
    const changed = subject();
    change(changed);
    expect(check(changed)).toBeNull();
  });
});

function quote(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
