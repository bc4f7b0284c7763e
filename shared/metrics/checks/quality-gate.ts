import { formatCount, formatMany } from '../../platform/counts';
import { Failure } from '../../platform/failure';
import { addDays, type CalendarDate, PERIODS } from '../calendar';
import { errorKinds } from '../error-kinds';
import type { FactRow, Facts } from '../facts/facts';
import { type DayFacts, dayOf, type FactsByDay } from '../facts/period-facts';
import { periodsOf, type Report } from '../report';
import type { SourceTable } from '../source-contract';
import { type DerivedRow, type ReportRow, type ReportTable, reportTableNames, reportTables } from '../tables';
import { checkFurther } from './further';

export interface GateOptions {
  /** Share of the source rows that may be rejected, 0 to 1. */
  maxRejectedShare: number;
  /** Share of the failed tests whose kind of error may be unknown, 0 to 1. */
  maxUnknownShare: number;
}

/** With fewer rows in the periods a share means little, so any number may be rejected. */
export const MIN_ROWS_FOR_SHARE = 1000;

/** With fewer failed tests in the periods, any number may have unknown kinds. */
export const MIN_FAILURES_FOR_SHARE = 50;

/** Up to this share of all rows may have an impossible time, however few rows the newest days have. */
const MAX_SHARE_OF_TIMES = 0.1;

/** Fewer rows than this may have an impossible time in any source. */
export const MIN_ROWS_FOR_TIMES = 20;

/** Tolerance for the highest possible Gini coefficient, which is a rounded quotient. */
const TOLERANCE = 1e-9;

/** A column with a number. Names are unique across the tables. */
type Column = { [Table in ReportTable]: keyof DerivedRow<Table> }[ReportTable];
type OfDayBefore = 'total_users_to_date' | 'total_active_users_to_date';
/** A term of a rule: a column of one period, or a value from the facts. */
type Term = Column | `${OfDayBefore} of the day before` | 'unclassified errors' | 'rejected rows' | 'source rows';
type Figures = Record<Term, number | null>;

/** `left` and `right` are sums. */
interface Rule {
  table: ReportTable;
  left: readonly Term[];
  is: '=' | '≤' | '0 exactly when';
  right: readonly Term[];
}

const rule = (table: ReportTable, left: Term | readonly Term[], is: Rule['is'], right: Term | readonly Term[]): Rule => ({
  table,
  left: [left].flat() as Term[],
  is,
  right: [right].flat() as Term[],
});

/** Rules that follow from the definitions (docs/data-dictionary.md), for every period of any source. */
const rules: readonly Rule[] = [
  rule('daily_engagement', 'successful_tests', '≤', 'all_tests'),
  rule('daily_engagement', 'successful_test_users', '≤', 'successful_tests'),
  rule('daily_engagement', 'successful_test_users', '0 exactly when', 'successful_tests'),
  rule('daily_engagement', 'successful_test_users', '≤', 'active_users'),
  rule('daily_engagement', 'active_users', '≤', 'all_tests'),
  rule('daily_engagement', 'active_users', '0 exactly when', 'all_tests'),
  rule('daily_engagement', 'active_users', '≤', 'total_active_users_to_date'),
  rule('daily_engagement', 'total_users_to_date', '=', ['total_users_to_date of the day before', 'accounts_created']),
  rule('daily_engagement', 'total_active_users_to_date of the day before', '≤', 'total_active_users_to_date'),
  // a user with a first test is active, or their row is rejected
  rule('daily_engagement', 'total_active_users_to_date', '≤', [
    'total_active_users_to_date of the day before',
    'active_users',
    'rejected rows',
  ]),
  rule('daily_engagement', ['all_tests', 'accounts_created', 'rejected rows'], '=', 'source rows'),
  rule('daily_advanced_metrics', 'total_sessions', '≤', 'all_tests'),
  rule('daily_advanced_metrics', 'total_sessions', '0 exactly when', 'all_tests'),
  rule('daily_advanced_metrics', 'successful_sessions', '≤', 'total_sessions'),
  rule('daily_advanced_metrics', 'successful_sessions', '≤', 'successful_tests'),
  rule('daily_advanced_metrics', 'successful_sessions', '0 exactly when', 'successful_tests'),
  rule(
    'daily_advanced_metrics',
    ['first_try_successes', 'second_try_successes', 'third_plus_try_successes'],
    '=',
    'successful_sessions',
  ),
  // every unsuccessful session has at least one failed test, a second-try success one, a later success at least two
  rule(
    'daily_advanced_metrics',
    ['total_sessions', 'second_try_successes', 'third_plus_try_successes', 'third_plus_try_successes'],
    '≤',
    ['successful_sessions', 'total_errors'],
  ),
  rule('daily_errors', [...errorKinds, 'unclassified errors'], '=', 'total_errors'),
  rule('daily_errors', ['total_errors', 'successful_tests'], '=', 'all_tests'),
  // an active user without a success has failed
  rule('daily_errors', 'active_users', '≤', ['successful_test_users', 'total_errors']),
  rule('daily_funnel', 'accounts_with_tests', '≤', 'accounts_created'),
];

