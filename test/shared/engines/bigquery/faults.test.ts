import { createBigQuery } from '../../../../shared/engines/bigquery/engine';
import type { Pace } from '../../../../shared/engines/bigquery/jobs';
import type { Engine, Run } from '../../../../shared/engines/engine';
import type { ReportOutcome } from '../../../../shared/export/outcome';
import { runExport } from '../../../../shared/export/run-export';
import { datesBetween, reportWindow } from '../../../../shared/metrics/calendar';
import { factNames } from '../../../../shared/metrics/facts/facts';
import { reportTableNames } from '../../../../shared/metrics/tables';
import { createLog } from '../../../../shared/platform/log';
import { type CannedFacts, cannedFacts, publishedDifferences } from '../../../support/canned-facts';
import {
  CANARY,
  configAt,
  destination,
  type Fault,
  type FaultServer,
  type RequestKind,
  type StoredTable,
  startFaultServer,
} from '../../../support/fault-server';
import { testPace } from '../../../support/pace';
import { testGate, testRun } from '../../../support/run';

const DATE = '2025-06-15';
const DAY_BEFORE = '2025-06-14';
const STARTED_AT = new Date('2025-06-15T12:00:00.000Z');

let canned: CannedFacts;
let server: FaultServer;
let engine: Engine;
/** Everything that a caller, the log or the record may pass on. */
let said: string[];

beforeAll(async () => {
  canned = await cannedFacts(DATE, DATE);
});

beforeEach(async () => {
  server = await startFaultServer(canned.facts);
  engine = engineAt(server.endpoint);
  said = [];
});

afterEach(async () => {
  await server.close();
  expect([...said, JSON.stringify(server.runs)].join('\n')).not.toContain(CANARY);
});

function engineAt(endpoint: string, changes: Partial<Pace> = {}): Engine {
  const config = configAt({ endpoint }, { maxBytesBilled: '123456789' });
  return createBigQuery({ config, now: () => STARTED_AT, pace: { ...testPace, ...changes } });
}

/** How an export went: `failure` where it failed as a whole. */
interface Ending {
  reports: ReportOutcome[];
  failure: string | null;
  text: string;
}

async function exportDate({
  from = DATE,
  to = DATE,
  ...changes
}: { from?: string; to?: string } & Partial<Run> = {}): Promise<Ending> {
  const log = createLog({ level: 'debug', format: 'json', write: (line) => void said.push(line) });
  const run = testRun({ log, ...changes });
  const options = {
    engine,
    run,
    timeZone: canned.timeZone,
    gate: { ...testGate, allowStale: true }, // nothing is asked before the facts
    startedAt: STARTED_AT,
    now: () => STARTED_AT,
    dryRun: false,
  };
  try {
    const { reports } = await runExport(datesBetween(from, to), options);
    for (const { tables } of reports) for (const { failure } of tables) said.push(failure?.message ?? '');
    return { reports, failure: null, text: '' };
  } catch (thrown) {
    const { code, message } = thrown as { code: string; message: string };
    said.push(message);
    return { reports: [], failure: code, text: message };
  }
}

function failuresOf({ reports }: Ending): Record<string, string[]> {
  return Object.fromEntries(
    reports.map(({ reportDate, tables }) => [reportDate, tables.flatMap(({ failure }) => failure?.code ?? [])]),
  );
}

/** The export came to a good end: all tables in, right, and recorded once. */
function expectPublished(ending: Ending): void {
  expect([ending.failure, ending.text]).toEqual([null, '']);
  expect(failuresOf(ending)).toEqual({ [DATE]: [] });
  expect(publishedDifferences(server, canned, DATE, STARTED_AT)).toEqual([]);
  expect(server.runs).toEqual([expect.objectContaining({ run_id: 'test-run', report_date: DATE, status: 'succeeded' })]);
}

const jobsOfKind = (kind: string) => [...server.jobs.values()].filter((job) => job.kind === kind);

