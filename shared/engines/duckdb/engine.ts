import { existsSync } from 'node:fs';
import type { DuckDBValue } from '@duckdb/node-api';
import { addDays, daysWindow, type ReportWindow, type Window } from '../../metrics/calendar';
import {
  type AnyFactName,
  type CountedFacts,
  type FactParameter,
  factParameters,
  factQuery,
  factsByPeriod,
  gatherScopes,
  parametersOf,
  parseFactRows,
  type RelationName,
  type ReleaseFacts,
  relationQuery,
  relations,
  releaseFactNames,
  scopesOf,
  timeBounds,
} from '../../metrics/facts/facts';
import { addPeriods, type Grain } from '../../metrics/grain';
import { furtherTableNames, publishedTableDefinitions } from '../../metrics/tables';
import type { DuckDbConfig } from '../../platform/config';
import { Failure } from '../../platform/failure';
import { isSameFile } from '../../platform/files';
import type { Access, Engine, Run, Waiting } from '../engine';
import type { Binding } from '../identity';
import { parseSourceCounts, selectSourceCounts } from '../source-sql';
import { type Database, dateTimeMacro, duckDbValues, openDatabase, toEngineFailure } from './connection';
import { attachWarehouse, isThere, makeWarehouse, requireRoom } from './file';
import { openSource, type Source } from './source';
import {
  appendRuns,
  checkTable,
  deleteReports,
  inspectTables,
  publish,
  putRelease,
  readFurther,
  readIdentity,
  readRelease,
  readReportStates,
  readReports,
  readRuns,
} from './warehouse';

/** Relations that are kept in temporary tables, because several facts read them. */
const MATERIALIZED = ['attempts', 'accounts', 'first_tests', 'active_users'] as const satisfies RelationName[];

/** Reports that are written in one transaction. */
const GROUPS = { reports: 50, atOnce: 1 };

/** Periods that are counted at once: about a month. */
const PERIODS_AT_ONCE: Record<Grain, number> = { day: 31, week: 5, month: 1 };

export interface DuckDbDeps {
  config: DuckDbConfig;
  access: Access;
  now: Date;
  /** What the file is bound to by what is written first; null or left out: nothing. */
  binding?: Binding | null;
  waiting?: Waiting | undefined;
}

/**
 * Opens the embedded engine. Refuses a source that can't be read, and waits for a warehouse file that another process has open; creates
 * the warehouse file only when there is something to write.
 */
export async function openDuckDb({ config, access, now, binding = null, waiting = {} }: DuckDbDeps): Promise<Engine> {
  if ((access === 'read' || access === 'write') && !isThere(config.warehouse)) {
    throw new Failure(
      'BAD_CONFIG',
      `warehouse ${config.warehouse} ${existsSync(config.warehouse) ? 'is an empty file' : 'does not exist'}; export a date first, or name another with --warehouse`,
    );
  }
  if (config.source?.kind === 'path' && isSameFile(config.source.path, config.warehouse))
    throw new Failure('BAD_CONFIG', 'KPI_SOURCE (--source): the same file as the warehouse; expected two');
  const endTurn = access === 'dry-run' ? () => {} : await takeTurn(config.warehouse);
  const database = await openDatabase().catch((thrown) => {
    endTurn();
    throw toEngineFailure(thrown);
  });
  try {
    const readsSource = access === 'export' || access === 'dry-run';
    const source = readsSource && config.source !== null ? await openSource(database, config.source, now) : null;
    // an existing file is locked now rather than after the work
    const attached = access !== 'dry-run' && isThere(config.warehouse);
    if (attached)
      await attachWarehouse(database, config.warehouse, { readOnly: access !== 'export' && access !== 'write' }, waiting);
    const engine = createEngine(database, source, { now, warehouse: config.warehouse, attached, binding });
    return { ...engine, close: () => engine.close().finally(endTurn) };
  } catch (thrown) {
    database.close();
    endTurn();
    throw toEngineFailure(thrown);
  }
}

/** By warehouse file, the end of the last turn that was asked for. */
const turns = new Map<string, Promise<void>>();

/**
 * Waits until nobody else in this process has the file. DuckDB's lock keeps other processes out, but not a second database of the same
 * process, as two requests at once would make: both would write over each other.
 */
async function takeTurn(path: string): Promise<() => void> {
  const before = turns.get(path);
  let end = () => {};
  const turn = new Promise<void>((resolve) => {
    end = resolve;
  });
  turns.set(path, turn);
  await before;
  return () => {
    if (turns.get(path) === turn) turns.delete(path);
    end();
  };
}

