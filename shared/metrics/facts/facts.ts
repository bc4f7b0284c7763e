import * as z from 'zod';
import type { ReportWindow, Window } from '../calendar';
import type { Grain } from '../grain';
import { sourceTableNames } from '../source-contract';
import activity from './activity.sql';
import audience from './audience.sql';
import freshness from './freshness.sql';
import intake from './intake.sql';
import misdated from './misdated.sql';
import people from './people.sql';
import accountsRelation from './relations/accounts.sql';
import activeUsersRelation from './relations/active_users.sql';
import attemptsRelation from './relations/attempts.sql';
import firstTestsRelation from './relations/first_tests.sql';
import firstTestsByRowRelation from './relations/first_tests_by_row.sql';
import firstTestsFromViewRelation from './relations/first_tests_from_view.sql';
import measurementsRelation from './relations/measurements.sql';
import newcomersRelation from './relations/newcomers.sql';
import peopleRelation from './relations/people.sql';
import sessionDaysRelation from './relations/session_days.sql';
import sessionPeriodsRelation from './relations/session_periods.sql';
import sessionPeriodsByRowRelation from './relations/session_periods_by_row.sql';
import userDaysRelation from './relations/user_days.sql';
import userPeriodsRelation from './relations/user_periods.sql';
import releaseErrors from './release_errors.sql';
import releaseSessions from './release_sessions.sql';
import releaseTests from './release_tests.sql';
import repeats from './repeats.sql';
import retention from './retention.sql';
import sessions from './sessions.sql';
import span from './span.sql';
import users from './users.sql';
import { parseWholeAnswer, wholeStatement } from './whole-answer';

/** The kinds of error with a column of their own; the list stands in relations/attempts.sql once more (a test holds them together). */
export const errorKinds = [
  'no_period_history',
  'camera_too_far',
  'camera_too_close',
  'analysis_error',
  'test_lines_not_found',
  'test_not_found',
] as const;
export type ErrorKind = (typeof errorKinds)[number];

const Count = z.number().int().nonnegative();
const Day = z.iso.date();

/**
 * A fact is a query for per-day counts: the only thing that leaves the engine. Its rows are checked against these schemas, strict ones,
 * so that no other column can come out.
 */
export const facts = {
  activity: {
    sql: activity,
    row: z.strictObject({
      day: Day,
      failures: Count,
      users: Count,
      successful_users: Count,
      tests: Count,
      successes: Count,
    }),
  },
  sessions: {
    sql: sessions,
    row: z.strictObject({
      day: Day,
      first_success: z.number().int().min(0).max(3),
      sessions: Count,
    }),
  },
  repeats: { sql: repeats, row: z.strictObject({ day: Day, duplicates: Count }) },
  intake: {
    sql: intake,
    row: z.strictObject({
      day: Day,
      outcome: z.enum(['success', ...errorKinds, 'unclassified', 'rejected']),
      source_rows: Count,
      latest_hour: z.number().int(),
    }),
  },
  users: {
    sql: users,
    row: z.strictObject({ day: Day, outcome: z.enum(['account', 'rejected']), source_rows: Count }),
  },
  people: {
    sql: people,
    row: z.strictObject({ role: z.enum(['account', 'tester']), day: Day, first_test_day: Day.nullable(), people: Count }),
  },
  misdated: {
    sql: misdated,
    row: z.strictObject({ source: z.enum(sourceTableNames), source_rows: Count }),
  },
} satisfies Record<string, { sql: string; row: z.ZodObject }>;

export type FactName = keyof typeof facts;
export const factNames = Object.keys(facts) as FactName[];

/** Who comes back. Like activity, sessions, intake and people they are counted of days, weeks or months: `day` is the first day of the period. */
export const audienceFacts = {
  audience: {
    sql: audience,
    row: z.strictObject({
      day: Day,
      sort: z.enum(['new', 'returning', 'reactivated']),
      gap: z.number().int().positive(),
      users: Count,
    }),
  },
  retention: { sql: retention, row: z.strictObject({ cohort_day: Day, day: Day, users: Count }) },
};

/** What the tables of weeks and of months are made of. */
export const grainFactNames = ['activity', 'sessions', 'intake', 'people', 'audience', 'retention'] as const;
export type GrainFactName = (typeof grainFactNames)[number];
export type GrainFacts = { [Name in GrainFactName]: FactRow<Name>[] };

/** What is counted of the days of reports. */
export type Facts = { [Name in FactName]: FactRow<Name>[] };

/** The same with what is counted of the longer windows, where there are any. */
export type CountedFacts = Facts & {
  audience?: FactRow<'audience'>[];
  week?: GrainFacts;
  month?: GrainFacts;
};