/**
 * Why a report must not be published; null if it may be. Pure, and about this report alone: rows after its date have no effect.
 * SOURCE_CONTRACT if ids that must be unique repeat. Otherwise QUALITY_GATE with table, period, rule and both numbers of the first broken rule.
 */
export function checkReport(report: Report, days: FactsByDay, gate: GateOptions): Failure | null {
  const periods = periodsOf(report.reportDate).map((period) => dayOf(days, period));
  return (
    checkDuplicates(report.reportDate, periods) ??
    checkRejected(report.reportDate, periods, gate.maxRejectedShare) ??
    checkUnknownKinds(report.reportDate, periods, gate.maxUnknownShare) ??
    toFault(report.reportDate, checkShape(report)) ??
    toFault(report.reportDate, checkFigures(report, days)) ??
    toFault(report.reportDate, checkFurther(report))
  );
}

/** `periods` begin with the report date. Earlier duplicates change no figure, except those of users, who are counted up to each date. */
function checkDuplicates(reportDate: CalendarDate, periods: readonly DayFacts[]): Failure | null {
  const measurements = sum(periods.map((day) => day.duplicateMeasurements));
  const accounts = periods[0]?.duplicateAccountsToDate ?? 0;
  const found = [
    measurements > 0 &&
      `measurements holds ${formatMany(measurements, 'row')} in the 12 periods whose measurement_id its session has already`,
    accounts > 0 && `users holds ${formatMany(accounts, 'row')} whose user_id is there already`,
  ].filter((text) => text !== false);
  if (found.length === 0) return null;
  return new Failure('SOURCE_CONTRACT', `${found.join(', and ')}; expected each once; nothing of ${reportDate} was written`);
}

function checkRejected(reportDate: CalendarDate, periods: readonly DayFacts[], maxShare: number): Failure | null {
  const rows = sum(periods.map((day) => day.sourceRows));
  const rejected = sum(periods.map((day) => day.rejectedRows));
  if (rows < MIN_ROWS_FOR_SHARE || rejected <= maxShare * rows) return null;
  return new Failure(
    'QUALITY_GATE',
    `users and measurements of the 12 periods up to ${reportDate}: ${formatCount(rejected)} of ${formatMany(rows, 'row')} ${rejected === 1 ? 'lacks' : 'lack'} a required value, at most ` +
      `${maxShare} of them may (KPI_MAX_REJECTED_SHARE); nothing of ${reportDate} was written`,
  );
}

function checkUnknownKinds(reportDate: CalendarDate, periods: readonly DayFacts[], maxShare: number): Failure | null {
  const failures = sum(periods.map((day) => day.tests - day.successes));
  const unknown = sum(periods.map((day) => day.unclassifiedErrors));
  return areTooManyUnknown(unknown, failures, maxShare)
    ? new Failure(
        'QUALITY_GATE',
        `measurements of the 12 periods up to ${reportDate}: ${formatCount(unknown)} of ${formatMany(failures, 'failed test')} ${unknown === 1 ? 'is of an unknown kind' : 'are of unknown kinds'}, at most ` +
          `${maxShare} of them may be (KPI_MAX_UNKNOWN_SHARE); look at error_type: the known ones are ${errorKinds.join(', ')}; NULL and the empty text mean success, words such as ` +
          `NULL or None don't; nothing of ${reportDate} was written`,
      )
    : null;
}

export function areTooManyUnknown(unknown: number, failures: number, maxShare: number): boolean {
  return failures >= MIN_FAILURES_FOR_SHARE && unknown > maxShare * failures;
}

/**
 * SOURCE_CONTRACT if most of a table's newest rows have an impossible time: such rows are not counted, so figures would fall silently. They
 * have no date, so their number is compared with the rows of the source's newest days. The result is the same for all requested dates, because
 * figures of an early date must not depend on later rows.
 */
export function checkTimes(misdated: Facts['misdated'], span: readonly FactRow<'span'>[]): Failure | null {
  for (const { source, source_rows: impossible } of misdated) {
    const { newest_rows: newest = 0, source_rows: all = 0 } = span.find((row) => row.source === source) ?? {};
    if (impossible >= MIN_ROWS_FOR_TIMES && impossible > newest && impossible > MAX_SHARE_OF_TIMES * (all + impossible))
      return misdatedFailure(`${describeMisdated(source, impossible)}, and ${formatCount(newest)} in its newest ${PERIODS} days`);
  }
  return null;
}

/** For a source without accounts and tests: SOURCE_CONTRACT if it has rows with an impossible time. */
export function refuseTimes(misdated: Facts['misdated']): Failure | null {
  const found = misdated.filter(({ source_rows }) => source_rows > 0);
  if (found.length === 0) return null;
  return misdatedFailure(
    `${found.map(({ source, source_rows }) => describeMisdated(source, source_rows)).join(', ')}; there is no other account or test`,
  );
}

function describeMisdated(source: SourceTable, rows: number): string {
  return `${source} holds ${formatMany(rows, 'row')} whose created_at is before 1970 or in the future`;
}