interface EngineOptions {
  now: Date;
  warehouse: string;
  /** Whether the warehouse's file is. */
  attached: boolean;
  binding: Binding | null;
}

function createEngine(database: Database, source: Source | null, { now, warehouse, attached, binding }: EngineOptions): Engine {
  const counting = { database, source, now };
  /** Whether there is a warehouse, which is attached then. */
  const attach = async (run: Run): Promise<boolean> => {
    if (!attached && isThere(warehouse)) {
      await attachWarehouse(database, warehouse, { readOnly: false }, run);
      attached = true;
    }
    return attached;
  };
  const write = async <Result>(work: () => Promise<Result>, run: Run): Promise<Result> => {
    if (await attach(run)) return work();
    const made = await makeWarehouse(database, warehouse, work);
    if (made === null) return write(work, run);
    await attach(run).catch(() => false); // it is written; whoever needs the file next tries again
    return made.result;
  };
  return {
    prepare: async () => {
      if (!attached) requireRoom(warehouse);
      for (const definition of Object.values(publishedTableDefinitions)) await checkTable(database, definition);
      return new Map();
    },
    furtherTables: async () => new Set(furtherTableNames),
    readFacts: (window, run) =>
      interruptible(database, run.signal, async () => ({
        facts: await countReports(counting, window),
        bytesProcessed: null,
      })),
    readReleaseFacts: (window, run) =>
      interruptible(database, run.signal, async () => ({
        facts: await countReleaseFacts(counting, window),
        bytesProcessed: null,
      })),
    readSpan: (window, run) =>
      interruptible(database, run.signal, async () => {
        return countFact(counting, 'span', { window, grain: 'day' });
      }),
    readFreshness: (window, run) =>
      interruptible(database, run.signal, async () => {
        const span: Span = { window, grain: 'day' };
        await materialize(counting, ['attempts'], span);
        return { rows: await countFact(counting, 'freshness', span), bytesProcessed: null };
      }),
    price: null,
    groups: GROUPS,
    publish: (reports, run) => interruptible(database, run.signal, () => write(() => publish(database, reports, binding), run)),
    repair: async () => {}, // a transaction has all tables of a date
    deleteReports: (from, to, run) => interruptible(database, run.signal, () => deleteReports(database, from, to)),
    readRelease: async (from, to) => (attached ? failing(readRelease(database, from, to)) : []),
    putRelease: (row, options, run) =>
      interruptible(database, run.signal, () => write(() => putRelease(database, row, options, binding), run)),
    appendRuns: async (rows, run) => {
      if (await attach(run)) await appendRuns(database, rows, run.id); // else the run failed, and there is no warehouse to say so in
    },
    readReports: (from, to) => failing(readReports(database, from, to)),
    readFurther: (tables, from, to) => failing(readFurther(database, tables, from, to)),
    readReportStates: (from, to) => failing(readReportStates(database, from, to)),
    readRuns: (filter) => failing(readRuns(database, filter)),
    inspectSource: (table, _, run) =>
      interruptible(database, run.signal, async () => {
        const { epoch, future } = timeBounds(now);
        const bounds = { epoch: duckDbValues.TIMESTAMP(epoch.value), future: duckDbValues.TIMESTAMP(future.value) };
        const [row] = await database.rows(selectSourceCounts(table).replaceAll('@', '$'), bounds).catch(async (thrown) => {
          throw (await source?.blame(thrown)) ?? thrown;
        });
        return { bytes: null, counts: parseSourceCounts(row) };
      }),
    inspectWarehouse: async ({ release }) => [
      { name: 'file', exists: attached, failure: null, mayWrite: attached || canBeMade(warehouse), keepsDays: null },
      ...(attached ? await inspectTables(database, { release }) : []),
    ],
    readIdentity: async () => (attached ? failing(readIdentity(database)) : null),
    close: async () => database.close(),
  };
}

/** The same, with a Failure for the engine's error. */
function failing<Result>(work: Promise<Result>): Promise<Result> {
  return work.catch((thrown) => {
    throw toEngineFailure(thrown);
  });
}

function canBeMade(path: string): boolean {
  try {
    requireRoom(path);
    return true;
  } catch {
    return false;
  }
}

