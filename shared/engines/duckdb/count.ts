import type { DuckDBValue } from '@duckdb/node-api';
import { addDays, type CalendarDate, daysWindow, type ReportWindow, type Window } from '../../metrics/calendar';
import {
  type AnyFactName,
  type CountedFacts,
  type FactRow,
  parseFactRows,
  type ReleaseFacts,
  releaseFactNames,
} from '../../metrics/facts/facts';
import { type FactParameter, factParameters } from '../../metrics/facts/parameters';
import { factQuery, parametersOf, type RelationName, relationQuery } from '../../metrics/facts/relations';
import { gatherScopes, type Scope, scopesOf } from '../../metrics/facts/scopes';
import { type Grain, periodEnd, periodStart } from '../../metrics/grain';
import { type Database, dateTimeMacro, duckDbValues } from './connection';
import type { Source } from './source';

/** What counting needs. */
export interface Counting {
  database: Database;
  source: Source | null;
  now: Date;
}

/** A window, and the periods it is counted by. */
interface Span {
  window: Window;
  grain: Grain;
}

/** Relations stored as tables, because several facts read them. */
const KEPT = [
  'measurement_rows',
  'outcome_days',
  'accounts',
  'first_tests',
  'people',
  'user_days',
  'user_periods',
  'active_users',
] as const satisfies RelationName[];

/** Facts that are counted once all days of their periods are read. The others come last. */
const ofPeriods = ['activity', 'sessions', 'repeats'] as const;

/** Most days read at once, which limits the memory of a long range. */
const DAYS_AT_ONCE = 31;

/**
 * Counts all facts of a window's scopes. Reads the days once, a month at a time. Tests are kept until their week and month are counted, and
 * who was active in a period until returning users are counted.
 */
export async function countReports(counting: Counting, window: ReportWindow): Promise<CountedFacts> {
  const { database } = counting;
  const scopes = scopesOf(window);
  const rows = new Map<string, unknown[]>();
  const count = async (scope: Scope, fact: AnyFactName, span: Span) => {
    const name = `${fact} ${scope.name}`;
    rows.set(name, (rows.get(name) ?? []).concat(await countFact(counting, fact, span)));
  };
  const whole: Span = { window: daysWindow(firstDayOf(scopes), window.lastDay, window.timeZone), grain: 'day' };
  for (const relation of ['accounts', 'first_tests'] as const) await keep(counting, relation, whole);
  await keep(counting, 'people', whole, { given: ['accounts', 'first_tests'] });
  const visited = scopes.filter((scope) => wants(scope, 'audience'));
  for (const { name } of visited)
    await database.run(`CREATE OR REPLACE TABLE active_users_${name} (day DATE, number BIGINT, user_id VARCHAR)`);

  const addActiveUsers = async ({ name, grain }: Scope, span: Span, given: RelationName[]) => {
    const rows = relationQuery('active_users', { ...span.window, grain }, given);
    await query(counting, `INSERT INTO active_users_${name}\n${rows}`, span);
  };
  const counted = new Map(scopes.map((scope) => [scope, scope.window.firstDay]));
  let leftFrom: CalendarDate | null = null;
  let readFrom: CalendarDate | null = null;
  for (const piece of piecesOf(scopes, whole.window)) {
    if (!scopes.some((scope) => readsRows(scope) && overlaps(scope.window, piece.window))) {
      for (const scope of visited.filter(({ window }) => overlaps(window, piece.window))) {
        await addActiveUsers(scope, piece, []);
        counted.set(scope, addDays(piece.window.lastDay, 1));
      }
      continue;
    }
    await keep(counting, 'measurement_rows', piece, { leftFrom });
    await keep(counting, 'outcome_days', piece, { given: ['measurement_rows'], leftFrom: readFrom });
    await keep(counting, 'user_days', piece, { given: ['measurement_rows'], leftFrom });
    readFrom ??= piece.window.firstDay;
    for (const scope of scopes) {
      const from = counted.get(scope) ?? scope.window.firstDay;
      const to = lastWholeDay(scope, piece.window.lastDay);
      if (to < from) continue;
      const span = spanOf(scope, from, to);
      await keep(counting, 'user_periods', span, { given: ['user_days'] });
      for (const fact of ofPeriods) if (wants(scope, fact)) await count(scope, fact, span);
      if (visited.includes(scope)) await addActiveUsers(scope, span, ['user_periods']);
      counted.set(scope, addDays(to, 1));
    }
    const [uncounted = ''] = [...counted.values()].sort();
    leftFrom = uncounted <= piece.window.lastDay ? uncounted : null; // the first day of a period that ends in a later piece
  }

  const early: readonly string[] = ofPeriods;
  for (const scope of scopes) {
    if (visited.includes(scope)) await database.run(`CREATE OR REPLACE VIEW active_users AS FROM active_users_${scope.name}`);
    for (const fact of scope.facts) if (!early.includes(fact)) await count(scope, fact, scope);
  }
  await database.run('DROP VIEW IF EXISTS active_users');
  for (const { name } of visited) await database.run(`DROP TABLE active_users_${name}`);
  return gatherScopes(scopes, ({ name }, fact) => rows.get(`${fact} ${name}`) ?? []);
}

