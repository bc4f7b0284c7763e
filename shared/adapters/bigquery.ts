import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { BigQuery, type Job, type JobMetadata, type Table, type TableMetadata } from '@google-cloud/bigquery';
import { PassThroughClient } from 'google-auth-library';
import type { CalendarDate, Window } from '../calendar';
import type { BigQueryConfig } from '../config';
import type { Engine, ReportState, Run, SourceInspection, TableOutcome, WarehouseInspection } from '../engine';
import {
  type AnyFactName,
  type FactParameters,
  factNames,
  factParameters,
  factsQuery,
  parametersOf,
  parseFacts,
  releaseFactNames,
  timeBounds,
} from '../facts/facts';
import { Failure } from '../failure';
import { RELEASE_DATASET } from '../release/dataset';
import type { Report, ReportRows } from '../report';
import type { SourceTable } from '../source-contract';
import {
  dailyMetricsDefinition,
  exportRunsDefinition,
  optionalColumns,
  type ReportRow,
  type ReportTable,
  reportTableDefinitions,
  reportTableNames,
  type TableDefinition,
} from '../tables';
import type { DailyMetrics } from '../tables/daily_metrics';
import { driftOf, type FoundColumn } from '../tables/drift';
import type { ExportRun } from '../tables/export_runs';
import type { WarehouseIdentity } from '../warehouse-identity';
import { parseWholeAnswer, wholeStatement } from '../whole-answer';
import { demand, demandWholeAnswers, readAllRows } from './bigquery-answers';
import { isDuplicate, toBigQueryFailure } from './bigquery-errors';
import { createJobs, type Jobs, outputRows, type Pace, tooFewRows, pace as usualPace } from './bigquery-jobs';
import { repairTorn } from './bigquery-repair';
import { parseSourceCounts, selectSourceCounts } from './source-sql';
import {
  deleteRows,
  parseReportState,
  selectIdentity,
  selectRelease,
  selectReportStates,
  selectRows,
  selectRuns,
} from './warehouse-sql';

/** Below the run's own deadline of 480 s, so that BigQuery ends a query that nobody waits for any more. */
const JOB_TIMEOUT_MS = 450_000;

/** For a query of the published tables, which are small. */
const READ_MS = 60_000;

/** So many that the pace of the beginnings is the limit, for loads of up to 8 s. Load jobs in flight are four times as many. */
const GROUPS = { reports: 1, atOnce: 20 };

/** An instance lives for days, and tables may be changed meanwhile. */
const INSPECTED_MS = 300_000;

/** A run that was stopped still has this long to write its record. */
const RECORD_MS = 20_000;

export interface BigQueryDeps {
  config: BigQueryConfig;
  now: () => Date;
  pace?: Pace;
}

