import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FactRow, Facts, ReleaseFacts } from '../../shared/metrics/facts/facts';
import {
  exportRunsDefinition,
  publishedTableDefinitions,
  reportTableDefinitions,
  type TableDefinition,
} from '../../shared/metrics/tables';
import { releaseDefinitions } from '../../shared/metrics/tables/release-tables';
import type { BigQueryConfig } from '../../shared/platform/config';

/** What a request asks for; a load of export_runs is a `record`, a query of the published tables a `look`, a statement that removes rows of them a `delete`, a test of permissions `rights`. */
export type RequestKind =
  | 'dataset'
  | 'tables'
  | 'table'
  | 'query'
  | 'look'
  | 'delete'
  | 'load'
  | 'record'
  | 'job'
  | 'results'
  | 'cancel'
  | 'rights';

/** How a request, or the job that it makes, goes wrong. */
export type Fault =
  /** Answered with an error, and not carried out. */
  | { status: number; reason: string }
  /** The connection breaks before or after the request is carried out. */
  | { reset: 'before' | 'after' }
  /** Carried out later. */
  | { waitsMs: number }
  /** The request is carried out or not; it is never answered. */
  | { silent: 'before' | 'after' }
  /** Carried out, but the answer is not the one that was given: another text, or a changed object. */
  | { answers: string; contentType?: string }
  | { changes: (body: StoredRow) => object }
  /** Carried out, but the answer is an error. */
  | { carriedOut: true; status: number; reason: string }
  /** The job ends with an errorResult, having done nothing. */
  | { jobFails: string }
  /** The job succeeds in spite of errors. */
  | { jobSurvives: string }
  /** The job says it succeeded, with fewer rows than were sent. */
  | { jobLoses: number }
  /** The job runs until it is cancelled; its insertion is answered when a promise comes true, if there is one. */
  | { jobHangs: true; answersAfter?: Promise<void> };

export interface StoredJob {
  id: string;
  kind: 'query' | 'look' | 'delete' | 'load' | 'record';
  /** Where it was asked for; undefined: not said, which BigQuery takes for US. */
  location: string | undefined;
  configuration: Record<string, unknown>;
  state: 'RUNNING' | 'DONE';
  hangs: boolean;
  errorResult: { reason: string; message: string } | null;
  errors: { reason: string; message: string }[];
  outputRows: number;
}

export interface StoredTable {
  schema: { fields: { name: string; type: string; mode?: string }[] };
  timePartitioning: { type: string; field?: string; expirationMs?: string };
}

export type StoredRow = Record<string, unknown>;

/** Stands in every error message of the server, as a user id would in some of BigQuery's: it must not come out of the adapter. */
export const CANARY = 'canary-user-4711';

export interface FaultServer {
  endpoint: string;
  location: string;
  /** The core tables, as of a deployment that has no others yet, unless a test adds some. */
  tables: Map<string, StoredTable>;
  jobs: Map<string, StoredJob>;
  /** By name and day: daily_funnel$20250615; by name alone of a table that isn't partitioned. */
  partitions: Map<string, StoredRow[]>;
  runs: StoredRow[];
  /** What whoever asks may do to each table. */
  permissions: string[];
  /** What an inspection counts in each source table. */
  sourceCounts: StoredRow;
  requests: { kind: RequestKind; url: string }[];
  count(kind: RequestKind): number;
  /** The next requests of a kind meet these faults, one each; null: none. */
  play(kind: RequestKind, ...faults: (Fault | null)[]): void;
  /** Asked for a fault where none is to be played. */
  strike: (kind: RequestKind) => Fault | null;
  close(): Promise<void>;
}

/** Of facts that are left out there are no rows. Those of weeks and months have the names that they have in a statement: activity_week. */
type ServedFacts = Facts &
  Partial<ReleaseFacts & { freshness: FactRow<'freshness'>[] }> & { [part: string]: readonly object[] | undefined };

interface Answer {
  status: number;
  body: object;
}

/**
 * The endpoints of BigQuery that the client uses here, in memory. It answers queries with the facts that it is given. A job is RUNNING
 * when it is made and DONE when it is looked at; it has done its work as soon as it is made.
 */
