import type { Grain } from '../../shared/metrics/grain';
import { exportRunsDefinition, publishedTableDefinitions, type TableDefinition } from '../../shared/metrics/tables';
import { releaseDefinitions } from '../../shared/metrics/tables/release-tables';
import { storedTable } from '../support/fault-server';
import type { Random } from '../support/random-source';
import type { Clock } from './clock';
import type { Source } from './source';
import { answerStatement, isCount, type StoredRow } from './statement';

export type BigQueryOperation =
  | 'dataset'
  | 'tables'
  | 'table'
  | 'count'
  | 'look'
  | 'load'
  | 'release'
  | 'record'
  | 'job'
  | 'results'
  | 'cancel';

/** How the job that a request makes goes wrong. */
export type JobFate = 'fails' | 'exhausted' | 'crawls' | 'hangs';

export interface Call {
  method: string;
  path: string;
  body: { jobReference?: { jobId?: string }; configuration?: Configuration };
  rows: StoredRow[];
}

interface Configuration {
  query?: { query: string; queryParameters?: { name: string; parameterValue: { value: string } }[] };
  load?: { destinationTable: { datasetId: string; tableId: string }; writeDisposition: string };
}

export interface Answer {
  status: number;
  body: Record<string, unknown>;
}

interface Job {
  id: string;
  operation: BigQueryOperation;
  configuration: Configuration;
  state: 'RUNNING' | 'DONE';
  doneAt: number;
  errorResult: { reason: string; message: string } | null;
  outputRows: number;
  answer: [part: string, row: StoredRow][];
}

/** What a partition holds, of the job that wrote it. */
export interface Partition {
  rows: StoredRow[];
  runId: string;
  writtenAt: number;
}

export interface BigQueryModel {
  operationOf(call: Call): BigQueryOperation;
  /** When an answer can be there: of rows of a query, when it is done. */
  readyAt(call: Call): number;
  carryOut(call: Call, fate: JobFate | null): Answer;
  /** By dataset.table$day. */
  partitions: Map<string, Partition>;
  runs: StoredRow[];
  running(): number;
}

export interface BigQueryOptions {
  clock: Clock;
  random: Random;
  source: Source;
  grain: Grain;
  /** Told before a partition is written, and of each query that counts rows of the source. */
  onWrite: (place: string, written: Partition, before: Partition | undefined) => void;
  onCount: (jobId: string, snapshotAt: number) => void;
}

