import type { TableMetadata } from '@google-cloud/bigquery';
import type { CalendarDate } from '../../metrics/calendar';
import type { Grain } from '../../metrics/grain';
import {
  exportRunsDefinition,
  furtherTables,
  type PublishedTable,
  publishedTableDefinitions,
  publishedTableNames,
  reportTableDefinitions,
  type TableDefinition,
} from '../../metrics/tables';
import { driftOf, type FoundColumn } from '../../metrics/tables/drift';
import { type ReleaseTable, releaseDefinitions, releaseTable } from '../../metrics/tables/release-tables';
import { RELEASE_DATASET } from '../../platform/config';
import { Failure } from '../../platform/failure';
import type { Run, TableOutcome, WarehouseInspection } from '../engine';
import { demand } from './answers';
import { toBigQueryFailure } from './errors';
import type { Session } from './session';

/** How long the state of the tables is cached. An instance can live for days, and tables can change meanwhile. */
const BELIEVED_MS = 300_000;

/** The state of the tables, read when needed and cached for some minutes. */
export interface Inspector {
  /** The tables of reports: all core tables, and those of the others that exist. A missing core table fails when it is used. */
  listTables(signal: AbortSignal): Promise<PublishedTable[]>;
  /** Returns a failure for each date whose partitions have expired. Throws SCHEMA_DRIFT if a table differs from its definition. */
  findExpired(dates: readonly CalendarDate[], run: Run): Promise<Map<CalendarDate, Failure>>;
  /** Returns the release table of a grain. Throws SCHEMA_DRIFT if it differs from its definition or its partitions expire. */
  checkRelease(grain: Grain, run: Run): Promise<ReleaseTable>;
  /** If a load was refused as invalid, checks the tables again, because one may have changed. Replaces the failure if it finds drift. */
  nameDrift(outcomes: TableOutcome[], run: Run): Promise<TableOutcome[]>;
}

export function createInspector(session: Session): Inspector {
  // concurrent runs each ask: a shared request would end for both when one run is stopped
  const listTables = rememberFor(BELIEVED_MS, session, (signal: AbortSignal) => list(session, signal));
  const inspectReports = rememberFor(BELIEVED_MS, session, async (run: Run) =>
    inspectReportTables(session, run, await listTables(run.signal)),
  );
  const inspectRelease = (grain: Grain) =>
    rememberFor(BELIEVED_MS, session, (run: Run) => inspectReleaseTable(session, run, grain));
  const releases = { day: inspectRelease('day'), week: inspectRelease('week'), month: inspectRelease('month') };
  return {
    listTables,
    findExpired: async (dates, run) => {
      const expirations = await inspectReports(run);
      const now = session.now().getTime();
      // counted from the start of the partition's day in UTC; rows loaded into an expired partition vanish, though the job is DONE
      const isExpired = (date: CalendarDate) => expirations.some((expiration) => Date.parse(date) + expiration <= now);
      return new Map(dates.filter(isExpired).map((date) => [date, expired(date)]));
    },
    checkRelease: (grain, run) => releases[grain](run),
    nameDrift: async (outcomes, run) => {
      const isRefused = ({ failure }: TableOutcome) => failure?.code === 'INVALID_QUERY';
      if (!outcomes.some(isRefused)) return outcomes;
      const drift = await inspectReportTables(session, run, await list(session, run.signal)).then(
        () => null,
        (thrown) => (thrown instanceof Failure && thrown.code === 'SCHEMA_DRIFT' ? thrown : null),
      );
      return drift === null
        ? outcomes
        : outcomes.map((outcome) => (isRefused(outcome) ? { ...outcome, rows: 0, failure: drift } : outcome));
    },
  };
}

function rememberFor<For, Answer>(
  forMs: number,
  { now }: Session,
  ask: (asker: For) => Promise<Answer>,
): (asker: For) => Promise<Answer> {
  let known: { answer: Answer; until: number } | null = null;
  return async (asker) => {
    if (known === null || now().getTime() >= known.until) known = { answer: await ask(asker), until: now().getTime() + forMs };
    return known.answer;
  };
}

