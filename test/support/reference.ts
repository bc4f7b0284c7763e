import type { ReportTable } from '../../shared/metrics/tables';
import type { ExpectedPeriod, ExpectedReport, ExpectedRow } from './report-differences';
import type { MeasurementRow, SourceRows, UserRow } from './source-rows';

/**
 * The definitions of the metrics once more, as plain loops over rows: slow, and without a line in common with shared/.
 *
 * Where clocks go back across midnight, a date is not one stretch of time. "Before the end of a period" then means: of that date or of
 * an earlier one. So a user's first test lies on the earliest date that any of their rows has.
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
  const known: Known = {
    users: allUsers.filter((row): row is Account => row.user_id !== null),
    measurements: allMeasurements.filter(isTest),
    firstTests: firstDates(allMeasurements),
  };
  const days = periodsOf(reportDate, 'day');
  const table = (valuesOf: (period: Period) => Values): ExpectedPeriod[] =>
    days.map((day) => ({ period: day.start, values: valuesOf(day) }));
  const inPeriods = ({ date }: Placed) => days.some((day) => liesIn(date, day));
  return {
    reportDate,
    tables: {
      daily_engagement: table((day) => engagement(known, day)),
      daily_advanced_metrics: table((day) => advancedMetrics(testsIn(known, day))),
      daily_errors: table((day) => errors(testsIn(known, day))),
      daily_funnel: table((day) => funnel(known, day)),
    } satisfies Record<ReportTable, ExpectedPeriod[]>,
    further: {
      daily_audience: labelled(days, reportDate, (day) => audienceOfDay(known, day)),
      ...(isSunday(reportDate) ? weeklyTables(known, reportDate) : {}),
      ...(endsMonth(reportDate) ? monthlyTables(known, reportDate) : {}),
    },
    rejectedRows:
      allUsers.filter((row) => row.user_id === null && inPeriods(row)).length +
      allMeasurements.filter((row) => !isTest(row) && inPeriods(row)).length,
    unclassifiedErrors: known.measurements.filter((row) => !succeeded(row) && !isKnown(String(row.error_type)) && inPeriods(row))
      .length,
  };
}

function weeklyTables(known: Known, reportDate: string): ExpectedReport['further'] {
  const weeks = periodsOf(reportDate, 'week');
  return {
    weekly_engagement: labelled(weeks, reportDate, (week) => engagement(known, week)),
    weekly_advanced_metrics: labelled(weeks, reportDate, (week) => advancedMetrics(testsIn(known, week))),
    weekly_errors: labelled(weeks, reportDate, (week) => errors(testsIn(known, week))),
    weekly_funnel: labelled(weeks, reportDate, (week) => funnel(known, week)),
    weekly_audience: labelled(weeks, reportDate, (week) => audience(known, week)),
    weekly_retention: retention(known, weeks, reportDate),
  };
}

function monthlyTables(known: Known, reportDate: string): ExpectedReport['further'] {
  const months = periodsOf(reportDate, 'month');
  return {
    monthly_engagement: labelled(months, reportDate, (month) => engagement(known, month)),
    monthly_advanced_metrics: labelled(months, reportDate, (month) => advancedMetrics(testsIn(known, month))),
    monthly_errors: labelled(months, reportDate, (month) => errors(testsIn(known, month))),
    monthly_funnel: labelled(months, reportDate, (month) => funnel(known, month)),
    monthly_audience: labelled(months, reportDate, (month) => audience(known, month)),
    monthly_retention: retention(known, months, reportDate),
  };
}

type Values = Record<string, number | null>;
export type PeriodGrain = 'day' | 'week' | 'month';

/** Its first and its last date. */
export interface Period {
  grain: PeriodGrain;
  start: string;
  end: string;
}

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
  /** The date of each user's first test. */
  firstTests: Map<string, string>;
}

function isTest(row: MeasurementRow & Placed): row is Test {
  return row.measurement_id !== null && row.user_id !== null && row.session_id !== null;
}

function firstDates(allMeasurements: (MeasurementRow & Placed)[]): Map<string, string> {
  const dates = new Map<string, string>();
  for (const { user_id, date } of allMeasurements) {
    if (user_id === null) continue;
    const before = dates.get(user_id);
    if (before === undefined || date < before) dates.set(user_id, date);
  }
  return dates;
}

function liesIn(date: string | undefined, { start, end }: Pick<Period, 'start' | 'end'>): boolean {
  return date !== undefined && start <= date && date <= end;
}

function testsIn({ measurements }: Known, period: Period): Test[] {
  return measurements.filter(({ date }) => liesIn(date, period));
}

function usersActiveIn({ measurements }: Known, range: Pick<Period, 'start' | 'end'>): Set<string> {
  const active = new Set<string>();
  for (const { user_id, date } of measurements) if (liesIn(date, range)) active.add(user_id);
  return active;
}

function engagement(known: Known, period: Period): Values {
  const tests = testsIn(known, period);
  const successes = tests.filter(succeeded);
  const activeUsers = usersActiveIn(known, period).size;
  const activePercentage = (of: Period) => percent(usersActiveIn(known, of).size, testersToDate(known, of.end));
  const now = activePercentage(period);
  const before = activePercentage(periodBefore(period));
  return {
    all_tests: tests.length,
    successful_tests: successes.length,
    successful_test_users: new Set(successes.map(({ user_id }) => user_id)).size,
    active_users: activeUsers,
    total_users_to_date: known.users.filter(({ date }) => date <= period.end).length,
    total_active_users_to_date: testersToDate(known, period.end),
    active_percentage: now,
    active_change: now === null || before === null ? null : now - before,
    avg_tests_per_active_user: activeUsers === 0 ? null : successes.length / activeUsers,
  };
}