/** BigQuery, as far as the adapter uses it: tables that Terraform made, jobs with ids of their own, loads that replace a partition at once. */
export function createBigQueryModel({ clock, random, source, grain, onWrite, onCount }: BigQueryOptions): BigQueryModel {
  const tables = new Map<string, object>(
    [...Object.values(publishedTableDefinitions), exportRunsDefinition].map((table) => [
      `kpi_metrics.${table.name}`,
      metadataOf(table),
    ]),
  );
  tables.set(`kpi_release.${releaseDefinitions[grain].name}`, metadataOf(releaseDefinitions[grain]));
  const jobs = new Map<string, Job>();

  const model: BigQueryModel = {
    partitions: new Map(),
    runs: [],
    running: () =>
      [...jobs.values()].filter(({ state, doneAt }) => state === 'RUNNING' && doneAt < Number.POSITIVE_INFINITY).length,

    operationOf: ({ method, path, body: { configuration } }) => {
      const target = configuration?.load?.destinationTable;
      if (target !== undefined)
        return target.tableId === 'export_runs' ? 'record' : target.datasetId === 'kpi_release' ? 'release' : 'load';
      if (method === 'POST' && path.endsWith('/jobs')) return isCount(configuration?.query?.query ?? '') ? 'count' : 'look';
      if (path.endsWith('/cancel')) return 'cancel';
      if (path.includes('/queries/')) return 'results';
      if (path.includes('/jobs/')) return 'job';
      if (path.endsWith('/tables')) return 'tables';
      return path.includes('/tables/') ? 'table' : 'dataset';
    },

    readyAt: (call) => {
      const job = model.operationOf(call) === 'results' ? jobs.get(lastOf(call.path)) : undefined;
      return job === undefined || job.state === 'DONE' ? clock.now() : Math.min(job.doneAt + 1, clock.now() + 10_000);
    },

    carryOut: (call, fate) => {
      const operation = model.operationOf(call);
      switch (operation) {
        case 'dataset':
          return found({ location: 'EU' });
        case 'tables':
          return found(listed());
        case 'table':
          return found(tables.get(/datasets\/(\w+)\/tables\/(\w+)/.exec(call.path)?.slice(1).join('.') ?? ''));
        case 'cancel':
          return cancel(call.path.split('/').at(-2) ?? '');
        case 'job':
          return found(resourceOf(jobs.get(lastOf(call.path))));
        case 'results':
          return results(jobs.get(lastOf(call.path)));
        default:
          return insert(operation, call, fate);
      }
    },
  };

  function listed(): object {
    const ids = [...tables.keys()].map((name) => name.split('.')).filter(([dataset]) => dataset === 'kpi_metrics');
    const list = ids.map(([datasetId, tableId]) => ({ tableReference: { projectId: 'test', datasetId, tableId } }));
    return { tables: list, totalItems: list.length };
  }

  function insert(operation: BigQueryOperation, { body, rows }: Call, fate: JobFate | null): Answer {
    const { configuration = {}, jobReference } = body;
    const id = jobReference?.jobId ?? '';
    if (jobs.has(id)) return refusal(409, 'duplicate');
    const usual = operation === 'look' ? 50 + random.below(200) : 100 + random.below(random.chance(0.1) ? 5_000 : 900);
    const ms = fate === 'hangs' ? Number.POSITIVE_INFINITY : fate === 'crawls' ? 20_000 + random.below(200_000) : usual;
    const job: Job = {
      id,
      operation,
      configuration,
      state: 'RUNNING',
      doneAt: clock.now() + ms,
      errorResult: null,
      outputRows: rows.length,
      answer: [],
    };
    jobs.set(id, job);
    const { query } = configuration;
    if (query !== undefined) {
      const parameters = Object.fromEntries(
        (query.queryParameters ?? []).map(({ name, parameterValue }) => [name, parameterValue.value]),
      );
      job.answer = answerStatement(query.query, parameters, { source, stored: model, now: clock.now() });
      if (operation === 'count') onCount(id, clock.now());
    }
    if (ms < Number.POSITIVE_INFINITY)
      clock.at(job.doneAt, () => {
        if (job.state === 'DONE') return;
        job.state = 'DONE';
        if (fate === 'fails') job.errorResult = error('backendError');
        else if (fate === 'exhausted') job.errorResult = error('quotaExceeded');
        else write(job, rows);
      });
    return found(resourceOf(job));
  }

  /** The job's work, done at once and whole. */
  function write(job: Job, rows: StoredRow[]): void {
    const { load } = job.configuration;
    if (load === undefined) return;
    const { datasetId, tableId } = load.destinationTable;
    if (load.writeDisposition === 'WRITE_APPEND') {
      model.runs.push(...rows);
      return;
    }
    const place = `${datasetId}.${tableId}`;
    const before = model.partitions.get(place);
    if (load.writeDisposition === 'WRITE_EMPTY' && before !== undefined) {
      job.errorResult = error('duplicate');
      return;
    }
    const written = { rows, runId: runOf(job.id), writtenAt: clock.now() };
    onWrite(place, written, before);
    model.partitions.set(place, written);
  }

  function cancel(id: string): Answer {
    const job = jobs.get(id);
    if (job?.state === 'RUNNING') Object.assign(job, { state: 'DONE', errorResult: error('stopped') });
    return found(job && { job: resourceOf(job) });
  }

  return model;
}

/** Of the adapter's job ids, kpi_export_RUN_…: the run. */
export function runOf(jobId: string): string {
  return /^kpi_export_([0-9a-f-]{36})/.exec(jobId)?.[1] ?? '';
}

function metadataOf(table: TableDefinition): object {
  return storedTable(table);
}

function resourceOf(job: Job | undefined): Record<string, unknown> | undefined {
  if (job === undefined) return undefined;
  const { id, operation, state, errorResult, outputRows } = job;
  return {
    jobReference: { projectId: 'test', jobId: id, location: 'EU' },
    status: { state, ...(errorResult !== null && state === 'DONE' && { errorResult, errors: [errorResult] }) },
    statistics:
      operation === 'count' || operation === 'look'
        ? { totalBytesProcessed: '1000' }
        : { load: { outputRows: String(outputRows) } },
  };
}

function results(job: Job | undefined): Answer {
  if (job === undefined) return refusal(404, 'notFound');
  if (job.errorResult !== null) return refusal(400, job.errorResult.reason);
  if (job.state === 'RUNNING') return found({ jobComplete: false });
  const total = String(job.answer.length);
  return found({
    jobComplete: true,
    totalRows: total,
    schema: { fields: ['part', 'part_row', 'place', 'all_rows'].map((name) => ({ name, type: 'STRING' })) },
    rows: job.answer.map(([part, row], index) => ({
      f: [part, JSON.stringify(row), String(index + 1), total].map((v) => ({ v })),
    })),
  });
}

function found(body: object | undefined): Answer {
  return body === undefined ? refusal(404, 'notFound') : { status: 200, body: body as Answer['body'] };
}

function error(reason: string): { reason: string; message: string } {
  return { reason, message: reason };
}

export function refusal(status: number, reason: string): Answer {
  return { status, body: { error: { code: status, message: reason, errors: [{ ...error(reason), domain: 'global' }] } } };
}

function lastOf(path: string): string {
  return path.split('/').at(-1) ?? '';
}