function misdatedFailure(found: string): Failure {
  const remedy = 'correct the clock or the conversion that makes them, or leave them out with a view';
  return new Failure('SOURCE_CONTRACT', `${found}; ${remedy}; nothing was written`);
}

/** Checks that each table has one row per period, and that each row matches its schema. */
function* checkShape({ reportDate, rows }: Report): Generator<string> {
  const periods = periodsOf(reportDate);
  for (const table of reportTableNames) {
    const found = rows[table];
    const placed = periods.filter((period, age) => {
      const row = found[age];
      return row?.report_date === reportDate && row.period_start_date === period && row.period_end_date === period;
    });
    if (found.length !== periods.length || placed.length !== periods.length)
      yield `${table} of ${reportDate}: each of the ${periods.length} periods once, newest first (${formatMany(found.length, 'row')}, ${placed.length} in place)`;
    for (const row of found) {
      const parsed = reportTables[table].row.safeParse(row);
      if (parsed.success) continue;
      const columns = parsed.error.issues.map(({ path, code }) => `${path.join('.') || 'row'} ${code}`);
      yield `${table} of ${row.period_start_date}: each value as the schema says (${columns.join(', ')})`;
    }
  }
}

function* checkFigures(report: Report, days: FactsByDay): Generator<string> {
  const periods = periodsOf(report.reportDate);
  for (const [age, period] of periods.entries()) {
    const figures = figuresOf(report, days, age);
    for (const rule of rules) {
      const { table, left, is, right } = rule;
      const { holds, one, other } = evaluate(rule, figures);
      if (!holds)
        yield broken(table, period, `${left.join(' + ')} ${is} ${right.join(' + ')}${is.startsWith('0') ? ' is' : ''}`, [
          one,
          other,
        ]);
    }
    const { error_gini_coefficient: gini, total_errors, active_users } = figures;
    if ((gini === null) !== (total_errors === 0))
      yield broken('daily_advanced_metrics', period, 'error_gini_coefficient NULL exactly when total_errors is 0', [
        gini,
        total_errors,
      ]);
    const highest = 1 - 1 / (active_users ?? 0);
    if (gini !== null && gini > highest + TOLERANCE)
      yield broken('daily_advanced_metrics', period, 'error_gini_coefficient ≤ 1 - 1 / active_users', [gini, highest]);
  }
  const testing = sum(report.rows.daily_funnel.map((row) => row.accounts_with_tests));
  const testers = report.rows.daily_engagement[0]?.total_active_users_to_date ?? 0;
  if (testing > testers)
    yield broken('daily_funnel', report.reportDate, 'accounts_with_tests of all periods ≤ total_active_users_to_date', [
      testing,
      testers,
    ]);
}

/**
 * Whether the figures of one period fit together, even if several runs wrote their tables: checks the rules that need no facts.
 */
export function agree(rows: readonly ReportRow[]): boolean {
  const figures = Object.assign({}, ...rows) as Figures;
  return rules.every((rule) => [...rule.left, ...rule.right].some((term) => !(term in figures)) || evaluate(rule, figures).holds);
}

function evaluate({ left, is, right }: Rule, figures: Figures): { holds: boolean; one: number; other: number } {
  const [one, other] = [left, right].map((terms) => sum(terms.map((term) => figures[term] ?? 0))) as [number, number];
  const holds = is === '=' ? one === other : is === '≤' ? one <= other : (one === 0) === (other === 0);
  return { holds, one, other };
}

/** Joins the rows of one period. The day before is the next older row; for the oldest row it comes from the facts. */
function figuresOf({ reportDate, rows }: Report, days: FactsByDay, age: number): Figures {
  const row = Object.assign({}, ...reportTableNames.map((table) => rows[table][age])) as Record<Column, number | null>;
  const period = addDays(reportDate, -age);
  const day = dayOf(days, period);
  const dayBefore = dayOf(days, addDays(period, -1));
  const before = rows.daily_engagement[age + 1] ?? {
    total_users_to_date: dayBefore.accountsToDate,
    total_active_users_to_date: dayBefore.testersToDate,
  };
  return {
    ...row,
    'total_users_to_date of the day before': before.total_users_to_date,
    'total_active_users_to_date of the day before': before.total_active_users_to_date,
    'unclassified errors': day.unclassifiedErrors,
    'rejected rows': day.rejectedRows,
    'source rows': day.sourceRows,
  };
}

function broken(table: ReportTable, period: CalendarDate, rule: string, numbers: [number | null, number | null]): string {
  return `${table} of ${period}: ${rule} (${numbers.map((number) => number ?? 'NULL').join(' and ')})`;
}

function toFault(reportDate: CalendarDate, faults: Iterable<string>): Failure | null {
  const [first, ...further] = faults;
  if (first === undefined) return null;
  const more = further.length === 0 ? '' : `, nor ${further.length === 1 ? 'does 1' : `do ${further.length}`} more`;
  return new Failure('QUALITY_GATE', `${first} does not hold${more}; nothing of ${reportDate} was written`);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
