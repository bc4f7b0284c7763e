import type { Config } from './config';
import type { Engine } from './engine';

/** What an engine is opened for: an export reads the source and writes the warehouse, a dry run only reads the source, a read only the warehouse. */
export type Access = 'export' | 'dry-run' | 'read';
export type OpenEngine = (access: Access) => Promise<Engine>;

/**
 * Opens the engine that the settings name. Each adapter, and the SDK behind it, is loaded on first use. The embedded engine is opened
 * for each run, so that its file is free in between, and for one run at a time: the lock on the file keeps out other processes only.
 * BigQuery's is made once, and remembers what it has learnt of the tables.
 */
export function createOpener({ warehouse }: Config, now: () => Date): OpenEngine {
  let bigQuery: Promise<Engine> | undefined;
  const turn = createTurns();
  return async (access) => {
    if (warehouse.engine === 'duckdb') {
      const { openDuckDb } = await import('./adapters/duckdb');
      return turn(() => openDuckDb({ config: warehouse, access, now: now() }));
    }
    bigQuery ??= import('./adapters/bigquery').then(({ createBigQuery }) => createBigQuery({ config: warehouse, now }));
    return bigQuery;
  };
}

/** Opens an engine only when the one before it is closed. */
function createTurns() {
  let free = Promise.resolve();
  return async function turn(open: () => Promise<Engine>): Promise<Engine> {
    const before = free;
    let finish = () => {};
    free = new Promise((resolve) => {
      finish = resolve;
    });
    await before;
    try {
      const engine = await open();
      return { ...engine, close: () => engine.close().finally(finish) };
    } catch (thrown) {
      finish();
      throw thrown;
    }
  };
}