export async function startFaultServer(facts: ServedFacts): Promise<FaultServer> {
  const script = new Map<RequestKind, (Fault | null)[]>();
  const server = createServer((request, response) => void handle(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const fake: FaultServer = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    location: 'EU',
    tables: new Map(
      [...Object.values(reportTableDefinitions), exportRunsDefinition, releaseDefinitions.day].map((table) => [
        table.name,
        storedTable(table),
      ]),
    ),
    jobs: new Map(),
    partitions: new Map(),
    runs: [],
    permissions: ['bigquery.tables.updateData'],
    sourceCounts: { source_rows: 0, without_created_at: 0, before_1970: 0, in_future: 0, repeated_ids: 0 },
    requests: [],
    count: (kind) => fake.requests.filter((request) => request.kind === kind).length,
    play: (kind, ...faults) => script.set(kind, [...(script.get(kind) ?? []), ...faults]),
    strike: () => null,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const url = request.url ?? '';
    const sent = parseBody(Buffer.concat(chunks).toString(), request.headers['content-type'] ?? '');
    const kind = kindOf(request.method ?? '', url.split('?')[0] ?? '', sent);
    fake.requests.push({ kind, url: `${request.method} ${url}` });
    const planned = script.get(kind)?.shift();
    const fault = planned === undefined ? fake.strike(kind) : planned;
    if (fault !== null && 'reset' in fault && fault.reset === 'before') return void request.socket.destroy();
    if (fault !== null && 'waitsMs' in fault) await sleep(fault.waitsMs);
    if (fault !== null && 'silent' in fault && fault.silent === 'before') return;
    if (fault !== null && 'status' in fault && !('carriedOut' in fault)) return send(response, refusal(fault));
    const answer = carryOut(kind, url.split('?')[0] ?? '', sent, fault);
    if (fault !== null && 'silent' in fault) return;
    if (fault !== null && 'reset' in fault) return void request.socket.destroy();
    if (fault !== null && 'jobHangs' in fault) await fault.answersAfter;
    if (fault !== null && 'answers' in fault)
      return void response.writeHead(200, { 'Content-Type': fault.contentType ?? 'application/json' }).end(fault.answers);
    if (fault !== null && 'changes' in fault)
      return send(response, { status: 200, body: fault.changes(answer.body as StoredRow) });
    send(response, fault !== null && 'status' in fault ? refusal(fault) : answer);
  }

  function carryOut(kind: RequestKind, path: string, sent: Sent, fault: Fault | null): Answer {
    const name = decodeURIComponent(path.split('/').at(kind === 'cancel' ? -2 : -1) ?? '');
    if (kind === 'dataset') return found({ location: fake.location });
    if (kind === 'tables') return found(listed());
    if (kind === 'table') return found(fake.tables.get(name));
    if (kind === 'rights') return found({ permissions: fake.permissions });
    if (kind === 'query' || kind === 'look' || kind === 'delete' || kind === 'load' || kind === 'record')
      return insert(kind, sent, fault);
    const job = fake.jobs.get(name);
    if (job === undefined) return refusal({ status: 404, reason: 'notFound' });
    if (kind === 'results') return found(queryResults(partsOf(job)));
    if (kind === 'cancel' && job.state === 'RUNNING')
      Object.assign(job, { state: 'DONE', errorResult: error('stopped'), hangs: false });
    if (kind === 'cancel') return found({ job: resource(job) });
    if (!job.hangs) job.state = 'DONE';
    return found(resource(job));
  }

  function listed() {
    const tables = [...fake.tables.keys()].map((tableId) => ({
      tableReference: { projectId: 'test', datasetId: 'kpi_metrics', tableId },
    }));
    return { tables, totalItems: tables.length };
  }

  /** The rows of each part of a statement (shared/metrics/facts/whole-answer.ts). */
  function partsOf(job: StoredJob): [part: string, row: StoredRow][] {
    const { query } = job.configuration.query as { query: string };
    const names = [...query.matchAll(/SELECT '(\w+)' AS part,/g)].map(([, name]) => name ?? '');
    const rowsOf = (name: string) => {
      if (name === 'control') return [{}];
      if (job.kind === 'look') return look(job, name);
      return job.id.includes('_look_') ? [fake.sourceCounts] : ((facts[name] ?? []) as readonly StoredRow[]);
    };
    return names.flatMap((name) => rowsOf(name).map((row): [string, StoredRow] => [name, row]));
  }

  /** The rows of a published table: of the one that the part is named after, or of the only one that is asked for. */
  function look({ configuration }: StoredJob, part: string): StoredRow[] {
    const table = fake.tables.has(part) ? part : (lookedAt(configuration) ?? '');
    if (table === 'export_runs') return runsOf(configuration);
    if (queryOf(configuration).includes('AS row_count')) return states();
    const partitions = [...fake.partitions].filter(([name]) => name === table || name.startsWith(`${table}$`));
    return partitions.flatMap(([, rows]) => rows);
  }

  /** Run records, of one request where the query names it: selectRuns. */
  function runsOf(configuration: Record<string, unknown>): StoredRow[] {
    if (!queryOf(configuration).includes('request_id = @request_id')) return fake.runs;
    const [parameter] = (configuration.query as { queryParameters: { parameterValue: { value: string } }[] }).queryParameters;
    return fake.runs.filter(({ request_id }) => request_id === parameter?.parameterValue.value);
  }

  /** What there is of each report: selectReportStates. */
  function states(): StoredRow[] {
    return [...fake.partitions].flatMap(([name, rows]) => {
      const [table = ''] = name.split('$');
      const created = rows.map(({ created_at }) => String(created_at)).sort();
      if (!(table in publishedTableDefinitions)) return [];
      return {
        report_date: rows[0]?.report_date,
        table_name: table,
        row_count: rows.length,
        first_created_at: created[0],
        last_created_at: created.at(-1),
      };
    });
  }

  /** Answers how many rows are gone. */
  function remove(configuration: Record<string, unknown>): number {
    const { queryParameters } = configuration.query as { queryParameters?: { parameterValue: { value: string } }[] };
    const table = lookedAt(configuration) ?? '';
    if (queryParameters === undefined) {
      const { length } = fake.partitions.get(table) ?? [];
      fake.partitions.delete(table);
      return length;
    }
    const [from = '', to = ''] = queryParameters.map(({ parameterValue }) => parameterValue.value.replaceAll('-', ''));
    const [prefix, rows] = [`${table}$`, { gone: 0 }];
    for (const [name, { length }] of fake.partitions) {
      const day = name.slice(prefix.length);
      if (!name.startsWith(prefix) || day < from || day > to) continue;
      fake.partitions.delete(name);
      rows.gone += length;
    }
    return rows.gone;
  }

  function insert(kind: StoredJob['kind'], { job: { jobReference, configuration }, rows }: Sent, fault: Fault | null): Answer {
    const { jobId, location } = jobReference;
    if (fake.jobs.has(jobId)) return refusal({ status: 409, reason: 'duplicate' });
    const { writeDisposition } = (configuration.load ?? {}) as { writeDisposition?: string };
    const isTaken = writeDisposition === 'WRITE_EMPTY' && fake.partitions.has(destinationOf(configuration));
    const fails = fault !== null && 'jobFails' in fault ? error(fault.jobFails) : isTaken ? error('duplicate') : null;
    const survives = fault !== null && 'jobSurvives' in fault ? error(fault.jobSurvives) : null;
    const hangs = fault !== null && 'jobHangs' in fault;
    const lost = fault !== null && 'jobLoses' in fault ? fault.jobLoses : 0;
    const kept = rows.slice(0, rows.length - lost);
    const job: StoredJob = {
      id: jobId,
      kind,
      location,
      configuration,
      state: 'RUNNING',
      hangs,
      errorResult: fails,
      errors: [fails, survives].filter((one) => one !== null),
      outputRows: kept.length,
    };
    fake.jobs.set(jobId, job);
    if (fails === null && !hangs && kind === 'record') fake.runs.push(...kept);
    if (fails === null && !hangs && kind === 'delete') job.outputRows = remove(configuration);
    if (fails === null && !hangs && kind === 'load') fake.partitions.set(destination(job), kept);
    return found(resource(job));
  }

  return fake;
}

/** Settings of an export to this server. */
export function configAt({ endpoint }: Pick<FaultServer, 'endpoint'>, changes: Partial<BigQueryConfig> = {}): BigQueryConfig {
  return {
    engine: 'bigquery',
    project: 'test',
    dataset: 'kpi_metrics',
    source: { users: 'test.source.users', measurements: 'test.source.measurements', firstTests: null },
    location: 'EU',
    maxBytesBilled: null,
    endpoint,
    ...changes,
  };
}

/** Where a load job writes. */
export function destination({ configuration }: StoredJob): string {
  return destinationOf(configuration);
}

function destinationOf(configuration: Record<string, unknown>): string {
  return (configuration.load as { destinationTable: { tableId: string } }).destinationTable.tableId;
}

/** A table of a definition, as BigQuery has it. */
export function storedTable({ columns, partitionColumn }: TableDefinition): StoredTable {
  return {
    schema: { fields: columns.map(({ name, type, mode }) => ({ name, type: wireTypes[type] ?? type, mode })) },
    timePartitioning: { type: 'DAY', ...(partitionColumn !== null && { field: partitionColumn }) },
  };
}

/** BigQuery answers with the old names. */
const wireTypes: Record<string, string> = { INT64: 'INTEGER', FLOAT64: 'FLOAT', BOOL: 'BOOLEAN' };

interface Sent {
  job: { jobReference: { jobId: string; location?: string }; configuration: Record<string, unknown> };
  rows: StoredRow[];
}

function parseBody(text: string, contentType: string): Sent {
  const boundary = /boundary="?([^";]+)/.exec(contentType)?.[1];
  if (boundary === undefined) return { job: text === '' ? {} : JSON.parse(text), rows: [] };
  const [job = '', data = ''] = text
    .split(`--${boundary}`)
    .slice(1, -1)
    .map((part) => part.slice(part.indexOf('\r\n\r\n') + 4));
  const lines = data.split('\n').filter((line) => line.trim() !== '');
  return { job: JSON.parse(job), rows: lines.map((line) => JSON.parse(line)) };
}

