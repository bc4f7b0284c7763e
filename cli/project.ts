import type { Config } from '../shared/config';

/** Project of topics and subscriptions: the one named, that of a BigQuery warehouse, or the environment's. */
export function projectOf(named: string | undefined, { warehouse }: Config): string | undefined {
  return named ?? (warehouse.engine === 'bigquery' ? warehouse.project : process.env.GOOGLE_CLOUD_PROJECT);
}