test('an export without faults, and what it asks for', async () => {
  expectPublished(await exportDate());
  const counts = () => (['dataset', 'table', 'query', 'load', 'record', 'cancel'] as const).map((kind) => server.count(kind));
  expect(counts()).toEqual([1, 5, 1, 4, 1, 0]);
  await exportDate({ id: 'second-run' });
  expect(counts()).toEqual([1, 5, 2, 8, 2, 0]);
  expect(publishedDifferences(server, canned, DATE, STARTED_AT)).toEqual([]);
});

test('what is sent', async () => {
  await exportDate();
  const labels = { component: 'kpi-export', trigger: 'cli', report_date: DATE };
  for (const job of server.jobs.values()) {
    expect(job.configuration.labels).toEqual(job.kind === 'look' ? { component: 'kpi-export' } : labels);
    expect(job.configuration.jobTimeoutMs).toMatch(/^\d{5,6}$/);
  }
  for (const { configuration } of jobsOfKind('query')) {
    expect(configuration.query).toEqual(expect.objectContaining({ useLegacySql: false, maximumBytesBilled: '123456789' }));
  }
  for (const { configuration } of jobsOfKind('load'))
    expect(configuration.load).toEqual(
      expect.objectContaining({ writeDisposition: 'WRITE_TRUNCATE', createDisposition: 'CREATE_NEVER' }),
    );
  for (const { configuration } of jobsOfKind('record'))
    expect(configuration.load).toEqual(
      expect.objectContaining({ writeDisposition: 'WRITE_APPEND', createDisposition: 'CREATE_NEVER' }),
    );
  expect(jobsOfKind('load').map(destination).sort()).toEqual(reportTableNames.map((table) => `${table}$20250615`).sort());
  expect(jobsOfKind('record').map(destination)).toEqual(['export_runs']);
  const looks = server.requests.filter(({ kind }) => kind === 'job' || kind === 'results');
  expect(looks.filter(({ url }) => !url.includes('location=EU'))).toEqual([]);
});

interface QuerySent {
  query: string;
  queryParameters: { name: string }[];
}

test('all facts of a run are counted by one query, each relation of it defined once', async () => {
  await exportDate();
  const job = server.jobs.get('kpi_export_test-run_facts_20250615_1');
  const { query, queryParameters } = (job?.configuration.query ?? {}) as QuerySent;
  for (const text of [...factNames.map((name) => `SELECT '${name}' AS part`), 'measurement_rows AS (', 'first_tests AS ('])
    expect([text, query.split(text).length - 1]).toEqual([text, 1]);
  const bound = queryParameters.map(({ name }) => name);
  expect(bound).toEqual([...new Set(bound)]);
});

test('a dry run of the same query tells what a run would read', async () => {
  await exportDate();
  const price = await engine.price?.(reportWindow(DATE, DATE, canned.timeZone), testRun());
  expect(price).toBe(1000); // what the server says of every query
  const [counting, pricing] = jobsOfKind('query').map(({ configuration }) => configuration);
  expect([counting?.dryRun ?? false, pricing?.dryRun]).toEqual([false, true]);
  expect(pricing?.query).toEqual(counting?.query);
});

interface Survived {
  name: string;
  faults: [RequestKind, ...(Fault | null)[]][];
  /** Requests of a kind, where they say something. */
  counts?: Partial<Record<RequestKind, number>>;
  jobs?: Record<string, number>;
}

const unavailable = { status: 503, reason: 'backendError' };

