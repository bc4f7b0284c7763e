import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BigQuery, type Dataset } from '@google-cloud/bigquery';
import { PassThroughClient } from 'google-auth-library';
import { createBigQuery } from '../../shared/engines/bigquery/engine';
import type { Engine } from '../../shared/engines/engine';
import { type SourceColumnType, type SourceTable, sourceColumns, sourceTableNames } from '../../shared/metrics/source-contract';
import {
  annotationsDefinition,
  exportRunsDefinition,
  reportTableDefinitions,
  type TableDefinition,
} from '../../shared/metrics/tables';
import { infraSchema } from '../../shared/metrics/tables/infra-schema';
import { releaseDefinitions } from '../../shared/metrics/tables/release-tables';
import type { BigQueryConfig } from '../../shared/platform/config';
import { RELEASE_DATASET } from '../../shared/platform/config';
import { testPace } from './pace';

/** A real project, reached with the application default credentials, in which datasets may be made and dropped; else the emulator's. */
const realProject = process.env.BIGQUERY_TEST_ENDPOINT ? undefined : process.env.KPI_TEST_PROJECT;
const PROJECT = realProject ?? 'test';
const LOCATION = 'US';

/** `npm run test:integration` starts an emulator and names it in the environment (test/integration/emulators.ts). */
export const emulatorIsAvailable = Boolean(process.env.BIGQUERY_TEST_ENDPOINT ?? realProject);

export interface Emulator {
  /** Null: BigQuery itself. */
  endpoint: string | null;
  client: BigQuery;
}

/** The emulator at BIGQUERY_TEST_ENDPOINT, or else BigQuery itself for KPI_TEST_PROJECT. */
export function openEmulator(): Emulator {
  const endpoint = process.env.BIGQUERY_TEST_ENDPOINT || null;
  const client = new BigQuery({
    projectId: PROJECT,
    location: LOCATION,
    ...(endpoint !== null && { apiEndpoint: endpoint, authClient: new PassThroughClient() }),
    retryOptions: { autoRetry: false },
  });
  return { endpoint, client };
}

/** A warehouse in a dataset, and a source beside it. */
export interface Warehouse {
  dataset: string;
  /** Another instance of the program: it knows nothing of what the others have done. */
  newEngine(): Engine;
  /** The same warehouse with another source, out of users.ndjson and measurements.ndjson of a folder. */
  withSource(folder: string): Promise<Warehouse>;
  remove(): Promise<void>;
}

/** Makes the tables from their definitions. Tests may share them where they have dates of their own: making them takes an emulator seconds. */
export async function openWarehouse(
  { client, endpoint }: Emulator,
  sourceFolder: string,
  { tables = Object.values(reportTableDefinitions) }: { tables?: readonly TableDefinition[] } = {},
): Promise<Warehouse> {
  // an emulator that is busy breaks connections, and transactions of its own, now and then
  const dataset = await upTo(4, () => makeDataset(client, tables));
  const name = String(dataset.id);
  let sources = 0;
  const remove = async () => void (await dataset.delete({ force: true }));
  const withSource = async (folder: string): Promise<Warehouse> => {
    const suffix = sources++ === 0 ? '' : `_${sources}`;
    for (const table of sourceTableNames) await upTo(4, () => loadSource(dataset, folder, table, suffix));
    const [users, measurements] = sourceTableNames.map((table) => `${PROJECT}.${name}.${table}${suffix}`);
    const config: BigQueryConfig = {
      engine: 'bigquery',
      project: PROJECT,
      dataset: name,
      location: LOCATION,
      source: { users: String(users), measurements: String(measurements), firstTests: null },
      maxBytesBilled: null,
      endpoint,
    };
    const pace = { ...testPace, firstBackoffMs: 50, maxBackoffMs: 500, callMs: 60_000, maxRetryMs: 300_000, pollMs: 20 };
    return { dataset: name, newEngine: () => createBigQuery({ config, now: () => new Date(), pace }), withSource, remove };
  };
  try {
    return await withSource(sourceFolder);
  } catch (thrown) {
    await remove().catch(() => {});
    throw thrown;
  }
}

/** `work` with a warehouse of its own, which is gone afterwards. */
export async function inWarehouse<Result>(
  emulator: Emulator,
  sourceFolder: string,
  work: (warehouse: Warehouse) => Promise<Result>,
): Promise<Result> {
  const warehouse = await openWarehouse(emulator, sourceFolder);
  try {
    return await work(warehouse);
  } finally {
    await warehouse.remove();
  }
}

async function upTo<Result>(times: number, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (thrown) {
    if (times === 1) throw thrown;
    await sleep(200);
    return upTo(times - 1, work);
  }
}

/** A dataset with the tables; nothing where that fails. One after the other: at once, the emulator's transactions stand in each other's way. */
async function makeDataset(client: BigQuery, tables: readonly TableDefinition[]): Promise<Dataset> {
  const [dataset] = await client.createDataset(`kpi_test_${randomUUID().replaceAll('-', '')}`, { location: LOCATION });
  try {
    for (const definition of [...tables, exportRunsDefinition, annotationsDefinition])
      await dataset.createTable(definition.name, tableResource(definition));
    return dataset;
  } catch (thrown) {
    await dataset.delete({ force: true }).catch(() => {});
    throw thrown;
  }
}

/** The load makes the table. */
async function loadSource(dataset: Dataset, folder: string, table: SourceTable, suffix: string): Promise<void> {
  const fields = sourceColumns(table).map(([column, type]) => ({ name: column, type: sourceTypes[type], mode: 'NULLABLE' }));
  const format = { sourceFormat: 'NEWLINE_DELIMITED_JSON', schema: { fields }, location: LOCATION };
  const writeDisposition = 'WRITE_TRUNCATE'; // the first try may have filled it
  await dataset.table(`${table}${suffix}`).load(join(folder, `${table}.ndjson`), { ...format, writeDisposition });
}

/** The dataset of the release has one name, so tests may make it in an emulator only. */
export async function withRelease<Result>({ client, endpoint }: Emulator, work: () => Promise<Result>): Promise<Result> {
  if (endpoint === null) throw new Error('a project may have a release of its own');
  const [dataset] = await client.createDataset(RELEASE_DATASET, { location: LOCATION });
  try {
    for (const table of Object.values(releaseDefinitions)) await dataset.createTable(table.name, tableResource(table));
    return await work();
  } finally {
    await dataset.delete({ force: true });
  }
}

const sourceTypes: Record<SourceColumnType, string> = { id: 'STRING', instant: 'TIMESTAMP', text: 'STRING' };

/** As infra/ makes it. */
function tableResource(definition: TableDefinition) {
  return {
    schema: { fields: JSON.parse(infraSchema(definition)) },
    ...(definition.partitionColumn !== null && { timePartitioning: { type: 'DAY', field: definition.partitionColumn } }),
    location: LOCATION,
  };
}