async function interruptible<Result>(database: Database, signal: AbortSignal, work: () => Promise<Result>): Promise<Result> {
  const interrupt = () => database.interrupt();
  signal.addEventListener('abort', interrupt);
  try {
    if (signal.aborted) throw new Failure('TIMEOUT', 'the run was stopped before it had finished');
    return await work();
  } catch (thrown) {
    throw toEngineFailure(thrown);
  } finally {
    signal.removeEventListener('abort', interrupt);
  }
}

/** What facts are counted with. */
interface Counting {
  database: Database;
  source: Source | null;
  now: Date;
}

/** A window, and by which periods it is counted. */
interface Span {
  window: Window;
  grain: Grain;
}

async function countFact<Name extends AnyFactName>(counting: Counting, name: Name, { window, grain }: Span) {
  const sql = factQuery(name, { ...window, grain }, MATERIALIZED);
  return parseFactRows(name, await query(counting, sql, { window, grain }));
}

/**
 * Scope by scope. What a period's rows depend on alone is counted a few periods at a time, which bounds the memory that a long range takes;
 * of these rows only who was active when is kept, until it is counted who came back.
 */
async function countReports(counting: Counting, window: ReportWindow): Promise<CountedFacts> {
  const scopes = scopesOf(window);
  const first = scopes.map((scope) => scope.window.firstDay).sort()[0] ?? window.firstDay;
  await materialize(counting, ['accounts', 'first_tests'], {
    window: daysWindow(first, window.lastDay, window.timeZone),
    grain: 'day',
  });
  const rows = new Map<string, unknown[]>();
  for (const scope of scopes) {
    const count = async (fact: AnyFactName, span: Span) => {
      const name = `${fact} ${scope.name}`;
      rows.set(name, (rows.get(name) ?? []).concat(await countFact(counting, fact, span)));
    };
    const wants = (fact: AnyFactName) => (scope.facts as readonly string[]).includes(fact);
    const byPeriod = factsByPeriod.filter(wants);
    const keepsVisits = wants('audience');
    if (keepsVisits)
      await query(counting, 'CREATE OR REPLACE TABLE active_users (day DATE, number BIGINT, user_id VARCHAR)', scope);
    for (const piece of piecesOf(scope)) {
      if (byPeriod.length > 0) await materialize(counting, ['attempts'], piece);
      for (const fact of byPeriod) await count(fact, piece);
      const given: RelationName[] = byPeriod.length > 0 ? ['attempts'] : [];
      if (keepsVisits)
        await query(
          counting,
          `INSERT INTO active_users\n${relationQuery('active_users', { ...piece.window, grain: piece.grain }, given)}`,
          piece,
        );
    }
    for (const fact of scope.facts) if (!(factsByPeriod as readonly string[]).includes(fact)) await count(fact, scope);
  }
  await query(counting, 'DROP TABLE IF EXISTS active_users', scopes[0] ?? { window, grain: 'day' });
  return gatherScopes(scopes, ({ name }, fact) => rows.get(`${fact} ${name}`) ?? []);
}

async function countReleaseFacts(counting: Counting, window: Window): Promise<ReleaseFacts> {
  const facts: ReleaseFacts = { release_tests: [], release_errors: [], release_sessions: [] };
  for (const piece of piecesOf({ window, grain: 'day' })) {
    await materialize(counting, ['attempts'], piece);
    for (const name of releaseFactNames) facts[name].push(...((await countFact(counting, name, piece)) as never[]));
  }
  return facts;
}

/** A long window as shorter ones of whole periods that follow each other. */
function piecesOf({ window, grain }: Span): Span[] {
  const { firstDay, lastDay, timeZone } = window;
  const pieces: Span[] = [];
  for (let start = firstDay; start <= lastDay; start = addPeriods(start, PERIODS_AT_ONCE[grain], grain)) {
    const [last = lastDay] = [addDays(addPeriods(start, PERIODS_AT_ONCE[grain], grain), -1), lastDay].sort();
    pieces.push({ window: daysWindow(start, last, timeZone), grain });
  }
  return pieces;
}

/** Keeps relations in tables. */
async function materialize(counting: Counting, names: readonly (typeof MATERIALIZED)[number][], span: Span): Promise<void> {
  for (const name of names) {
    const sql = relations({ ...span.window, grain: span.grain })[name];
    await query(counting, `CREATE OR REPLACE TABLE ${name} AS\n${sql}`, span);
  }
}

/** Runs a query that binds the parameters of a window. */
async function query({ database, source, now }: Counting, sql: string, { window, grain }: Span) {
  try {
    await database.run(dateTimeMacro(window));
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
