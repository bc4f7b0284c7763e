import type { ReportTable } from '../../shared/metrics/tables';
import type { ExpectedPeriod, ExpectedReport } from './report-differences';
import type { MeasurementRow, SourceRows, UserRow } from './source-rows';

/**
 * The definitions of the metrics once more, as plain loops over rows: slow, and without a line in common with shared/.
 *
 * Where clocks go back across midnight, a date is not one stretch of time. "Before the end of a period" then means: of that date or of
 * an earlier one. So a user's first test lies before the end of a period if any of their rows has such a date.
 */
export function referenceReport(rows: SourceRows, reportDate: string, timeZone: string): ExpectedReport {
  const dateOf = dateReader(timeZone);
  const visible = <Row extends { created_at: string | null }>(row: Row): (Row & Placed)[] => {
    if (row.created_at === null) return [];
    const instant = parseInstant(row.created_at);
    if (instant < 0n) return []; // before 1970: as if there were none
    const date = dateOf(instant);
    return date <= reportDate ? [{ ...row, instant, date }] : [];
  };
  const allUsers = rows.users.flatMap(visible);
  const allMeasurements = rows.measurements.flatMap(visible);
  const users = allUsers.filter((row): row is Account => row.user_id !== null);
  const measurements = allMeasurements.filter(isTest);
  const periods = Array.from({ length: 12 }, (_, age) => plusDays(reportDate, -age));
  const known = { users, measurements, tested: (row: Account, end: string) => hasTested(allMeasurements, row.user_id, end) };
  const table = (valuesOf: (period: string) => Values): ExpectedPeriod[] =>
    periods.map((period) => ({ period, values: valuesOf(period) }));
  const inPeriods = ({ date }: Placed) => periods.includes(date);
  return {
    reportDate,
    tables: {
      daily_engagement: table((period) => engagement(known, allMeasurements, period)),
      daily_advanced_metrics: table((period) => advancedMetrics(measurements.filter(({ date }) => date === period))),
      daily_errors: table((period) => errors(measurements.filter(({ date }) => date === period))),
      daily_funnel: table((period) => funnel(known, period, reportDate)),
    } satisfies Record<ReportTable, ExpectedPeriod[]>,
    rejectedRows:
      allUsers.filter((row) => row.user_id === null && inPeriods(row)).length +
      allMeasurements.filter((row) => !isTest(row) && inPeriods(row)).length,
    unclassifiedErrors: measurements.filter((row) => !succeeded(row) && !isKnown(String(row.error_type)) && inPeriods(row))
      .length,
  };
}

type Values = Record<string, number | null>;

/** When a row was, in microseconds since 1970, and the date that clocks showed. */
interface Placed {
  instant: bigint;
  date: string;
}

type Account = UserRow & Placed & { user_id: string };
type Test = MeasurementRow & Placed & { measurement_id: string; user_id: string; session_id: string };

interface Known {
  users: Account[];
  measurements: Test[];
  tested(row: Account, end: string): boolean;
}

function isTest(row: MeasurementRow & Placed): row is Test {
  return row.measurement_id !== null && row.user_id !== null && row.session_id !== null;
}

function hasTested(allMeasurements: (MeasurementRow & Placed)[], user: string, end: string): boolean {
  for (const row of allMeasurements) if (row.user_id === user && row.date <= end) return true;
  return false;
}

function engagement({ users, measurements }: Known, allMeasurements: (MeasurementRow & Placed)[], period: string): Values {
  const tests = measurements.filter(({ date }) => date === period);
  const successes = tests.filter(succeeded);
  const activeUsers = new Set(tests.map(({ user_id }) => user_id)).size;
  const activePercentage = (day: string): number | null => {
    const active = new Set<string>();
    for (const { user_id, date } of measurements) if (date === day) active.add(user_id);
    return percent(active.size, testersToDate(allMeasurements, day));
  };
  const now = activePercentage(period);
  const before = activePercentage(plusDays(period, -1));
  return {
    all_tests: tests.length,
    successful_tests: successes.length,
    successful_test_users: new Set(successes.map(({ user_id }) => user_id)).size,
    active_users: activeUsers,
    total_users_to_date: users.filter(({ date }) => date <= period).length,
    total_active_users_to_date: testersToDate(allMeasurements, period),
    active_percentage: now,
    active_change: now === null || before === null ? null : now - before,
    avg_tests_per_active_user: activeUsers === 0 ? null : successes.length / activeUsers,
  };
}

function testersToDate(allMeasurements: (MeasurementRow & Placed)[], end: string): number {
  const testers = new Set<string>();
  for (const { user_id, date } of allMeasurements) if (user_id !== null && date <= end) testers.add(user_id);
  return testers.size;
}

