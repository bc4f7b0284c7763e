import * as z from 'zod';
import type { Window } from '../calendar';
import { sourceTableNames } from '../source-contract';
import activity from './activity.sql';
import freshness from './freshness.sql';
import intake from './intake.sql';
import misdated from './misdated.sql';
import people from './people.sql';
import accountsRelation from './relations/accounts.sql';
import attemptsRelation from './relations/attempts.sql';
import firstTestsRelation from './relations/first_tests.sql';
import firstTestsByRowRelation from './relations/first_tests_by_row.sql';
import firstTestsFromViewRelation from './relations/first_tests_from_view.sql';
import measurementsRelation from './relations/measurements.sql';
import peopleRelation from './relations/people.sql';
import releaseErrors from './release_errors.sql';
import releaseSessions from './release_sessions.sql';
import releaseTests from './release_tests.sql';
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
      duplicates: Count,
    }),
  },
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
export type Facts = { [Name in FactName]: FactRow<Name>[] };

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

const allFacts = { ...facts, ...releaseFacts, ...spanFact, ...freshnessFact };
export type AnyFactName = keyof typeof allFacts;
export type FactRow<Name extends AnyFactName> = z.infer<(typeof allFacts)[Name]['row']>;

/** Facts whose rows of a day depend on that day alone, so that a long window may be read in pieces. The others need the whole history. */
export const factsByDay = ['activity', 'sessions', 'intake'] as const satisfies FactName[];

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

export interface RelationOptions extends Pick<Window, 'repeatsDates'> {
  /** source_first_tests exists and is read instead of the history. */
  firstTestsView?: boolean;
}

/**
 * The relations that facts read, in the order of their dependence. They are defined once, out of `source_users` and `source_measurements`
 * alone, so that time zone, cut-off and what is rejected live in one text.
 */
export function relations({ repeatsDates, firstTestsView = false }: RelationOptions) {
  return {
    attempts: attemptsRelation,
    measurements: measurementsRelation,
    accounts: accountsRelation,
    first_tests: firstTestsView ? firstTestsFromViewRelation : repeatsDates ? firstTestsByRowRelation : firstTestsRelation,
    people: peopleRelation,
  };
}

export type RelationName = keyof ReturnType<typeof relations>;

/**
 * A fact's query, preceded by the relations that it names, directly or by way of others, as common table expressions.
 * Relations in `given` exist in the engine already (the embedded one keeps some in temporary tables) and are left out.
 */
export function factQuery(name: AnyFactName, options: RelationOptions, given: readonly RelationName[] = []): string {
  return withRelations(allFacts[name].sql.trim(), options, given);
}

/** The queries of several facts as one statement, whose answer parseFacts takes apart. */
export function factsQuery(names: readonly AnyFactName[], options: RelationOptions): string {
  return withRelations(wholeStatement(Object.fromEntries(names.map((name) => [name, allFacts[name].sql]))), options);
}

function withRelations(query: string, options: RelationOptions, given: readonly RelationName[] = []): string {
  const texts = Object.entries(relations(options)) as [RelationName, string][];
  const wanted = new Set<RelationName>();
  let readers = code(query);
  for (const [relation, text] of texts.toReversed()) {
    if (!new RegExp(`\\b(FROM|JOIN) ${relation}\\b`).test(readers) || given.includes(relation)) continue;
    wanted.add(relation);
    readers += code(text);
  }
  const expressions = texts
    .filter(([relation]) => wanted.has(relation))
    .map(([relation, text]) => `${relation} AS (\n${text.trim()}\n)`);
  return expressions.length === 0 ? query : `WITH ${expressions.join(',\n')}\n${query}`;
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

/** The parameters that relations and facts bind, by name: dates, instants and the zone's name. `now` is when they are counted. */
export function factParameters(window: Window, now: Date) {
  return {
    ...timeBounds(now),
    time_zone: { type: 'STRING', value: window.timeZone },
    first_day: { type: 'DATE', value: window.firstDay },
    last_day: { type: 'DATE', value: window.lastDay },
    scan_from: { type: 'TIMESTAMP', value: window.scanFrom },
    scan_until: { type: 'TIMESTAMP', value: window.scanUntil },
  } as const;
}

export type FactParameters = ReturnType<typeof factParameters>;

/** Names of the parameters that a query binds. */
export function parametersOf(sql: string): (keyof FactParameters)[] {
  return [...new Set(Array.from(code(sql).matchAll(/@(\w+)/g), ([, name]) => name as keyof FactParameters))];
}