test.each<Survived>([
  {
    name: 'a reset after the upload was accepted: looked up, not loaded twice',
    faults: [['load', { reset: 'after' }]],
    counts: { load: 4 },
    jobs: { load: 4 },
  },
  {
    name: 'a reset before the upload was accepted',
    faults: [['load', { reset: 'before' }]],
    counts: { load: 5 },
    jobs: { load: 4 },
  },
  {
    name: 'an error although the upload was accepted',
    faults: [['load', { carriedOut: true, ...unavailable }]],
    counts: { load: 4 },
    jobs: { load: 4 },
  },
  {
    name: '409 because the job exists: the first look for it failed too',
    faults: [
      ['load', { reset: 'after' }],
      ['job', unavailable, unavailable, unavailable, unavailable, unavailable, unavailable, unavailable, unavailable],
    ],
    jobs: { load: 4 },
  },
  {
    name: '409 although no such job can be found: the id is given up',
    faults: [['load', { status: 409, reason: 'duplicate' }]],
    counts: { load: 5 },
    jobs: { load: 4 },
  },
  {
    name: 'a query: reset after it was accepted',
    faults: [['query', { reset: 'after' }]],
    counts: { query: 1 },
    jobs: { query: 1 },
  },
  {
    name: 'a query: 409 although no such job can be found',
    faults: [['query', { status: 409, reason: 'duplicate' }]],
    counts: { query: 2 },
  },
  {
    name: 'a load job that fails burns its id',
    faults: [['load', { jobFails: 'backendError' }]],
    counts: { load: 5 },
    jobs: { load: 5 },
  },
  {
    name: 'a query job that fails burns its id',
    faults: [['query', { jobFails: 'internalError' }]],
    counts: { query: 2 },
    jobs: { query: 2 },
  },
  { name: 'a load job that survives errors succeeded', faults: [['load', { jobSurvives: 'invalid' }]], counts: { load: 4 } },
  {
    name: 'a query job that survives errors succeeded',
    faults: [['query', { jobSurvives: 'invalid' }]],
    counts: { query: 1 },
  },
  {
    name: 'a job that wrote fewer rows is done again',
    faults: [['load', { jobLoses: 1 }]],
    counts: { load: 5 },
    jobs: { load: 5 },
  },
  { name: 'a run record: reset after it was accepted', faults: [['record', { reset: 'after' }]], counts: { record: 1 } },
  { name: 'a run record: its job fails', faults: [['record', { jobFails: 'backendError' }]], counts: { record: 2 } },
  {
    name: 'resets of everything that only reads',
    faults: [
      ['dataset', { reset: 'after' }],
      ['table', { reset: 'before' }],
      ['results', { reset: 'after' }],
    ],
  },
])('$name', async ({ faults, counts = {}, jobs = {} }) => {
  for (const [kind, ...played] of faults) server.play(kind, ...played);
  expectPublished(await exportDate());
  const counted = Object.keys(counts).map((kind) => [kind, server.count(kind as RequestKind)]);
  expect(Object.fromEntries(counted)).toEqual(counts);
  const made = Object.keys(jobs).map((kind) => [kind, jobsOfKind(kind).length]);
  expect(Object.fromEntries(made)).toEqual(jobs);
});

const kinds: RequestKind[] = ['dataset', 'table', 'query', 'results', 'load', 'record', 'job'];

test.each([
  { status: 429, reason: 'rateLimitExceeded' },
  { status: 429, reason: 'unheardOf' },
  { status: 403, reason: 'rateLimitExceeded' },
  { status: 400, reason: 'jobRateLimitExceeded' },
  { status: 500, reason: 'internalError' },
  { status: 500, reason: 'backendError' },
  { status: 502, reason: 'badGateway' },
  { status: 503, reason: 'unheardOf' },
  { status: 504, reason: 'unheardOf' },
])('HTTP $status $reason is tried again, wherever it happens', async (fault) => {
  for (const kind of kinds) server.play(kind, fault, fault);
  expectPublished(await exportDate());
});

test.each(['rateLimitExceeded', 'backendError', 'internalError', 'jobBackendError', 'jobInternalError'])(
  'a job that ends with %s is done again',
  async (reason) => {
    for (const kind of ['query', 'load', 'record'] as const) server.play(kind, { jobFails: reason });
    expectPublished(await exportDate());
  },
);

