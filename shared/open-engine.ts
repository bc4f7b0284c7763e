import type { Access } from './adapters/duckdb';
import type { Config } from './config';
import type { Engine } from './engine';
import { Failure } from './failure';

/** Opens the engine that the settings name. Each adapter, and the SDK behind it, is loaded on first use only. */
export async function openEngine({ warehouse }: Config, access: Access, now: Date): Promise<Engine> {
  if (warehouse.engine === 'duckdb') {
    const { openDuckDb } = await import('./adapters/duckdb');
    return openDuckDb({ config: warehouse, access, now });
  }
  throw new Failure('BAD_CONFIG', 'the BigQuery engine is not part of this version; expected a warehouse duckdb:FILE');
}