function kindOf(method: string, path: string, { job }: Sent): RequestKind {
  if (path.startsWith('/upload/')) return JSON.stringify(job).includes('"export_runs"') ? 'record' : 'load';
  if (method === 'POST' && path.endsWith('/jobs')) {
    if (lookedAt(job.configuration) === null) return 'query';
    return queryOf(job.configuration).startsWith('DELETE ') ? 'delete' : 'look';
  }
  if (path.endsWith('/cancel')) return 'cancel';
  if (path.includes('/queries/')) return 'results';
  if (path.includes('/jobs/')) return 'job';
  if (path.endsWith(':testIamPermissions')) return 'rights';
  if (path.endsWith('/tables')) return 'tables';
  if (path.includes('/tables/')) return 'table';
  if (path.includes('/datasets/')) return 'dataset';
  throw new Error(`a request that the fault server doesn't know: ${method} ${path}`);
}

function found(body: object | undefined): Answer {
  return body === undefined ? refusal({ status: 404, reason: 'notFound' }) : { status: 200, body };
}

function error(reason: string): { reason: string; message: string } {
  return { reason, message: `${reason}: ${CANARY}` };
}

function refusal({ status, reason }: { status: number; reason: string }): Answer {
  const { message } = error(reason);
  return {
    status,
    body: { error: { code: status, message, status: 'FAILED', errors: [{ ...error(reason), domain: 'global' }] } },
  };
}