const final = [
  { status: 403, reason: 'quotaExceeded', code: 'QUOTA' },
  { status: 403, reason: 'accessDenied', code: 'ACCESS_DENIED' },
  { status: 404, reason: 'notFound', code: 'NOT_FOUND' },
  { status: 400, reason: 'invalidQuery', code: 'INVALID_QUERY' },
  { status: 400, reason: 'bytesBilledLimitExceeded', code: 'BYTES_LIMIT' },
];

test.each(final)('a query that is refused with $reason is $code, at once', async ({ status, reason, code }) => {
  server.play('query', { status, reason });
  const ending = await exportDate();
  expect([ending.failure, server.count('query'), server.count('load')]).toEqual([code, 1, 0]);
  expect(ending.text).toContain(reason);
  expect(server.runs).toEqual([expect.objectContaining({ status: 'failed', error_code: code })]);
});

test.each(final)('a query job that ends with $reason is $code, at once', async ({ reason, code }) => {
  server.play('query', { jobFails: reason });
  const ending = await exportDate();
  expect([ending.failure, server.count('query'), server.count('load')]).toEqual([code, 1, 0]);
});

test.each(final.slice(0, 3))('a load that ends with $reason is $code for its table alone', async ({ reason, code }) => {
  server.play('load', { jobFails: reason });
  const ending = await exportDate();
  expect([failuresOf(ending), server.count('load')]).toEqual([{ [DATE]: [code] }, 4]);
  expect(server.partitions.size).toBe(3);
  expect(server.runs).toEqual([expect.objectContaining({ status: 'partial', error_code: code })]);
});

test('no load starts for a report that the quality gate refuses', async () => {
  const patched = structuredClone(canned.facts);
  for (const row of patched.activity) if (row.day === DATE) row.tests++;
  await server.close();
  server = await startFaultServer(patched);
  engine = engineAt(server.endpoint);
  const ending = await exportDate({ from: DAY_BEFORE });
  expect(failuresOf(ending)).toEqual({ [DAY_BEFORE]: [], [DATE]: Array(4).fill('QUALITY_GATE') });
  expect(jobsOfKind('load').map(destination)).toEqual(expect.not.arrayContaining([expect.stringContaining('$20250615')]));
  expect([server.count('query'), server.count('load')]).toEqual([1, 4]);
  expect(server.runs.map(({ status, error_code }) => [status, error_code])).toEqual([
    ['succeeded', null],
    ['failed', 'QUALITY_GATE'],
  ]);
});

test('the next run repairs what is missing', async () => {
  server.play('load', { jobFails: 'quotaExceeded' });
  await exportDate({ id: 'first-run' });
  await exportDate({ id: 'second-run' });
  expect(publishedDifferences(server, canned, DATE, STARTED_AT)).toEqual([]);
  expect(server.runs.map(({ status }) => status)).toEqual(['partial', 'succeeded']);
});

test('a run record that cannot be written is logged, and the figures stay', async () => {
  server.play('record', { status: 403, reason: 'accessDenied' });
  expect(failuresOf(await exportDate())).toEqual({ [DATE]: [] });
  expect(said.join('\n')).toContain('run record not written');
  expect(server.runs).toEqual([]);
});

test('a refused connection is UNAVAILABLE', async () => {
  await server.close();
  expect((await exportDate()).failure).toBe('UNAVAILABLE');
});

const steps: RequestKind[] = ['dataset', 'table', 'query', 'job', 'results', 'look', 'load', 'record'];

test.each(steps.flatMap((kind) => [[kind, 'before'] as const, [kind, 'after'] as const]))(
  'a %s that is never answered, lost %s it is carried out, is asked again',
  async (kind, silent) => {
    engine = engineAt(server.endpoint, { callMs: 300 });
    server.play(kind, { silent });
    expectPublished(await exportDate());
  },
);

test.each(steps)(
  'a %s that is never answered, however often it is asked: the export ends, as the time for repeats does',
  async (kind) => {
    engine = engineAt(server.endpoint, { callMs: 300, maxRetryMs: 400 });
    server.strike = (asked) => (asked === kind ? { silent: 'before' } : null);
    const ending = await exportDate();
    const isLost = kind === 'look' || kind === 'record'; // the figures are in; what was revised, or the record, is not known
    if (isLost) expect(publishedDifferences(server, canned, DATE, STARTED_AT)).toEqual([]);
    else expect(ending.failure ?? failuresOf(ending)[DATE]?.[0]).toBe('UNAVAILABLE');
  },
);

