import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BigQuery, type Dataset } from '@google-cloud/bigquery';
import { PassThroughClient } from 'google-auth-library';
import { createBigQuery } from '../../shared/engines/bigquery/engine';
import type { Engine } from '../../shared/engines/engine';
import { type SourceColumnType, sourceColumns, sourceTableNames } from '../../shared/metrics/source-contract';
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
import { freePort } from './free-port';
import { testPace } from './pace';

/** A real project, reached with the application default credentials, in which datasets may be made and dropped; else the emulator's. */
const realProject = process.env.BIGQUERY_TEST_ENDPOINT ? undefined : process.env.KPI_TEST_PROJECT;
const PROJECT = realProject ?? 'test';
const LOCATION = 'US';
const READY_WITHIN_MS = 180_000; // at its first start it installs itself

/** Starts an emulator on a port, in the foreground. There on development machines only. */
const START = join(__dirname, '../../../shared/tools/bigquery-emulator/start');

export const emulatorIsAvailable = Boolean(process.env.BIGQUERY_TEST_ENDPOINT ?? realProject) || existsSync(START);

export interface Emulator {
  /** Null: BigQuery itself. */
  endpoint: string | null;
  client: BigQuery;
  close(): Promise<void>;
}

/** The emulator at BIGQUERY_TEST_ENDPOINT, BigQuery itself for KPI_TEST_PROJECT, or else an emulator of the tests' own. */
export async function openEmulator(): Promise<Emulator> {
  const named = process.env.BIGQUERY_TEST_ENDPOINT;
  const started = named || realProject ? null : await start();
  const endpoint = realProject ? null : named || `http://127.0.0.1:${started?.port}`;
  const client = new BigQuery({
    projectId: PROJECT,
    location: LOCATION,
    ...(endpoint !== null && { apiEndpoint: endpoint, authClient: new PassThroughClient() }),
    retryOptions: { autoRetry: false },
  });
  const close = async () => started && (await stop(started.process));
  try {
    await untilReady(client, started?.process ?? null);
  } catch (thrown) {
    await close();
    throw thrown;
  }
  return { endpoint, client, close: async () => void (await close()) };
}

/** A warehouse and a source in one dataset, which is gone afterwards. */
export interface Warehouse {
  dataset: string;
  /** Another instance of the program: it knows nothing of what the others have done. */
  newEngine(): Engine;
}

/** Makes the tables from their definitions, and loads users.ndjson and measurements.ndjson of a folder. */
export async function inWarehouse<Result>(
  { client, endpoint }: Emulator,
  sourceFolder: string,
  work: (warehouse: Warehouse) => Promise<Result>,
  { tables = Object.values(reportTableDefinitions) }: { tables?: readonly TableDefinition[] } = {},
): Promise<Result> {
  // an emulator that is busy breaks connections, and transactions of its own, now and then
  const dataset = await upTo(4, () => makeWarehouse(client, sourceFolder, tables));
  const name = String(dataset.id);
  try {
    const source = { users: `${PROJECT}.${name}.users`, measurements: `${PROJECT}.${name}.measurements`, firstTests: null };
    const config: BigQueryConfig = {
      ...{ engine: 'bigquery', project: PROJECT, dataset: name, location: LOCATION },
      ...{ source, maxBytesBilled: null, endpoint },
    };
    const pace = { ...testPace, firstBackoffMs: 50, maxBackoffMs: 500, callMs: 60_000, maxRetryMs: 300_000, pollMs: 20 };
    return await work({ dataset: name, newEngine: () => createBigQuery({ config, now: () => new Date(), pace }) });
  } finally {
    await dataset.delete({ force: true });
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

/** A dataset with the tables, the sources filled; nothing where that fails. */
async function makeWarehouse(client: BigQuery, sourceFolder: string, tables: readonly TableDefinition[]): Promise<Dataset> {
  const [dataset] = await client.createDataset(`kpi_test_${randomUUID().replaceAll('-', '')}`, { location: LOCATION });
  const definitions = [...tables, exportRunsDefinition, annotationsDefinition];
  try {
    await Promise.all([
      ...definitions.map((definition) => dataset.createTable(definition.name, tableResource(definition))),
      ...sourceTableNames.map(async (table) => {
        const fields = sourceColumns(table).map(([column, type]) => ({
          name: column,
          type: sourceTypes[type],
          mode: 'NULLABLE',
        }));
        await dataset.createTable(table, { schema: { fields } });
        const format = { sourceFormat: 'NEWLINE_DELIMITED_JSON', schema: { fields }, location: LOCATION };
        await dataset.table(table).load(join(sourceFolder, `${table}.ndjson`), format);
      }),
    ]);
    return dataset;
  } catch (thrown) {
    await dataset.delete({ force: true }).catch(() => {});
    throw thrown;
  }
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

async function start(): Promise<{ process: ChildProcess; port: number }> {
  const port = await freePort(); // it takes the next one too
  // of a group of its own, so that nothing of it is left over
  return { process: spawn(START, [String(port)], { stdio: 'ignore', detached: true }), port };
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null) return;
  const exited = new Promise((resolve) => child.once('exit', resolve));
  process.kill(-child.pid);
  await exited;
}

/** Its port opens before it can answer. */
async function untilReady(client: BigQuery, child: ChildProcess | null): Promise<void> {
  const giveUp = Date.now() + (child === null ? 5_000 : READY_WITHIN_MS);
  for (;;) {
    try {
      await client.query({ query: 'SELECT 1', location: LOCATION });
      return;
    } catch (thrown) {
      if (child !== null && child.exitCode !== null) throw new Error(`the emulator ended with ${child.exitCode}`);
      if (Date.now() > giveUp) throw new Error('the emulator answers no query', { cause: thrown });
      await sleep(250);
    }
  }
}
