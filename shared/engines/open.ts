import type { Config } from '../platform/config';
import { Failure, toFailure } from '../platform/failure';
import type { Access, Engine, Waiting } from './engine';
import { bindingOf, continueWarehouse, requireKnownSource, type WarehouseIdentity } from './identity';

export type OpenEngine = (access: Access, waiting?: Waiting) => Promise<Engine>;

/**
 * Opens the engine that the settings name. Each adapter and its SDK is loaded on first use. The embedded engine is opened for each run, so
 * that its file is free in between. The BigQuery engine is created once and caches the state of the tables.
 */
export function createOpener(config: Config, now: () => Date): OpenEngine {
  const { warehouse } = config;
  let bigQuery: Promise<Engine> | undefined;
  return async (access, waiting) => {
    if (warehouse.engine === 'duckdb') {
      const { openDuckDb } = await loadDuckDb();
      return openDuckDb({ config: warehouse, access, now: now(), binding: bindingOf(config), waiting });
    }
    bigQuery ??= import('./bigquery/engine').then(({ createBigQuery }) => createBigQuery({ config: warehouse, now }));
    return bigQuery;
  };
}

let duckDb: Promise<typeof import('./duckdb/engine')> | undefined;

/** Loads the optional package, which is not deployed. Imported only once: in a bundle a second failing import gives another error. */
function loadDuckDb(): Promise<typeof import('./duckdb/engine')> {
  duckDb ??= import('./duckdb/engine').catch((cause) => {
    if (cause.code !== 'MODULE_NOT_FOUND') throw cause;
    throw new Failure(
      'BAD_CONFIG',
      'DuckDB, the embedded engine, is not installed; install the optional packages too, or name a warehouse bigquery:PROJECT.DATASET (--warehouse)',
      { cause },
    );
  });
  return duckDb;
}

/** Settings completed from the warehouse, and the function that opens it with them. */
export interface Settled {
  config: Config;
  openEngine: OpenEngine;
}

/** What settings are used for. An export needs the warehouse's own source. A comparison accepts any source and writes nothing. */
export type Purpose = 'export' | 'compare' | 'read';

/** Settings, some of which may come from the warehouse. Each call reads the warehouse, except timeZone() if a time zone is named. */
export interface Settler {
  timeZone(): Promise<string>;
  /** Throws BAD_CONFIG if the warehouse has reports of another source or time zone than the named one. */
  settle(): Promise<Settled>;
}

export function createSettler(named: Config, purpose: Purpose, now: () => Date, waiting?: Waiting): Settler {
  const open = createOpener(named, now);
  const settler: Settler = {
    timeZone: async () => (named.isNamed.timeZone ? named.timeZone : (await settler.settle()).config.timeZone),
    settle: async () => {
      const config = await settle(named, purpose, (access) => open(access, waiting));
      return { config, openEngine: config.warehouse.engine === 'bigquery' ? open : createOpener(config, now) };
    },
  };
  return settler;
}

/** Takes source and time zone from the warehouse if they aren't named. */
export async function settle(named: Config, purpose: Purpose, open: OpenEngine): Promise<Config> {
  const identity = await readIdentity(open);
  const config = await continueOrBlame(named, identity, purpose, open);
  return purpose === 'read' ? config : requireKnownSource(config, identity);
}

/** Reports a source that can't be opened before one that isn't the warehouse's, because a mistyped name is more likely. */
async function continueOrBlame(named: Config, identity: WarehouseIdentity | null, purpose: Purpose, open: OpenEngine) {
  try {
    return continueWarehouse(named, identity, { anySource: purpose === 'compare' });
  } catch (refused) {
    if (purpose !== 'read') await (await open('dry-run')).close();
    throw refused;
  }
}

async function readIdentity(open: OpenEngine, signal?: AbortSignal): Promise<WarehouseIdentity | null> {
  const engine = await open('read-if-exists');
  try {
    return await engine.readIdentity(signal);
  } catch (thrown) {
    const failure = toFailure(thrown);
    // no run records, or an account that may only write or only read the release: unknown, so nothing is refused
    if (failure.code === 'NOT_FOUND' || failure.code === 'ACCESS_DENIED') return null;
    throw failure;
  } finally {
    await engine.close();
  }
}