test('a read that is never answered ends at the deadline', async () => {
  server.strike = (asked) => (asked === 'look' ? { silent: 'before' } : null);
  const ending = await exportDate({ signal: AbortSignal.timeout(500) });
  expect(ending.failure ?? new Set(failuresOf(ending)[DATE])).toEqual(new Set(['TIMEOUT']));
});

test('a created job that is not visible yet is polled again', async () => {
  server.play('job', { status: 404, reason: 'notFound' });
  expectPublished(await exportDate());
});

test('an endless job is cancelled', async () => {
  engine = engineAt(server.endpoint, { maxRetryMs: 60 });
  server.play('query', { jobHangs: true });
  expect((await exportDate()).failure).toBe('TIMEOUT');
  await until(() => jobsOfKind('query').every(({ hangs }) => !hangs));
});

test('faults without end are given up when the time for repeats is over', async () => {
  server.strike = (kind) => (kind === 'dataset' ? unavailable : null);
  engine = engineAt(server.endpoint, { maxRetryMs: 50 });
  expect((await exportDate()).failure).toBe('UNAVAILABLE');
  expect(server.count('dataset')).toBeGreaterThan(2);
});

test('a dataset in another location is BAD_CONFIG', async () => {
  server.location = 'US';
  const ending = await exportDate();
  expect([ending.failure, server.jobs.size]).toEqual(['BAD_CONFIG', 0]);
  expect(ending.text).toMatch(/KPI_LOCATION.*EU.*US/);
});

interface Drift {
  name: string;
  change: (table: StoredTable) => void;
  says: string;
}

const fieldOf = ({ schema }: StoredTable, name: string) => {
  const field = schema.fields.find((one) => one.name === name);
  if (field === undefined) throw new Error(`no field ${name}`);
  return field;
};

test.each<Drift>([
  {
    name: 'a missing column',
    change: ({ schema }) => {
      schema.fields = schema.fields.filter(({ name }) => name !== 'conversion_rate');
    },
    says: 'conversion_rate',
  },
  {
    name: 'another type',
    change: (table) => Object.assign(fieldOf(table, 'accounts_created'), { type: 'STRING' }),
    says: 'accounts_created',
  },
  {
    name: 'another mode',
    change: (table) => Object.assign(fieldOf(table, 'conversion_rate'), { mode: 'REQUIRED' }),
    says: 'conversion_rate',
  },
  {
    name: 'a repeated column',
    change: (table) => Object.assign(fieldOf(table, 'accounts_created'), { mode: 'REPEATED' }),
    says: 'accounts_created',
  },
  {
    name: 'an unknown column that must be given',
    change: ({ schema }) => void schema.fields.push({ name: 'signups', type: 'INTEGER', mode: 'REQUIRED' }),
    says: 'signups',
  },
  {
    name: 'another partition column',
    change: ({ timePartitioning }) => Object.assign(timePartitioning, { field: 'period_start_date' }),
    says: 'report_date',
  },
  {
    name: 'partitions of a month',
    change: ({ timePartitioning }) => Object.assign(timePartitioning, { type: 'MONTH' }),
    says: 'report_date',
  },
])('$name is SCHEMA_DRIFT, and nothing is loaded', async ({ change, says }) => {
  const table = server.tables.get('daily_funnel');
  if (table !== undefined) change(table);
  const ending = await exportDate();
  expect([ending.failure, server.count('query'), server.count('load')]).toEqual(['SCHEMA_DRIFT', 0, 0]);
  expect(ending.text).toContain('daily_funnel');
  expect(ending.text).toContain(says);
  expect(server.partitions.size).toBe(0);
});