/** The production engine. Made once an instance: what it has learnt of the tables counts for some minutes. */
export function createBigQuery({ config, now, pace = usualPace }: BigQueryDeps): Engine {
  const client = demandWholeAnswers(
    new BigQuery({
      projectId: config.project,
      location: config.location,
      retryOptions: { autoRetry: false }, // repeats are made in one place, bigquery-jobs.ts
      ...(config.endpoint !== null && { apiEndpoint: config.endpoint, authClient: new PassThroughClient() }),
    }),
    pace.callMs,
  );
  const jobsUntil = (signal: AbortSignal) => createJobs({ client, location: config.location, signal, pace });
  const jobsOf = ({ signal }: Run) => jobsUntil(signal);
  const counting = (run: Run): Counting => ({ client, config, jobs: jobsOf(run), run, now: now() });
  const nameTable = (table: string) => `\`${config.project}.${config.dataset}.${table}\``;
  /** Milliseconds after which the partitions of the tables expire, and until when that is believed. */
  let inspected: { expirations: number[]; until: number } | null = null;
  let releaseInspectedUntil = 0;
  let mayPublishAt = 0;
  let identity: WarehouseIdentity | null = null;
  let lackingRunColumns: Set<string> | null = null;
  let hasWarned = false;

  const readSignal = (signal: AbortSignal | undefined) =>
    AbortSignal.any([AbortSignal.timeout(READ_MS), ...(signal === undefined ? [] : [signal])]);

  /** Rows of queries of the published tables, of each by its name, as they were at one moment; instants as ISO 8601. */
  async function readAll<Name extends string>(
    { doing, params, signal: asked }: { doing: string; params: Record<string, unknown>; signal: AbortSignal | undefined },
    queries: Record<Name, string>,
  ): Promise<Record<Name, Record<string, unknown>[]>> {
    const signal = readSignal(asked);
    const names = Object.keys(queries) as Name[];
    return jobsUntil(signal).read(doing, async () => {
      const [job] = await client.createQueryJob({
        query: wholeStatement(queries),
        params,
        location: config.location,
        labels: { component: 'kpi-export' },
        jobTimeoutMs: READ_MS,
      });
      const parts = parseWholeAnswer(names, await readAllRows(client, job, signal));
      return Object.fromEntries(names.map((name) => [name, parts[name].map(plainRow)])) as typeof parts;
    });
  }

  async function read<Row>(
    doing: string,
    sql: string,
    params: Record<string, unknown>,
    signal: AbortSignal | undefined,
  ): Promise<Row[]> {
    return (await readAll({ doing, params, signal }, { rows: sql })).rows as Row[];
  }

  /** Columns of export_runs that the table lacks and may lack; asked until it has all. */
  async function findLackingRunColumns(jobs: Jobs): Promise<Set<string>> {
    if (lackingRunColumns?.size === 0) return lackingRunColumns;
    const table = client.dataset(config.dataset).table(exportRunsDefinition.name);
    const existing = fieldsOf(await readTable(jobs, 'reading the schema of export_runs', table));
    lackingRunColumns = new Set(optionalColumns(exportRunsDefinition).flatMap(({ name }) => (existing.has(name) ? [] : name)));
    return lackingRunColumns;
  }

  async function readRelease(from: CalendarDate, to: CalendarDate, signal?: AbortSignal): Promise<DailyMetrics[]> {
    const table = `\`${config.project}.${RELEASE_DATASET}.${dailyMetricsDefinition.name}\``;
    return (await read<DailyMetrics>('reading the release', selectRelease(table), dateRange(from, to), signal)).sort(byPeriod);
  }

  async function readReportStates(from: CalendarDate, to: CalendarDate, signal?: AbortSignal): Promise<ReportState[]> {
    const sql = selectReportStates(nameTable);
    return (await read<Record<string, unknown>>('looking for reports', sql, dateRange(from, to), signal)).map(parseReportState);
  }

  /** Waits until the tables' partitions may be changed by one more report. */
  async function takeTurn(signal: AbortSignal): Promise<void> {
    const at = Math.max(Date.now(), mayPublishAt);
    mayPublishAt = at + pace.betweenReportsMs;
    await sleep(at - Date.now(), undefined, { signal }).catch(() => {}); // the loads themselves say that the run was stopped
  }

  return {
    prepare: async (dates, run) => {
      // two runs at once both ask: one that is stopped must not end the other
      if (inspected === null || now().getTime() >= inspected.until)
        inspected = { expirations: await inspect(client, config, jobsOf(run)), until: now().getTime() + INSPECTED_MS };
      const { expirations } = inspected;
      return new Map(dates.flatMap((date) => (isExpired(date, expirations, now()) ? [[date, expired(date)] as const] : [])));
    },

    readFacts: (window, run) => countFacts(counting(run), 'facts', factNames, window),

    readReleaseFacts: (window, run) => countFacts(counting(run), 'release_facts', releaseFactNames, window),

    readSpan: async (window, run) => (await countFacts(counting(run), 'span', ['span'], window)).facts.span,

    readFreshness: async (window, run) => {
      const { facts, bytesProcessed } = await countFacts(counting(run), 'freshness', ['freshness'], window);
      return { rows: facts.freshness, bytesProcessed };
    },

    price: (window, run) => priceFacts(counting(run), window),

    groups: GROUPS,

    publish: (reports, run) =>
      Promise.all(
        reports.map(async (report) => {
          await takeTurn(run.signal);
          const outcomes = await publish(client, config, jobsOf(run), report, run);
          return nameDrift(outcomes, () => inspect(client, config, jobsOf(run)));
        }),
      ),

    repair: (reports, run) =>
      repairTorn(reports, {
        readReportStates,
        reload: async (report, tables, round) => {
          await publish(client, config, jobsOf(run), report, run, { tables, round });
        },
        patienceMs: pace.patienceMs,
        run,
      }),

    deleteReports: (from, to, run) =>
      Promise.all(reportTableNames.map((table) => deleteRowsOf(client, config, jobsOf(run), { table, from, to, run }))),

    readRelease,

    putRelease: async (row, { replace }, run) => {
      const jobs = jobsOf(run);
      if (now().getTime() >= releaseInspectedUntil) {
        await inspectRelease(client, jobs);
        releaseInspectedUntil = now().getTime() + INSPECTED_MS;
      }
      const day = row.period_date.replaceAll('-', '');
      const loading = {
        dataset: RELEASE_DATASET,
        tableId: `${dailyMetricsDefinition.name}$${day}`,
        rows: [row],
        id: `kpi_export_${run.id}_release_${day}`,
        disposition: replace ? 'WRITE_TRUNCATE' : 'WRITE_EMPTY',
        doing: `releasing ${row.period_date}`,
        run,
        date: row.period_date,
      } as const;
      try {
        await load(client, config, jobs, loading);
        return null;
      } catch (thrown) {
        if (!isDuplicate(thrown)) throw thrown;
        // somebody was first: another run, or a job of this one that said it had failed
        const [there] = await readRelease(row.period_date, row.period_date, run.signal);
        if (there === undefined) throw thrown;
        return isDeepStrictEqual(there, row) ? null : there;
      }
    },

    appendRuns: async (rows, run) => {
      const jobs = jobsUntil(AbortSignal.timeout(RECORD_MS));
      const doing = 'writing the run record';
      const lacking = await findLackingRunColumns(jobs);
      if (!hasWarned)
        for (const column of lacking) run.log.warning('run records lack a column', { table: 'export_runs', column });
      hasWarned = true;
      const columns = exportRunsDefinition.columns.filter(({ name }) => !lacking.has(name));
      await load(client, config, jobs, {
        tableId: 'export_runs',
        rows: rows.map((row) => Object.fromEntries(columns.map(({ name }) => [name, row[name as keyof ExportRun]]))),
        id: `kpi_export_${run.id}_runs_${rows[0]?.report_date.replaceAll('-', '')}`,
        disposition: 'WRITE_APPEND',
        doing,
        run,
        date: rows.at(-1)?.report_date ?? '',
      });
    },

    readReports: async (from, to, signal) => {
      const queries = Object.fromEntries(reportTableNames.map((table) => [table, selectRows(table, nameTable)]));
      const parts = await readAll({ doing: 'reading reports', params: dateRange(from, to), signal }, queries);
      for (const table of reportTableNames) (parts[table] as unknown as ReportRow[]).sort(byReport);
      return parts as unknown as ReportRows;
    },

    readReportStates,

    readRuns: async (filter, signal) => {
      const parameters = filter.requestId === undefined ? {} : { request_id: filter.requestId };
      const sql = selectRuns(filter, nameTable, await findLackingRunColumns(jobsUntil(readSignal(signal))));
      return (await read<ExportRun>('reading the run records', sql, parameters, signal)).sort(byStart);
    },

    inspectSource: (table, { maxBytes }, run) => inspectSource(counting(run), table, maxBytes),

    inspectWarehouse: ({ release }, run) => inspectWarehouse(client, config, jobsOf(run), release),

    readIdentity: async (signal) => {
      if (identity !== null) return identity;
      const sql = selectIdentity(nameTable, await findLackingRunColumns(jobsUntil(readSignal(signal))));
      const doing = 'reading what the warehouse holds';
      const [row] = await read<{ source: string | null; time_zone: string }>(doing, sql, {}, signal);
      const id = row?.source ?? null;
      const found: WarehouseIdentity = {
        source: id === null ? null : { id, name: null },
        timeZone: row?.time_zone ?? null,
      };
      if (found.source !== null) identity = found; // until then the first export of somebody else may come
      return found;
    },

    close: async () => {},
  };
}

