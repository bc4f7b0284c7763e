import type { Config } from './config';
import type { Engine } from './engine';
import type { Log } from './log';

/**
 * What an engine is opened for: an export reads the source and writes the warehouse, a dry run only reads the source, a read only reads the
 * warehouse, and a write only writes it.
 */
export type Access = 'export' | 'dry-run' | 'read' | 'write';
export type OpenEngine = (access: Access, waiting?: Waiting) => Promise<Engine>;

/** How a warehouse file is waited for that another process has open; a Run says it too. */
export interface Waiting {
  /** Ends the wait. */
  signal?: AbortSignal;
  /** Told once, if the wait is noticeable. */
  log?: Log;
  /** Milliseconds; 30 s if left out. */
  forMs?: number;
}

/**
 * Opens the engine that the settings name. Each adapter, and the SDK behind it, is loaded on first use. The embedded engine is opened
 * for each run, so that its file is free in between; BigQuery's is made once, and remembers what it has learnt of the tables.
 */
export function createOpener({ warehouse }: Config, now: () => Date): OpenEngine {
  let bigQuery: Promise<Engine> | undefined;
  return async (access, waiting) => {
    if (warehouse.engine === 'duckdb') {
      const { openDuckDb } = await import('./adapters/duckdb');
      return openDuckDb({ config: warehouse, access, now: now(), waiting });
    }
    bigQuery ??= import('./adapters/bigquery').then(({ createBigQuery }) => createBigQuery({ config: warehouse, now }));
    return bigQuery;
  };
}