test('a missing table is NOT_FOUND; the same engine works once it exists', async () => {
  const table = server.tables.get('daily_errors');
  server.tables.delete('daily_errors');
  const ending = await exportDate({ id: 'first-run' });
  expect([ending.failure, server.count('load')]).toEqual(['NOT_FOUND', 0]);
  expect(ending.text).toContain('daily_errors');
  if (table !== undefined) server.tables.set('daily_errors', table);
  expect(failuresOf(await exportDate({ id: 'second-run' }))).toEqual({ [DATE]: [] });
});

test('a NULLABLE column where the definition has REQUIRED is no drift', async () => {
  for (const table of server.tables.values()) for (const field of table.schema.fields) field.mode = 'NULLABLE';
  expectPublished(await exportDate());
  const [load] = jobsOfKind('load');
  expect(load?.configuration.load).not.toHaveProperty('schema');
});

test('an extra NULLABLE column is no drift', async () => {
  const fields = server.tables.get('daily_funnel')?.schema.fields;
  fields?.push({ name: 'signups', type: 'INTEGER', mode: 'NULLABLE' }, { name: 'notes', type: 'STRING' });
  expectPublished(await exportDate());
});

test('a date whose partition has expired is refused, and the others of the range are exported', async () => {
  const days = (Date.parse(DATE) - Date.parse(DAY_BEFORE)) / 2 + (STARTED_AT.getTime() - Date.parse(DATE));
  Object.assign(server.tables.get('daily_errors')?.timePartitioning ?? {}, { expirationMs: String(days) });
  const ending = await exportDate({ from: DAY_BEFORE });
  expect(failuresOf(ending)).toEqual({ [DAY_BEFORE]: Array(4).fill('BAD_REQUEST'), [DATE]: [] });
  expect(server.partitions.size).toBe(4);
  expect(publishedDifferences(server, canned, DATE, STARTED_AT)).toEqual([]);
});

test.each(['query', 'load'] as const)('at the deadline a running %s job is cancelled', async (kind) => {
  server.play(kind, { jobHangs: true });
  const controller = new AbortController();
  const ending = exportDate({ signal: controller.signal });
  const running = () => jobsOfKind(kind).filter(({ state }) => state === 'RUNNING').length;
  await until(() => jobsOfKind(kind).length === (kind === 'query' ? 1 : 4) && running() === 1 && server.count('job') > 10);
  controller.abort(new DOMException('the deadline', 'TimeoutError'));
  const { failure, reports } = await ending;
  const codes = failure ?? reports.flatMap(({ tables }) => tables.flatMap((table) => table.failure?.code ?? [])).join();
  expect(codes).toBe('TIMEOUT');
  await until(() => jobsOfKind(kind).every(({ hangs }) => !hangs));
  expect(server.runs).toEqual([expect.objectContaining({ error_code: 'TIMEOUT' })]);
});

test('a job whose insertion is answered only after the deadline is cancelled too', async () => {
  let answer = () => {};
  const answersAfter = new Promise<void>((resolve) => {
    answer = resolve;
  });
  server.play('query', { jobHangs: true, answersAfter });
  const controller = new AbortController();
  const ending = exportDate({ signal: controller.signal });
  await until(() => jobsOfKind('query').length === 1);
  controller.abort(new DOMException('the deadline', 'TimeoutError'));
  expect((await ending).failure).toBe('TIMEOUT');
  answer();
  await until(() => jobsOfKind('query').every(({ hangs }) => !hangs));
});

test('run records that are appended twice are stored once', async () => {
  const { reports } = await exportDate();
  expect(reports).toHaveLength(1);
  const [row] = server.runs;
  await engine.appendRuns([row as never], testRun());
  await engine.appendRuns([row as never], testRun());
  expect(server.runs).toHaveLength(1);
});

async function until(holds: () => boolean): Promise<void> {
  const giveUp = Date.now() + 5_000;
  while (!holds()) {
    if (Date.now() > giveUp) throw new Error('it never came so far');
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