/** Where a load was refused for what is in it, the tables are looked at again: one may have changed since they were. */
async function nameDrift(outcomes: TableOutcome[], inspectAgain: () => Promise<unknown>): Promise<TableOutcome[]> {
  if (!outcomes.some(({ failure }) => failure?.code === 'INVALID_QUERY')) return outcomes;
  const drift = await inspectAgain().then(
    () => null,
    (thrown) => (thrown instanceof Failure && thrown.code === 'SCHEMA_DRIFT' ? thrown : null),
  );
  if (drift === null) return outcomes;
  return outcomes.map((outcome) =>
    outcome.failure?.code === 'INVALID_QUERY' ? { ...outcome, rows: 0, failure: drift } : outcome,
  );
}

/** What a job is billed and found by. Label values are lower case. */
function labels(run: Run, reportDate: CalendarDate): Record<string, string> {
  return { component: 'kpi-export', trigger: run.trigger, report_date: reportDate };
}

/** A query with the source's relations under their full names. */
function nameSources(sql: string, { source }: BigQueryConfig): string {
  if (source === null) throw new Failure('BAD_CONFIG', 'KPI_SOURCE: required to count');
  const names = { users: source.users, measurements: source.measurements, first_tests: source.firstTests };
  // all at once: a dataset may be named source_users itself
  return sql.replaceAll(/\bsource_(users|measurements|first_tests)\b/g, (_, table: keyof typeof names) => `\`${names[table]}\``);
}