function testersToDate({ firstTests }: Known, end: string): number {
  return [...firstTests.values()].filter((date) => date <= end).length;
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

function funnel({ users, firstTests }: Known, period: Period): Values {
  const created = users.filter(({ date }) => liesIn(date, period));
  const withTests = created.filter(({ user_id }) => firstTests.has(user_id)).length; // rows after the report date are not known
  return {
    accounts_created: created.length,
    accounts_with_tests: withTests,
    conversion_rate: percent(withTests, created.length),
  };
}

function audienceOfDay(known: Known, day: Period): Values {
  const date = day.start;
  const active = usersActiveIn(known, day);
  const lately = usersActiveIn(known, { start: plusDays(date, -28), end: plusDays(date, -1) });
  const monthly = usersActiveIn(known, { start: plusDays(date, -27), end: date }).size;
  return {
    ...parts(known, day, active, lately),
    active_users_7d: usersActiveIn(known, { start: plusDays(date, -6), end: date }).size,
    active_users_28d: monthly,
    stickiness: percent(active.size, monthly),
  };
}

function audience(known: Known, period: Period): Values {
  const active = usersActiveIn(known, period);
  const before = usersActiveIn(known, periodBefore(period));
  return {
    ...parts(known, period, active, before),
    lapsed_users: [...before].filter((user) => !active.has(user)).length,
  };
}

function parts({ firstTests }: Known, period: Period, active: Set<string>, before: Set<string>): Values {
  let fresh = 0;
  let returning = 0;
  let reactivated = 0;
  for (const user of active) {
    if (liesIn(firstTests.get(user), period)) fresh += 1;
    else if (before.has(user)) returning += 1;
    else reactivated += 1;
  }
  return { active_users: active.size, new_users: fresh, returning_users: returning, reactivated_users: reactivated };
}

/** The newest cohort first, each from age 0 on. */
function retention(known: Known, periods: Period[], reportDate: string): ExpectedRow[] {
  return periods.flatMap((cohort, oldest) => {
    const users = [...known.firstTests].filter(([, date]) => liesIn(date, cohort)).map(([user]) => user);
    const later = periods.slice(0, oldest + 1).reverse();
    return later.map((period, age): ExpectedRow => {
      const active = usersActiveIn(known, period);
      const retained = users.filter((user) => active.has(user)).length;
      return {
        report_date: reportDate,
        cohort_label: nameOf(cohort),
        cohort_start_date: cohort.start,
        cohort_end_date: cohort.end,
        age,
        period_start_date: period.start,
        period_end_date: period.end,
        cohort_users: users.length,
        retained_users: retained,
        retention_rate: percent(retained, users.length),
      };
    });
  });
}

/** The 12 periods of a report, the one that ends on its date first. */
export function periodsOf(reportDate: string, grain: PeriodGrain): Period[] {
  const periods = [endingOn(reportDate, grain)];
  for (let last = periods[0]; last !== undefined && periods.length < 12; last = periods.at(-1)) periods.push(periodBefore(last));
  return periods;
}

function endingOn(end: string, grain: PeriodGrain): Period {
  const start = grain === 'day' ? end : grain === 'week' ? plusDays(end, -6) : `${end.slice(0, 8)}01`;
  return { grain, start, end };
}

function periodBefore({ grain, start }: Period): Period {
  return endingOn(plusDays(start, -1), grain);
}

export function isSunday(date: string): boolean {
  return new Date(`${date}T00:00:00Z`).getUTCDay() === 0;
}

export function endsMonth(date: string): boolean {
  return plusDays(date, 1).endsWith('-01');
}

function labelled(periods: Period[], reportDate: string, valuesOf: (period: Period) => Values): ExpectedRow[] {
  return periods.map((period, age) => ({
    report_date: reportDate,
    period_label: labelOf(period, age),
    period_start_date: period.start,
    period_end_date: period.end,
    ...valuesOf(period),
  }));
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `Dec 23`, `Dec 15–21` or `Oct 27 – Nov 2`, `Dec 2025`. */
export function nameOf({ grain, start, end }: Period): string {
  const [year, month = 0, day] = start.split('-').map(Number);
  const [, lastMonth = 0, lastDay] = end.split('-').map(Number);
  const first = `${MONTHS[month - 1]} ${day}`;
  const days = month === lastMonth ? `${first}–${lastDay}` : `${first} – ${MONTHS[lastMonth - 1]} ${lastDay}`;
  return { day: first, week: days, month: `${MONTHS[month - 1]} ${year}` }[grain];
}

/** What a report calls the period that ended `age` periods before its last one. */
export function labelOf(period: Period, age: number): string {
  const words = { day: ['Today', 'Yesterday'], week: ['This week', 'Last week'], month: ['This month', 'Last month'] };
  const word = words[period.grain][age];
  return word === undefined ? nameOf(period) : `${word} (${nameOf(period)})`;
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