/**
 * How many people stand behind each number, and the most of it that one of them holds: read for the days that are released, and for no
 * others. A set of kinds of error, or of sorts of session, is the sum of its members' bits, so that the people of any set can be told.
 */
export const releaseFacts = {
  release_tests: {
    sql: releaseTests,
    row: z.strictObject({
      day: Day,
      users: Count,
      repeat_users: Count,
      repeat_successful_users: Count,
      most_tests: Count,
      most_successes: Count,
      most_failures: Count,
    }),
  },
  release_errors: {
    sql: releaseErrors,
    row: z.strictObject({
      day: Day,
      kinds: z.number().int().min(1).max(127),
      users: Count,
      most_no_period_history: Count,
      most_camera_too_far: Count,
      most_camera_too_close: Count,
      most_analysis_error: Count,
      most_test_lines_not_found: Count,
      most_test_not_found: Count,
    }),
  },
  release_sessions: {
    sql: releaseSessions,
    row: z.strictObject({
      day: Day,
      sorts: z.number().int().min(1).max(15),
      users: Count,
      repeat_users: Count,
      repeat_successful_users: Count,
      most_first_try: Count,
      most_second_try: Count,
      most_later_try: Count,
      most_never: Count,
      most_successful: Count,
      most_sessions: Count,
    }),
  },
} satisfies Record<string, { sql: string; row: z.ZodObject }>;

export type ReleaseFactName = keyof typeof releaseFacts;
export const releaseFactNames = Object.keys(releaseFacts) as ReleaseFactName[];
export type ReleaseFacts = { [Name in ReleaseFactName]: FactRow<Name>[] };

/** Asked only where a date lies before everything that the source holds, or after it, or many rows have an impossible time. */
export const spanFact = {
  span: {
    sql: span,
    row: z.strictObject({
      source: z.enum(sourceTableNames),
      first_day: Day.nullable(),
      last_day: Day.nullable(),
      newest_rows: Count,
      source_rows: Count,
    }),
  },
};

/** Asked before the others where counting them costs money: a source that is late is found by its newest rows. */
export const freshnessFact = {
  freshness: {
    sql: freshness,
    row: z.strictObject({
      source: z.enum(sourceTableNames),
      day: Day,
      source_rows: Count,
      latest_hour: z.number().int().nullable(),
    }),
  },
};

const allFacts = { ...facts, ...audienceFacts, ...releaseFacts, ...spanFact, ...freshnessFact };
export type AnyFactName = keyof typeof allFacts;
export type FactRow<Name extends AnyFactName> = z.infer<(typeof allFacts)[Name]['row']>;

/** Checks what an engine answered. A mismatch is a bug, and its message names columns only. */
export function parseFactRows<Name extends AnyFactName>(name: Name, rows: unknown[]): FactRow<Name>[] {
  const parsed = z.array(allFacts[name].row).safeParse(rows);
  if (parsed.success) return parsed.data as FactRow<Name>[];
  const columns = new Set(parsed.error.issues.map((issue) => String(issue.path[1])));
  throw new TypeError(`fact ${name}: unexpected value in ${[...columns].join(', ')}`);
}

/** The rows of factsQuery, fact by fact, each checked as parseFactRows does; IncompleteAnswer where they aren't all there. */
export function parseFacts<Name extends AnyFactName>(
  names: readonly Name[],
  rows: readonly Record<string, unknown>[],
): { [Fact in Name]: FactRow<Fact>[] } {
  const counted = parseWholeAnswer(names, rows);
  return Object.fromEntries(names.map((name) => [name, parseFactRows(name, counted[name])])) as {
    [Fact in Name]: FactRow<Fact>[];
  };
}

/** Facts that are counted of one window, by periods of one grain. */
export interface Scope {
  name: 'day' | 'audience' | 'week' | 'month';
  grain: Grain;
  window: Window;
  facts: readonly (FactName | GrainFactName)[];
}

/** What the reports of a window are counted from: its days, the days that people come back in, weeks and months. */
export function scopesOf(window: ReportWindow): Scope[] {
  const { audience = null, week = null, month = null } = window.further ?? {};
  return [
    { name: 'day', grain: 'day', window, facts: factNames },
    ...(audience === null ? [] : [{ name: 'audience', grain: 'day', window: audience, facts: ['audience'] } as const]),
    ...(week === null ? [] : [{ name: 'week', grain: 'week', window: week, facts: grainFactNames } as const]),
    ...(month === null ? [] : [{ name: 'month', grain: 'month', window: month, facts: grainFactNames } as const]),
  ];
}