function advancedMetrics(tests: Test[]): Values {
  const sessions = new Set(tests.map(({ session_id }) => session_id));
  const firstSuccesses: number[] = [];
  for (const session of sessions) {
    const attempts = tests.filter(({ session_id }) => session_id === session).sort(byTimeThenId);
    const at = attempts.findIndex(succeeded);
    if (at >= 0) firstSuccesses.push(at + 1);
  }
  const first = firstSuccesses.filter((attempt) => attempt === 1).length;
  const second = firstSuccesses.filter((attempt) => attempt === 2).length;
  const thirdPlus = firstSuccesses.filter((attempt) => attempt >= 3).length;
  return {
    total_sessions: sessions.size,
    successful_sessions: firstSuccesses.length,
    adjusted_success_rate: percent(firstSuccesses.length, sessions.size),
    first_try_successes: first,
    first_try_success_rate: percent(first, sessions.size),
    second_try_successes: second,
    second_try_success_rate: percent(second, sessions.size),
    third_plus_try_successes: thirdPlus,
    third_plus_try_success_rate: percent(thirdPlus, sessions.size),
    error_gini_coefficient: giniOfFailures(tests),
  };
}

/** By mean difference, Σ|x_i − x_j| / (2 n Σ x): the same number as by ranks, without sorting. */
function giniOfFailures(tests: Test[]): number | null {
  const failures = new Map<string, number>();
  for (const test of tests) failures.set(test.user_id, (failures.get(test.user_id) ?? 0) + (succeeded(test) ? 0 : 1));
  const counts = [...failures.values()];
  let sum = 0;
  let differences = 0;
  for (const one of counts) {
    sum += one;
    for (const other of counts) differences += Math.abs(one - other);
  }
  return sum === 0 ? null : differences / (2 * counts.length * sum);
}

const kinds = [
  'no_period_history',
  'camera_too_far',
  'camera_too_close',
  'analysis_error',
  'test_lines_not_found',
  'test_not_found',
];

export function isKnown(kind: string): boolean {
  return kinds.includes(kind);
}

function errors(tests: Test[]): Values {
  const failed = tests.filter((test) => !succeeded(test));
  return {
    ...Object.fromEntries(kinds.map((kind) => [kind, failed.filter(({ error_type }) => error_type === kind).length])),
    total_errors: failed.length,
  };
}

function funnel({ users, tested }: Known, period: string, reportDate: string): Values {
  const created = users.filter(({ date }) => date === period);
  const withTests = created.filter((user) => tested(user, reportDate)).length;
  return {
    accounts_created: created.length,
    accounts_with_tests: withTests,
    conversion_rate: percent(withTests, created.length),
  };
}

function succeeded({ error_type }: MeasurementRow): boolean {
  return error_type === null || error_type === '';
}

function percent(part: number, whole: number): number | null {
  return whole === 0 ? null : (part / whole) * 100;
}

/** JavaScript compares UTF-16 units; bytes of UTF-8 have the order of code points. */
function byTimeThenId(one: Test, other: Test): number {
  if (one.instant !== other.instant) return one.instant < other.instant ? -1 : 1;
  return Buffer.compare(Buffer.from(one.measurement_id), Buffer.from(other.measurement_id));
}

export function plusDays(date: string, days: number): string {
  const [year = 0, month = 0, day = 0] = date.split('-').map(Number);
  return new Date(Date.UTC(year, month - 1, day + days)).toISOString().slice(0, 10);
}

/** The local date of an instant in microseconds. Offsets are whole seconds, so what is below a second may be cut off. */
export function dateReader(timeZone: string): (instant: bigint) => string {
  const format = new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' });
  return (instant) => format.format(Number((instant - (((instant % 1_000_000n) + 1_000_000n) % 1_000_000n)) / 1000n));
}

const INSTANT = /^(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}:\d{2})(?:\.(\d{1,6}))?(?:Z|([+-])(\d{2}):(\d{2}))?$/;

/** Microseconds since 1970. */
export function parseInstant(text: string): bigint {
  const [, date, time, fraction = '', sign, hours = '0', minutes = '0'] = INSTANT.exec(text) ?? [];
  if (date === undefined) throw new Error(`expected an instant such as 2025-12-23T06:00:00.000001Z, got ${text}`);
  const seconds = BigInt(Date.parse(`${date}T${time}Z`) / 1000);
  const offset = BigInt((sign === '-' ? -60 : 60) * (Number(hours) * 60 + Number(minutes)));
  return (seconds - offset) * 1_000_000n + BigInt(fraction.padEnd(6, '0'));
}