function send(response: ServerResponse, { status, body }: Answer): void {
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
}

function resource({ id, kind, configuration, state, errorResult, errors, outputRows }: StoredJob): object {
  return {
    id: `test:EU.${id}`,
    jobReference: { projectId: 'test', jobId: id, location: 'EU' },
    configuration,
    status: {
      state,
      ...(errorResult !== null && state === 'DONE' && { errorResult }),
      ...(errors.length > 0 && { errors }),
    },
    statistics: statisticsOf(kind, String(outputRows)),
  };
}

function statisticsOf(kind: StoredJob['kind'], rows: string): object {
  if (kind === 'delete') return { query: { numDmlAffectedRows: rows } };
  return kind === 'query' || kind === 'look' ? { totalBytesProcessed: '1000' } : { load: { outputRows: rows } };
}

function queryOf(configuration: Record<string, unknown>): string {
  return (configuration.query as { query: string }).query;
}

/** The published table that a query reads, one at a time; null where it reads a source. */
function lookedAt(configuration: Record<string, unknown>): string | null {
  return /FROM `test\.kpi_(?:metrics|release)\.(\w+)`/.exec(queryOf(configuration))?.[1] ?? null;
}

function queryResults(parts: [part: string, row: StoredRow][]): object {
  return {
    jobComplete: true,
    totalRows: String(parts.length),
    schema: {
      fields: [
        { name: 'part', type: 'STRING', mode: 'NULLABLE' },
        { name: 'part_row', type: 'STRING', mode: 'NULLABLE' },
        { name: 'place', type: 'INTEGER', mode: 'NULLABLE' },
        { name: 'all_rows', type: 'INTEGER', mode: 'NULLABLE' },
      ],
    },
    rows: parts.map(([part, row], index) => ({
      f: [part, JSON.stringify(row), String(index + 1), String(parts.length)].map((v) => ({ v })),
    })),
  };
}
