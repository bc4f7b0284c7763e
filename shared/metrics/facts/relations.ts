import type { Window } from '../calendar';
import { errorKinds } from '../error-kinds';
import type { Grain } from '../grain';
import { type AnyFactName, allFacts } from './facts';
import accountsRelation from './relations/accounts.sql';
import activeUsersRelation from './relations/active_users.sql';
import firstTestsRelation from './relations/first_tests.sql';
import firstTestsByRowRelation from './relations/first_tests_by_row.sql';
import firstTestsFromViewRelation from './relations/first_tests_from_view.sql';
import measurementRowsRelation from './relations/measurement_rows.sql';
import measurementsRelation from './relations/measurements.sql';
import newcomersRelation from './relations/newcomers.sql';
import outcomeDaysRelation from './relations/outcome_days.sql';
import peopleRelation from './relations/people.sql';
import sessionOutcomesRelation from './relations/session_outcomes.sql';
import sessionPeriodsRelation from './relations/session_periods.sql';
import userDaysRelation from './relations/user_days.sql';
import userPeriodsRelation from './relations/user_periods.sql';
import userPeriodsOfDaysRelation from './relations/user_periods_of_days.sql';
import { wholeStatement } from './whole-answer';

export interface RelationOptions extends Pick<Window, 'repeatsDates'> {
  /** Whether source_first_tests exists. Then it is read instead of all measurements. */
  firstTestsView?: boolean;
  grain?: Grain;
}

/** SQL for the first day of a day's period, and for a number that counts periods, in the dialect that both engines share. */
const periodSql: Record<Grain, { start: (day: string) => string; number: string }> = {
  day: { start: (day) => day, number: 'UNIX_DATE(day)' },
  week: {
    start: (day) => `DATE_FROM_UNIX_DATE(UNIX_DATE(${day}) - MOD(UNIX_DATE(${day}) + 3, 7))`, // 1970-01-01 was a Thursday
    number: 'CAST((UNIX_DATE(day) + 3) / 7 AS INT64)', // exact for Mondays; no DIV, because an emulator reads DIV(a + b, c) as a + DIV(b, c)
  },
  month: {
    start: (day) => `DATE_FROM_UNIX_DATE(UNIX_DATE(${day}) - EXTRACT(DAY FROM ${day}) + 1)`,
    number: 'EXTRACT(YEAR FROM day) * 12 + EXTRACT(MONTH FROM day)',
  },
};

/**
 * Expands the macros in the SQL of facts and relations. PERIOD_START(column) and PERIOD_NUMBER(day) depend on the grain.
 * EACH_KIND{, }{MAX(KIND) AS most_KIND} repeats the second text for each kind of error, separated by the first. EACH_FAILURE also has
 * 'unclassified'. KIND_BIT is 1, 2, 4, ….
 */
export function expand(sql: string, grain: Grain = 'day'): string {
  const { start, number } = periodSql[grain];
  return sql
    .replaceAll(/EACH_(KIND|FAILURE)\{(.*?)\}\{(.*?)\}/g, (_, kinds, separator: string, text: string) =>
      [...errorKinds, ...(kinds === 'FAILURE' ? ['unclassified'] : [])]
        .map((kind, index) => text.replaceAll('KIND_BIT', String(2 ** index)).replaceAll('KIND', kind))
        .join(separator),
    )
    .replaceAll(/PERIOD_START\((\w+)\)/g, (_, day: string) => start(day))
    .replaceAll('PERIOD_NUMBER(day)', number);
}

/**
 * The relations that facts read, each after those that it reads. They are defined once, from `source_users` and `source_measurements` alone, so
 * that time zone, cut-off, rejection and the period of a row are defined in one place.
 */
export function relations({ repeatsDates, firstTestsView = false, grain = 'day' }: RelationOptions) {
  return {
    measurement_rows: expand(measurementRowsRelation),
    measurements: measurementsRelation,
    outcome_days: outcomeDaysRelation,
    accounts: accountsRelation,
    first_tests: firstTestsView ? firstTestsFromViewRelation : repeatsDates ? firstTestsByRowRelation : firstTestsRelation,
    people: peopleRelation,
    user_days: userDaysRelation,
    user_periods: grain === 'day' ? userPeriodsOfDaysRelation : expand(userPeriodsRelation, grain),
    session_outcomes: expand(sessionOutcomesRelation, grain),
    session_periods: expand(sessionPeriodsRelation, grain),
    active_users: expand(activeUsersRelation, grain),
    newcomers: expand(newcomersRelation, grain),
  };
}

export type RelationName = keyof ReturnType<typeof relations>;

/**
 * A fact's query, after common table expressions for the relations that it reads, directly or through others. Leaves out relations in `given`,
 * which the engine already has (the embedded one stores some as tables).
 */
export function factQuery(name: AnyFactName, options: RelationOptions, given: readonly RelationName[] = []): string {
  const query = expand(allFacts[name].sql.trim(), options.grain);
  return withExpressions(query, expressionsOf(query, options, given));
}

/** The query for the rows of a relation, built like factQuery. */
export function relationQuery(name: RelationName, options: RelationOptions, given: readonly RelationName[] = []): string {
  const query = relations(options)[name].trim();
  return withExpressions(query, expressionsOf(query, options, given));
}

/** The queries of several facts as one statement. parseFacts reads its answer. */
export function factsQuery(names: readonly AnyFactName[], options: RelationOptions): string {
  const query = wholeStatement(Object.fromEntries(names.map((name) => [name, expand(allFacts[name].sql, options.grain)])));
  return withExpressions(query, expressionsOf(query, options));
}

export const relationNames = Object.keys(relations({ repeatsDates: false })) as RelationName[];

/** The relations that a query reads, directly or through others, each after those that it reads. */
export function expressionsOf(
  query: string,
  options: RelationOptions,
  given: readonly RelationName[] = [],
): [RelationName, string][] {
  const texts = Object.entries(relations(options)) as [RelationName, string][];
  const wanted = new Set<RelationName>();
  let readers = code(query);
  for (const [relation, text] of texts.toReversed()) {
    if (!new RegExp(`\\b(FROM|JOIN) ${relation}\\b`).test(readers) || given.includes(relation)) continue;
    wanted.add(relation);
    readers += code(text);
  }
  return texts.filter(([relation]) => wanted.has(relation)).map(([relation, text]) => [relation, text.trim()]);
}

export function withExpressions(query: string, expressions: readonly (readonly [string, string])[]): string {
  if (expressions.length === 0) return query;
  return `WITH ${expressions.map(([name, sql]) => `${name} AS (\n${sql}\n)`).join(',\n')}\n${query}`;
}

/** SQL without its comments. */
function code(sql: string): string {
  return sql.replaceAll(/--.*$/gm, '');
}

/** Names of the parameters that a query binds. */
export function parametersOf(sql: string): string[] {
  return [...new Set(Array.from(code(sql).matchAll(/@(\w+)/g), ([, name = '']) => name))];
}