/** Counts how many people each number of the window's periods comes from, a few whole periods at a time. */
export async function countReleaseFacts(counting: Counting, { window, grain }: Span): Promise<ReleaseFacts> {
  const facts: ReleaseFacts = { release_tests: [], release_errors: [], release_sessions: [] };
  for (let from = window.firstDay; from <= window.lastDay; ) {
    const whole = lastWholeDay({ window, grain }, addDays(from, DAYS_AT_ONCE - 1));
    const to = whole < from ? window.lastDay : whole; // makes sure that the loop ends
    const piece: Span = { window: daysWindow(from, to, window.timeZone), grain };
    from = addDays(to, 1);
    await keep(counting, 'measurement_rows', piece);
    for (const name of releaseFactNames) facts[name].push(...((await countFact(counting, name, piece)) as never[]));
  }
  return facts;
}

export async function countFreshness(counting: Counting, window: Window): Promise<FactRow<'freshness'>[]> {
  await keep(counting, 'measurement_rows', { window, grain: 'day' });
  return countFact(counting, 'freshness', { window, grain: 'day' });
}

export async function countFact<Name extends AnyFactName>(counting: Counting, name: Name, { window, grain }: Span) {
  const sql = factQuery(name, { ...window, grain }, KEPT);
  return parseFactRows(name, await query(counting, sql, { window, grain }));
}

/** Whether a scope needs more than who was active. */
function readsRows(scope: Scope): boolean {
  return wants(scope, 'activity');
}

function wants({ facts }: Scope, fact: AnyFactName): boolean {
  return (facts as readonly string[]).includes(fact);
}

/** The days from `from` to `to` that are in a scope's window. */
function spanOf({ grain, window }: Scope, from: CalendarDate, to: CalendarDate): Span {
  return { window: daysWindow(later(from, window.firstDay), earlier(to, window.lastDay), window.timeZone), grain };
}

/** The last day of the last whole period of a window that ends on or before `day`. */
function lastWholeDay({ grain, window }: Span, day: CalendarDate): CalendarDate {
  const last = earlier(day, window.lastDay);
  const start = periodStart(last, grain);
  return periodEnd(start, grain) === last ? last : addDays(start, -1);
}

/**
 * Splits a window into consecutive shorter ones, at the ends of months or of every fourth week, so that few periods lie in two of them. The first
 * reader of whole rows begins with a piece of its own.
 */
function piecesOf(scopes: readonly Scope[], { firstDay, lastDay, timeZone }: Window): Span[] {
  const firstRead = firstDayOf(scopes.filter(readsRows));
  const hasMonths = scopes.some(({ grain }) => grain === 'month');
  const pieces: Span[] = [];
  for (let from = firstDay; from <= lastDay; ) {
    const end = hasMonths ? periodEnd(periodStart(from, 'month'), 'month') : addDays(periodStart(from, 'week'), 27);
    const to = earlier(from < firstRead ? earlier(end, addDays(firstRead, -1)) : end, lastDay);
    pieces.push({ window: daysWindow(from, to, timeZone), grain: 'day' });
    from = addDays(to, 1);
  }
  return pieces;
}

function firstDayOf(scopes: readonly Scope[]): CalendarDate {
  return scopes.map(({ window }) => window.firstDay).sort()[0] ?? '';
}

function overlaps(one: Window, other: Window): boolean {
  return one.firstDay <= other.lastDay && other.firstDay <= one.lastDay;
}

function earlier(one: CalendarDate, other: CalendarDate): CalendarDate {
  return one < other ? one : other;
}

function later(one: CalendarDate, other: CalendarDate): CalendarDate {
  return one < other ? other : one;
}

/** Stores the rows of a relation as a table, after the rows of the table that it replaces from a day on. */
async function keep(
  counting: Counting,
  name: (typeof KEPT)[number],
  span: Span,
  { given = [], leftFrom = null }: { given?: readonly RelationName[]; leftFrom?: CalendarDate | null } = {},
): Promise<void> {
  const left = leftFrom === null ? '' : `SELECT * FROM ${name} WHERE day >= DATE '${leftFrom}'\nUNION ALL\n`;
  const sql = relationQuery(name, { ...span.window, grain: span.grain }, given);
  await query(counting, `CREATE OR REPLACE TABLE ${name} AS\n${left}SELECT * FROM (\n${sql}\n)`, span);
}

/** The current datetime macro of each database. */
const dateTimeMacros = new WeakMap<Database, string>();

async function defineDateTime(database: Database, window: Window): Promise<void> {
  const macro = dateTimeMacro(window);
  if (dateTimeMacros.get(database) === macro) return;
  await database.run(macro);
  dateTimeMacros.set(database, macro);
}

/** Runs a query that binds the parameters of a window. */
async function query({ database, source, now }: Counting, sql: string, { window, grain }: Span) {
  try {
    await defineDateTime(database, window);
    return await database.rows(sql.replaceAll('@', '$'), bind(sql, factParameters(window, now, grain)));
  } catch (thrown) {
    throw (await source?.blame(thrown)) ?? thrown;
  }
}

function bind(sql: string, parameters: Record<string, FactParameter>): Record<string, DuckDBValue> {
  return Object.fromEntries(
    parametersOf(sql).flatMap((name) => {
      const parameter = parameters[name];
      return parameter === undefined ? [] : [[name, bindable(parameter)]];
    }),
  );
}

function bindable(parameter: FactParameter): DuckDBValue {
  switch (parameter.type) {
    case 'TIMESTAMP':
      return duckDbValues.TIMESTAMP(parameter.value);
    case 'INT64':
      return parameter.value;
    default:
      return duckDbValues[parameter.type](parameter.value);
  }
}
