import { existsSync } from 'node:fs';
import { timeBounds } from '../../metrics/facts/parameters';
import { furtherTableNames } from '../../metrics/tables';
import type { DuckDbConfig } from '../../platform/config';
import { Failure } from '../../platform/failure';
import { isSameFile } from '../../platform/files';
import type { Access, Engine, Run, Waiting } from '../engine';
import type { Binding } from '../identity';
import { parseSourceCounts, selectSourceCounts } from '../source-sql';
import { type Database, duckDbValues, openDatabase, toEngineFailure } from './connection';
import { countFact, countFreshness, countReleaseFacts, countReports } from './count';
import { attachWarehouse, isThere, makeWarehouse, requireRoom } from './file';
import { openSource, type Source } from './source';
import {
  appendRuns,
  checkTables,
  deleteReports,
  inspectTables,
  publish,
  readAnnotations,
  readFurther,
  readIdentity,
  readRelease,
  readReportStates,
  readReports,
  readRuns,
  replaceAnnotations,
  writeRelease,
} from './warehouse';

/** Reports written in one transaction. */
const GROUPS = { reports: 50, atOnce: 1 };

export interface DuckDbDeps {
  config: DuckDbConfig;
  access: Access;
  now: Date;
  /** What the first write binds the file to; null or left out: nothing. */
  binding?: Binding | null;
  waiting?: Waiting | undefined;
}

/**
 * Opens the embedded engine. Refuses a source that can't be read. Waits while another process has the warehouse file open. Creates the
 * warehouse file only when there is something to write.
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
    // locks an existing file before the work, not after it
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

/** By warehouse file: ends with the last turn that was requested. */
const turns = new Map<string, Promise<void>>();

/**
 * Waits until nothing else in this process uses the file. DuckDB's lock keeps out other processes, but not a second database in the same
 * process: two requests at the same time would overwrite each other's data.
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
  /** Whether the warehouse file is attached. */
  attached: boolean;
  binding: Binding | null;
}

function createEngine(database: Database, source: Source | null, { now, warehouse, attached, binding }: EngineOptions): Engine {
  const counting = { database, source, now };
  /** Attaches the warehouse if it exists. Returns whether it is attached. */
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
    await attach(run).catch(() => false); // the data is written; the next call that needs the file tries again
    return made.result;
  };
  return {
    prepare: async () => {
      if (!attached) requireRoom(warehouse);
      await checkTables(database);
      return new Map();
    },
    furtherTables: async () => new Set(furtherTableNames),
    readFacts: (window, run) =>
      interruptible(database, run.signal, async () => ({
        facts: await countReports(counting, window),
        bytesProcessed: null,
      })),
    readReleaseFacts: (window, grain, run) =>
      interruptible(database, run.signal, async () => ({
        facts: await countReleaseFacts(counting, { window, grain }),
        bytesProcessed: null,
      })),
    readSpan: (window, run) =>
      interruptible(database, run.signal, async () => {
        return countFact(counting, 'span', { window, grain: 'day' });
      }),
    readFreshness: (window, run) =>
      interruptible(database, run.signal, async () => {
        return { rows: await countFreshness(counting, window), bytesProcessed: null };
      }),
    price: null,
    groups: GROUPS,
    publish: (reports, run) => interruptible(database, run.signal, () => write(() => publish(database, reports, binding), run)),
    repair: async () => {}, // not needed: one transaction writes all tables of a date
    deleteReports: (from, to, run) => interruptible(database, run.signal, () => deleteReports(database, from, to)),
    readRelease: async (grain, from, to) => (attached ? failing(readRelease(database, grain, from, to)) : []),
    writeRelease: (row, options, run) =>
      interruptible(database, run.signal, () => write(() => writeRelease(database, row, options, binding), run)),
    appendRuns: async (rows, run) => {
      if (await attach(run)) await appendRuns(database, rows, run.id); // otherwise the run failed before a warehouse existed
    },
    readReports: (from, to) => failing(readReports(database, from, to)),
    readFurther: (tables, from, to) => failing(readFurther(database, tables, from, to)),
    readReportStates: (from, to) => failing(readReportStates(database, from, to)),
    readRuns: (filter) => failing(readRuns(database, filter)),
    readAnnotations: async () => (attached ? failing(readAnnotations(database)) : []),
    replaceAnnotations: (annotations, run) =>
      interruptible(database, run.signal, () => write(() => replaceAnnotations(database, annotations), run)),
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

/** Converts an error of the engine to a Failure. */
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