/** What a query of facts is made with. */
interface Counting {
  client: BigQuery;
  config: BigQueryConfig;
  jobs: Jobs;
  run: Run;
  now: Date;
}

function factsJob({ config, run, now }: Counting, names: readonly AnyFactName[], window: Window) {
  const firstTestsView = (config.source?.firstTests ?? null) !== null;
  const sql = nameSources(factsQuery(names, { repeatsDates: window.repeatsDates, firstTestsView }), config);
  const parameters = factParameters(window, now);
  return {
    query: sql,
    ...bind(Object.fromEntries(parametersOf(sql).map((parameter) => [parameter, parameters[parameter]]))),
    location: config.location,
    labels: labels(run, window.lastDay),
    ...(config.maxBytesBilled !== null && { maximumBytesBilled: config.maxBytesBilled }),
  };
}

type Bindings = Record<string, FactParameters[keyof FactParameters]>;

function bind(bindings: Bindings) {
  const entries = Object.entries(bindings);
  return {
    params: Object.fromEntries(entries.map(([parameter, binding]) => [parameter, wrap(binding)])),
    types: Object.fromEntries(entries.map(([parameter, { type }]) => [parameter, type])),
  };
}

/** The client sends dates and instants only in its own wrappers; a plain text under the type DATE would be sent as NULL. */
function wrap({ type, value }: Bindings[string]) {
  if (type === 'DATE') return BigQuery.date(value);
  return type === 'TIMESTAMP' ? BigQuery.timestamp(value) : value;
}

/** One job, and so one snapshot: counts of different states of a source that is being written to would contradict each other. */
async function countFacts<Name extends AnyFactName>(
  counting: Counting,
  what: 'facts' | 'release_facts' | 'span' | 'freshness',
  names: readonly Name[],
  window: Window,
) {
  const { client, jobs, run } = counting;
  const doing = `counting ${what}`;
  const query = factsJob(counting, names, window);
  const job: Job = await jobs.perform({
    doing,
    id: `kpi_export_${run.id}_${what}_${window.lastDay.replaceAll('-', '')}`, // a run may count several windows
    insert: (jobId) => client.createQueryJob({ ...query, jobId, jobTimeoutMs: JOB_TIMEOUT_MS }),
  });
  return {
    facts: await jobs.read(doing, async () => parseFacts(names, await readAllRows(client, job, run.signal))),
    bytesProcessed: Number(job.metadata?.statistics?.totalBytesProcessed ?? 0),
  };
}

async function priceFacts(counting: Counting, window: Window): Promise<number> {
  const [job] = await counting.jobs.read('pricing facts', () =>
    counting.client.createQueryJob({ ...factsJob(counting, factNames, window), dryRun: true }),
  );
  return bytesOf(job.metadata);
}

function dateRange(from: CalendarDate, to: CalendarDate) {
  return { from: BigQuery.date(from), to: BigQuery.date(to) };
}

