import type { Config } from './config';
import type { Engine } from './engine';

/** What an engine is opened for: an export reads the source and writes the warehouse, a dry run only reads the source, a read only the warehouse. */
export type Access = 'export' | 'dry-run' | 'read';
export type OpenEngine = (access: Access) => Promise<Engine>;

/**
 * Opens the engine that the settings name. Each adapter, and the SDK behind it, is loaded on first use. The embedded engine is opened
 * for each run, so that its file is free in between; BigQuery's is made once, and remembers what it has learnt of the tables.
 */
export function createOpener({ warehouse }: Config, now: () => Date): OpenEngine {
  let bigQuery: Promise<Engine> | undefined;
  return async (access) => {
    if (warehouse.engine === 'duckdb') {
      const { openDuckDb } = await import('./adapters/duckdb');
      return openDuckDb({ config: warehouse, access, now: now() });
    }
    bigQuery ??= import('./adapters/bigquery').then(({ createBigQuery }) => createBigQuery({ config: warehouse, now }));
    return bigQuery;
  };
}