/** The name of a scope's fact in a statement of several scopes. */
function partName({ name }: Scope, fact: string): string {
  return name === 'day' ? fact : `${fact}_${name}`;
}

/** The rows of scopesQuery, as parseFacts does. */
export function parseScopes(scopes: readonly Scope[], rows: readonly Record<string, unknown>[]): CountedFacts {
  const counted = parseWholeAnswer(
    scopes.flatMap((scope) => scope.facts.map((fact) => partName(scope, fact))),
    rows,
  );
  return gatherScopes(scopes, (scope, fact) => parseFactRows(fact, counted[partName(scope, fact)] ?? []));
}

/** Facts out of the rows of each scope's facts. */
export function gatherScopes(scopes: readonly Scope[], rowsOf: (scope: Scope, fact: AnyFactName) => unknown[]): CountedFacts {
  const found = scopes.map((scope): [string, object] => {
    const counted = Object.fromEntries(scope.facts.map((fact) => [fact, rowsOf(scope, fact)]));
    return [scope.name, scope.name === 'audience' ? (counted.audience as object) : counted];
  });
  const { day, ...further } = Object.fromEntries(found);
  return { ...day, ...further } as CountedFacts;
}

export interface RelationOptions extends Pick<Window, 'repeatsDates'> {
  /** source_first_tests exists and is read instead of the history. */
  firstTestsView?: boolean;
  grain?: Grain;
}

/** The first day of the period of a day, and a number that counts periods, in the SQL that both engines share. */
const periodSql: Record<Grain, { start: string; number: string }> = {
  day: { start: 'day', number: 'UNIX_DATE(day)' },
  week: {
    start: 'DATE_FROM_UNIX_DATE(UNIX_DATE(day) - MOD(UNIX_DATE(day) + 3, 7))', // 1970-01-01 was a Thursday
    number: 'CAST((UNIX_DATE(day) + 3) / 7 AS INT64)', // of a Monday; an emulator takes DIV(a + b, c) for a + DIV(b, c)
  },
  month: {
    start: 'DATE_FROM_UNIX_DATE(UNIX_DATE(day) - EXTRACT(DAY FROM day) + 1)',
    number: 'EXTRACT(YEAR FROM day) * 12 + EXTRACT(MONTH FROM day)',
  },
};

function ofGrain(sql: string, grain: Grain = 'day'): string {
  const { start, number } = periodSql[grain];
  return sql.replaceAll('PERIOD_START(day)', start).replaceAll('PERIOD_NUMBER(day)', number);
}

/**
 * The relations that facts read, in the order of their dependence. They are defined once, out of `source_users` and `source_measurements`
 * alone, so that time zone, cut-off, what is rejected and the period of a row live in one text.
 */
export function relations({ repeatsDates, firstTestsView = false, grain = 'day' }: RelationOptions) {
  return {
    attempts: attemptsRelation,
    measurements: measurementsRelation,
    accounts: accountsRelation,
    first_tests: firstTestsView ? firstTestsFromViewRelation : repeatsDates ? firstTestsByRowRelation : firstTestsRelation,
    people: ofGrain(peopleRelation, grain),
    user_days: userDaysRelation,
    user_periods: ofGrain(userPeriodsRelation, grain),
    session_days: sessionDaysRelation,
    session_periods: ofGrain(repeatsDates ? sessionPeriodsByRowRelation : sessionPeriodsRelation, grain),
    active_users: ofGrain(activeUsersRelation, grain),
    newcomers: ofGrain(newcomersRelation, grain),
  };
}

export type RelationName = keyof ReturnType<typeof relations>;

/**
 * A fact's query, preceded by the relations that it names, directly or by way of others, as common table expressions.
 * Relations in `given` exist in the engine already (the embedded one keeps some in tables) and are left out.
 */
export function factQuery(name: AnyFactName, options: RelationOptions, given: readonly RelationName[] = []): string {
  const query = ofGrain(allFacts[name].sql.trim(), options.grain);
  return withExpressions(query, expressionsOf(query, options, given));
}

/** The rows of a relation, as factQuery has them. */
export function relationQuery(name: RelationName, options: RelationOptions, given: readonly RelationName[] = []): string {
  const query = relations(options)[name].trim();
  return withExpressions(query, expressionsOf(query, options, given));
}

/** The queries of several facts as one statement, whose answer parseFacts takes apart. */
export function factsQuery(names: readonly AnyFactName[], options: RelationOptions): string {
  const query = wholeStatement(Object.fromEntries(names.map((name) => [name, ofGrain(allFacts[name].sql, options.grain)])));
  return withExpressions(query, expressionsOf(query, options));
}