/** What a dry run says that a query would read. */
function bytesOf(metadata: JobMetadata | undefined): number {
  return Number(demand(metadata?.statistics?.totalBytesProcessed));
}

const INSTANT_COLUMNS = new Set(
  [...Object.values(reportTableDefinitions), exportRunsDefinition, dailyMetricsDefinition].flatMap(({ columns }) =>
    columns.filter(({ type }) => type === 'TIMESTAMP').map(({ name }) => name),
  ),
);

/** A row out of its JSON: instants in the one spelling that all rows here have. */
function plainRow(row: Record<string, unknown>): Record<string, unknown> {
  const plain = (name: string, value: unknown) =>
    value !== null && (INSTANT_COLUMNS.has(name) || /_created_at$/.test(name)) ? new Date(String(value)).toISOString() : value;
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plain(name, value)]));
}

/** The orders of warehouse-sql.ts: the rows of a statement of several queries come in none. */
function byReport(one: ReportRow, other: ReportRow): number {
  return one.report_date.localeCompare(other.report_date) || other.period_start_date.localeCompare(one.period_start_date);
}

function byPeriod(one: DailyMetrics, other: DailyMetrics): number {
  return one.period_date.localeCompare(other.period_date);
}

function byStart(one: ExportRun, other: ExportRun): number {
  return other.started_at.localeCompare(one.started_at) || other.report_date.localeCompare(one.report_date);
}

/** A load job for each table, in parallel; `round` tells the jobs of a repair from those of before. */
async function publish(
  client: BigQuery,
  config: BigQueryConfig,
  jobs: Jobs,
  report: Report,
  run: Run,
  { tables, round }: { tables: readonly ReportTable[]; round: number } = { tables: reportTableNames, round: 0 },
): Promise<TableOutcome[]> {
  return Promise.all(
    tables.map(async (table): Promise<TableOutcome> => {
      const day = report.reportDate.replaceAll('-', '');
      const rows = report.rows[table];
      const doing = `loading ${table} of ${report.reportDate}`;
      const id = `kpi_export_${run.id}_${table}_${day}${round === 0 ? '' : `_repair${round}`}`;
      try {
        await load(client, config, jobs, {
          tableId: `${table}$${day}`,
          rows,
          id,
          disposition: 'WRITE_TRUNCATE',
          doing,
          run,
          date: report.reportDate,
        });
        return { table, rows: rows.length };
      } catch (thrown) {
        return { table, rows: 0, failure: toBigQueryFailure(thrown, doing) };
      }
    }),
  );
}

interface Deletion {
  table: ReportTable;
  from: CalendarDate;
  to: CalendarDate;
  run: Run;
}

/**
 * One statement for all dates. Where it covers whole partitions, as here, it removes them and bills nothing
 * (https://cloud.google.com/bigquery/docs/using-dml-with-partitioned-tables#using_dml_delete_to_delete_partitions).
 */
async function deleteRowsOf(
  client: BigQuery,
  config: BigQueryConfig,
  jobs: Jobs,
  { table, from, to, run }: Deletion,
): Promise<TableOutcome> {
  const doing = `deleting reports from ${table}`;
  const query = {
    query: deleteRows(table, (name) => `\`${config.project}.${config.dataset}.${name}\``),
    params: dateRange(from, to),
    location: config.location,
    labels: labels(run, to),
    jobTimeoutMs: JOB_TIMEOUT_MS,
  };
  try {
    const id = `kpi_export_${run.id}_delete_${table}`;
    const job = await jobs.perform({ doing, id, insert: (jobId) => client.createQueryJob({ ...query, jobId }) });
    return { table, rows: Number(job.metadata?.statistics?.query?.numDmlAffectedRows ?? 0) };
  } catch (thrown) {
    return { table, rows: 0, failure: toBigQueryFailure(thrown, doing) };
  }
}

interface Load {
  /** Where it isn't that of the warehouse. */
  dataset?: string;
  tableId: string;
  rows: readonly object[];
  id: string;
  /** WRITE_TRUNCATE replaces the partition that tableId names; WRITE_EMPTY fails as `duplicate` where there is something in it. */
  disposition: 'WRITE_TRUNCATE' | 'WRITE_APPEND' | 'WRITE_EMPTY';
  doing: string;
  run: Run;
  /** What it is about, for the job's labels. */
  date: CalendarDate;
}