async function list({ client, config, jobsUntil }: Session, signal: AbortSignal): Promise<PublishedTable[]> {
  const found = await jobsUntil(signal).read('listing the tables', async () => {
    const [tables, , answer] = await client.dataset(config.dataset).getTables();
    demand(answer?.totalItems); // a real answer says 0 for no tables; an incomplete one would make reports lack tables
    return tables;
  });
  const existing = new Set(found.map(({ id }) => id));
  return publishedTableNames.filter((table) => table in reportTableDefinitions || existing.has(table));
}

function expired(date: CalendarDate): Failure {
  return new Failure('BAD_REQUEST', `${date} is older than the tables keep their partitions; its rows would vanish`);
}

/**
 * Compares the dataset and the tables of reports with their definitions. Leaves out export_runs: a report is published even if its record
 * can't be written. Returns the partition expirations, in milliseconds.
 */
async function inspectReportTables(session: Session, run: Run, tables: readonly PublishedTable[]): Promise<number[]> {
  await checkLocation(session, run);
  const found = await Promise.all(
    tables.map((table) => inspectTable(session, run, { definition: publishedTableDefinitions[table] })),
  );
  return found.filter((expirationMs) => expirationMs > 0);
}

/** Refuses a table with partition expiration: a period whose partition expires would be released a second time. */
async function inspectReleaseTable(session: Session, run: Run, grain: Grain): Promise<ReleaseTable> {
  const table = await findReleaseTable(session, run.signal, grain);
  const { definition } = table;
  const expirationMs = await inspectTable(session, run, { definition, dataset: RELEASE_DATASET });
  if (expirationMs > 0)
    throw new Failure(
      'SCHEMA_DRIFT',
      `table ${RELEASE_DATASET}.${definition.name} lets its partitions expire; run: terraform -chdir=infra apply`,
    );
  return table;
}

/** Returns the release table of a grain, with the columns that it has. */
export async function findReleaseTable(session: Session, signal: AbortSignal, grain: Grain): Promise<ReleaseTable> {
  const { name } = releaseDefinitions[grain];
  return releaseTable(grain, fieldsOf(await readTable(session, signal, { table: name, dataset: RELEASE_DATASET })).keys());
}

/** Returns the state of the dataset and of each table. Each is checked even if another fails. */
export async function inspectWarehouse(
  session: Session,
  run: Run,
  { release }: { release: Grain | null },
): Promise<WarehouseInspection[]> {
  const { config } = session;
  const inspectOne = async (name: string, action: string, work: () => Promise<Partial<WarehouseInspection>>) => {
    const found: WarehouseInspection = { name, exists: true, failure: null, mayWrite: null, keepsDays: null };
    return work().then(
      (inspected) => ({ ...found, ...inspected }),
      (thrown) => ({ ...found, failure: toBigQueryFailure(thrown, action) }),
    );
  };
  const tables = [
    ...[...Object.values(publishedTableDefinitions), exportRunsDefinition].map((definition) => ({
      definition,
      dataset: config.dataset,
    })),
    ...(release === null ? [] : [{ definition: await releaseDefinition(session, run, release), dataset: RELEASE_DATASET }]),
  ];
  // if they can't be listed, reading the core tables fails with the reason
  const existing: readonly string[] = await list(session, run.signal).catch(() => []);
  return Promise.all([
    inspectOne(`dataset ${config.dataset}`, 'reading the dataset', async () => {
      await checkLocation(session, run);
      return {};
    }),
    ...tables.map(({ definition, dataset }) =>
      inspectOne(`${dataset}.${definition.name}`, `reading the schema of ${definition.name}`, async () => {
        if (definition.name in furtherTables && !existing.includes(definition.name)) return { exists: false };
        const expirationMs = await inspectTable(session, run, { definition, dataset });
        const mayWrite = await mayLoad(session, dataset, definition.name);
        return { mayWrite, keepsDays: expirationMs > 0 ? expirationMs / 86_400_000 : null };
      }),
    ),
  ]);
}