/** The queries of all facts of several scopes as one statement, whose answer parseScopes takes apart. */
export function scopesQuery(scopes: readonly Scope[], options: Pick<RelationOptions, 'firstTestsView'>): string {
  const queries = scopes.flatMap((scope) =>
    scope.facts.map((fact) => [partName(scope, fact), inScope(ofGrain(allFacts[fact].sql, scope.grain), scope)]),
  );
  const expressions = scopes.flatMap((scope) => {
    const { repeatsDates } = scope.window;
    const read = scope.facts.map((fact) => allFacts[fact].sql).join('\n');
    const found = expressionsOf(read, { ...options, repeatsDates, grain: scope.grain });
    return found.map(([relation, sql]) => [partName(scope, relation), inScope(sql, scope)] as const);
  });
  return withExpressions(wholeStatement(Object.fromEntries(queries)), expressions);
}

/** A query that reads the relations of its scope, by names of their own, and binds its parameters. */
function inScope(sql: string, { name }: Pick<Scope, 'name'>): string {
  if (name === 'day') return sql;
  const named = sql.replaceAll(
    new RegExp(`\\b(FROM|JOIN) (${relationNames.join('|')})\\b(?! AS)`, 'g'),
    (_, verb, relation) => `${verb} ${relation}_${name} AS ${relation}`,
  );
  return named.replaceAll(/@(\w+)/g, (all, parameter) => (sharedParameters.includes(parameter) ? all : `@${parameter}_${name}`));
}

const relationNames = Object.keys(relations({ repeatsDates: false })) as RelationName[];

/** The relations that a query names, directly or by way of others, in the order of their dependence. */
function expressionsOf(query: string, options: RelationOptions, given: readonly RelationName[] = []): [RelationName, string][] {
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

function withExpressions(query: string, expressions: readonly (readonly [string, string])[]): string {
  if (expressions.length === 0) return query;
  return `WITH ${expressions.map(([name, sql]) => `${name} AS (\n${sql}\n)`).join(',\n')}\n${query}`;
}

/** SQL without its comments. */
function code(sql: string): string {
  return sql.replaceAll(/--.*$/gm, '');
}

/** Clocks of clients may be fast by this much, and zones be taken for UTC; a later time can't be right. */
const FUTURE_MS = 24 * 3_600_000;

/** The bounds of times, for queries of both engines that bind them: before `epoch` a created_at counts as none, from `future` on it can't be right. */
export function timeBounds(now: Date) {
  return {
    epoch: { type: 'TIMESTAMP', value: new Date(0) },
    future: { type: 'TIMESTAMP', value: new Date(now.getTime() + FUTURE_MS) },
  } as const;
}

/** Periods that count as "before": who was active in one of them returns. */
const MEMORY: Record<Grain, number> = { day: 28, week: 1, month: 1 };

/** Days from the beginning of a cohort to that of the last period of its report. */
const COHORT_DAYS: Record<Grain, number> = { day: 11, week: 77, month: 341 };

/** Bound alike in each scope. */
const sharedParameters: readonly string[] = ['epoch', 'future', 'time_zone'];

/** The parameters that relations and facts bind, by name: dates, instants, the zone's name and numbers. `now` is when they are counted. */
export function factParameters(window: Window, now: Date, grain: Grain = 'day') {
  return {
    ...timeBounds(now),
    time_zone: { type: 'STRING', value: window.timeZone },
    first_day: { type: 'DATE', value: window.firstDay },
    last_day: { type: 'DATE', value: window.lastDay },
    scan_from: { type: 'TIMESTAMP', value: window.scanFrom },
    scan_until: { type: 'TIMESTAMP', value: window.scanUntil },
    memory: { type: 'INT64', value: MEMORY[grain] },
    cohort_days: { type: 'INT64', value: COHORT_DAYS[grain] },
  } as const;
}

type FactParameters = ReturnType<typeof factParameters>;
export type FactParameter = FactParameters[keyof FactParameters];

/** The parameters of scopesQuery. */
export function scopeParameters(scopes: readonly Scope[], now: Date): Record<string, FactParameter> {
  return Object.fromEntries(
    scopes.flatMap((scope) =>
      Object.entries(factParameters(scope.window, now, scope.grain)).map(([name, parameter]) => [
        sharedParameters.includes(name) ? name : partName(scope, name),
        parameter,
      ]),
    ),
  );
}

/** Names of the parameters that a query binds. */
export function parametersOf(sql: string): string[] {
  return [...new Set(Array.from(code(sql).matchAll(/@(\w+)/g), ([, name = '']) => name))];
}