/** One load job: all of the rows or none. It sends no schema: the table's counts, so that columns more, descriptions and policies stay. */
async function load(
  client: BigQuery,
  config: BigQueryConfig,
  jobs: Jobs,
  { dataset = config.dataset, tableId, rows, id, disposition, doing, run, date }: Load,
): Promise<void> {
  const text = rows.map((row) => `${JSON.stringify(row)}\n`).join('');
  const configuration = {
    load: {
      destinationTable: { projectId: config.project, datasetId: dataset, tableId },
      sourceFormat: 'NEWLINE_DELIMITED_JSON',
      writeDisposition: disposition,
      createDisposition: 'CREATE_NEVER',
    },
    labels: labels(run, date),
    jobTimeoutMs: String(JOB_TIMEOUT_MS),
  };
  await jobs.perform({
    doing,
    id,
    insert: (jobId) =>
      upload(
        client,
        config,
        { jobReference: { projectId: config.project, jobId, location: config.location }, configuration },
        text,
      ),
    check: (metadata) => {
      if (outputRows(metadata) !== rows.length && disposition !== 'WRITE_APPEND')
        throw tooFewRows(doing, rows.length, outputRows(metadata));
    },
  });
}

/**
 * jobs.insert with the data in the same request. The client's own createWriteStream would look at the job by itself, and take errors that
 * a job survived for failures.
 */
function upload(client: BigQuery, config: BigQueryConfig, job: object, data: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    client.request(
      {
        method: 'POST',
        uri: `${client.apiEndpoint}/upload/bigquery/v2/projects/${config.project}/jobs`,
        qs: { uploadType: 'multipart' },
        multipart: [
          { 'Content-Type': 'application/json', body: JSON.stringify(job) },
          { 'Content-Type': 'application/octet-stream', body: Readable.from([data]) }, // a text would never end the request
        ] as never, // the declared type lacks the parts' content type
        ...{ bodyBytes: Buffer.byteLength(data) }, // for demandWholeAnswers
      },
      (error: Error | null, body: unknown) => (error ? reject(error) : resolve(body)),
    );
  });
}

async function checkLocation(client: BigQuery, config: BigQueryConfig, jobs: Jobs): Promise<void> {
  const location = await jobs.read('reading the dataset', async () =>
    demand((await client.dataset(config.dataset).getMetadata())[0].location),
  );
  if (String(location).toLowerCase() !== config.location.toLowerCase())
    throw new Failure('BAD_CONFIG', `KPI_LOCATION: is ${config.location}, but the dataset ${config.dataset} is in ${location}`);
}

/** Compares the dataset and the tables of a report with the definitions; a record that can't be written holds no report back. Answers the tables' partition expirations, in milliseconds. */
async function inspect(client: BigQuery, config: BigQueryConfig, jobs: Jobs): Promise<number[]> {
  const dataset = client.dataset(config.dataset);
  await checkLocation(client, config, jobs);
  const found = await Promise.all(
    Object.values(reportTableDefinitions).map(async (definition) => {
      const metadata = await readTable(jobs, `reading the schema of ${definition.name}`, dataset.table(definition.name));
      checkDrift(definition, metadata);
      return Number(metadata.timePartitioning?.expirationMs ?? 0);
    }),
  );
  return found.filter((expiration) => expiration > 0);
}

/** Without a schema it is no answer about a table. */
function readTable(jobs: Jobs, doing: string, table: Table): Promise<TableMetadata> {
  return jobs.read(doing, async () => {
    const [metadata] = await table.getMetadata();
    demand(metadata.schema?.fields);
    return metadata as TableMetadata;
  });
}