/** For a table that can't be read, returns the definition of a new one. Reading it again then fails with the reason. */
async function releaseDefinition(session: Session, run: Run, grain: Grain): Promise<TableDefinition> {
  const table = await findReleaseTable(session, run.signal, grain).catch(() => null);
  return table === null ? releaseDefinitions[grain] : table.definition;
}

async function checkLocation({ client, config, jobsUntil }: Session, run: Run): Promise<void> {
  const location = await jobsUntil(run.signal).read('reading the dataset', async () =>
    demand((await client.dataset(config.dataset).getMetadata())[0].location),
  );
  if (String(location).toLowerCase() !== config.location.toLowerCase())
    throw new Failure('BAD_CONFIG', `KPI_LOCATION: is ${config.location}, but the dataset ${config.dataset} is in ${location}`);
}

/** Returns the milliseconds after which the table's partitions expire, 0 if never. Throws SCHEMA_DRIFT if it differs from `definition`. */
async function inspectTable(
  session: Session,
  { signal }: Run,
  { definition, dataset = session.config.dataset }: { definition: TableDefinition; dataset?: string },
): Promise<number> {
  const metadata = await readTable(session, signal, { table: definition.name, dataset });
  checkDrift(definition, metadata);
  return Number(metadata.timePartitioning?.expirationMs ?? 0);
}

/** Reads a table's metadata. An answer without a schema is incomplete. */
export function readTable(
  { client, config, jobsUntil }: Session,
  signal: AbortSignal,
  { table, dataset = config.dataset }: { table: string; dataset?: string },
): Promise<TableMetadata> {
  return jobsUntil(signal).read(`reading the schema of ${table}`, async () => {
    const [metadata] = await client.dataset(dataset).table(table).getMetadata();
    demand(metadata.schema?.fields);
    return metadata as TableMetadata;
  });
}

/** Whether this account may load into a table; null if the endpoint doesn't say (emulators don't). */
async function mayLoad({ client, config }: Session, dataset: string, table: string): Promise<boolean | null> {
  const needed = 'bigquery.tables.updateData';
  return new Promise((resolve) => {
    client.request(
      {
        method: 'POST',
        uri: `${client.apiEndpoint}/bigquery/v2/projects/${config.project}/datasets/${dataset}/tables/${table}:testIamPermissions`,
        json: { permissions: [needed] },
      },
      (error: Error | null, body: { permissions?: string[] }) =>
        resolve(error ? null : (body.permissions ?? []).includes(needed)),
    );
  });
}

const typeNames: Record<string, string> = { INTEGER: 'INT64', FLOAT: 'FLOAT64', BOOLEAN: 'BOOL' };

export function fieldsOf({ schema }: TableMetadata) {
  return new Map((typeof schema === 'object' ? (schema.fields ?? []) : []).map((field) => [String(field.name), field]));
}

function checkDrift(definition: TableDefinition, metadata: TableMetadata): void {
  const { name, partitionColumn } = definition;
  const { timePartitioning } = metadata;
  const drift = (text: string) => new Failure('SCHEMA_DRIFT', `table ${name} ${text}; run: terraform -chdir=infra apply`);
  const columns = [...fieldsOf(metadata)].map(([column, { type, mode }]): FoundColumn => {
    const found = (mode ?? 'NULLABLE') as FoundColumn['mode'];
    return { name: column, type: typeNames[String(type)] ?? String(type), mode: found };
  });
  const found = driftOf(definition, columns, (type) => type);
  if (found !== null) throw drift(found);
  if (partitionColumn !== null && (timePartitioning?.type !== 'DAY' || timePartitioning.field !== partitionColumn))
    throw drift(`is not partitioned by day on ${partitionColumn}`);
}