async function inspectSource(
  { client, config, jobs, run, now }: Counting,
  table: SourceTable,
  maxBytes: number,
): Promise<SourceInspection> {
  const query = {
    query: nameSources(wholeStatement({ rows: selectSourceCounts(table) }), config),
    ...bind(timeBounds(now)),
    location: config.location,
    labels: { component: 'kpi-export', trigger: run.trigger },
    ...(config.maxBytesBilled !== null && { maximumBytesBilled: config.maxBytesBilled }),
  };
  const [priced] = await jobs.read(`pricing a look at ${table}`, () => client.createQueryJob({ ...query, dryRun: true }));
  const bytes = bytesOf(priced.metadata);
  if (bytes > maxBytes) return { bytes, counts: null };
  const job = await jobs.perform({
    doing: `looking at ${table}`,
    id: `kpi_export_${run.id}_look_${table}`,
    insert: (jobId) => client.createQueryJob({ ...query, jobId, jobTimeoutMs: JOB_TIMEOUT_MS }),
  });
  const rows = await jobs.read(`looking at ${table}`, async () =>
    parseWholeAnswer(['rows'], await readAllRows(client, job, run.signal)),
  );
  return { bytes, counts: parseSourceCounts(demand(rows.rows[0])) };
}

async function inspectWarehouse(
  client: BigQuery,
  config: BigQueryConfig,
  jobs: Jobs,
  release: boolean,
): Promise<WarehouseInspection[]> {
  const look = async (name: string, doing: string, work: () => Promise<Partial<WarehouseInspection>>) => {
    const found: WarehouseInspection = { name, exists: true, failure: null, mayWrite: null, keepsDays: null };
    return work().then(
      (looked) => ({ ...found, ...looked }),
      (thrown) => ({ ...found, failure: toBigQueryFailure(thrown, doing) }),
    );
  };
  const tables: [TableDefinition, string][] = [
    ...[...Object.values(reportTableDefinitions), exportRunsDefinition].map((definition): [TableDefinition, string] => [
      definition,
      config.dataset,
    ]),
    ...(release ? [[dailyMetricsDefinition, RELEASE_DATASET] as [TableDefinition, string]] : []),
  ];
  return Promise.all([
    look(`dataset ${config.dataset}`, 'reading the dataset', async () => {
      await checkLocation(client, config, jobs);
      return {};
    }),
    ...tables.map(([definition, dataset]) =>
      look(`${dataset}.${definition.name}`, `reading the schema of ${definition.name}`, async () => {
        const table = client.dataset(dataset).table(definition.name);
        const metadata = await readTable(jobs, `reading the schema of ${definition.name}`, table);
        checkDrift(definition, metadata);
        const expirationMs = Number(metadata.timePartitioning?.expirationMs ?? 0);
        const mayWrite = await mayLoad(client, config, dataset, definition.name);
        return { mayWrite, keepsDays: expirationMs > 0 ? expirationMs / 86_400_000 : null };
      }),
    ),
  ]);
}

/** Whether this account may load into a table; null where the endpoint doesn't say, as emulators don't. */
async function mayLoad(client: BigQuery, config: BigQueryConfig, dataset: string, table: string): Promise<boolean | null> {
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

/** The table of the release. A period whose partition expires would be released a second time. */
async function inspectRelease(client: BigQuery, jobs: Jobs): Promise<void> {
  const table = client.dataset(RELEASE_DATASET).table(dailyMetricsDefinition.name);
  const metadata = await readTable(jobs, 'reading the schema of the release', table);
  checkDrift(dailyMetricsDefinition, metadata);
  if (Number(metadata.timePartitioning?.expirationMs ?? 0) > 0)
    throw new Failure(
      'SCHEMA_DRIFT',
      `table ${RELEASE_DATASET}.${dailyMetricsDefinition.name} lets its partitions expire; run: terraform -chdir=infra apply`,
    );
}

const typeNames: Record<string, string> = { INTEGER: 'INT64', FLOAT: 'FLOAT64' };

function fieldsOf({ schema }: TableMetadata) {
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
  if (timePartitioning?.type !== 'DAY' || timePartitioning.field !== partitionColumn)
    throw drift(`is not partitioned by day on ${partitionColumn}`);
}

/** A partition expires so long after the start of its day in UTC; rows loaded into an expired one vanish, though the job is DONE. */
function isExpired(date: CalendarDate, expirations: readonly number[], now: Date): boolean {
  return expirations.some((expiration) => Date.parse(date) + expiration <= now.getTime());
}

function expired(date: CalendarDate): Failure {
  return new Failure('BAD_REQUEST', `${date} is older than the tables keep their partitions; its rows would vanish`);
}
