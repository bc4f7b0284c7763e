import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDuckDb } from '../shared/engines/duckdb/engine';
import type { Engine } from '../shared/engines/engine';
import type { ReportOutcome } from '../shared/export/outcome';
import { runExport } from '../shared/export/run-export';
import { datesBetween } from '../shared/metrics/calendar';
import type { Facts } from '../shared/metrics/facts/facts';
import { tablesOf } from '../shared/metrics/tables';
import type { ExportRun } from '../shared/metrics/tables/export_runs';
import type { Failure } from '../shared/platform/failure';
import { until } from './support/deployment';
import { runKpi, settings, startFunction } from './support/processes';
import { randomSource } from './support/random-source';
import { testGate, testRun } from './support/run';
import { writeSource } from './support/source-files';
import type { SourceRows } from './support/source-rows';

/** What must not be published isn't: the warehouse stays as it was of that date, and the others of a range are written. */
const DATE = '2025-06-15';
const DAY_BEFORE = '2025-06-14';
const FIRST = new Date('2026-01-01T00:00:00.000Z');
const SECOND = new Date(`${DATE}T23:30:00.000Z`);

const WAREHOUSE = 'warehouse.duckdb';
const rows = randomSource({ seed: 21, timeZone: 'UTC', from: DAY_BEFORE, to: DATE, measurements: 300, emptyText: true });
/** A source that is right, the warehouse to which DAY_BEFORE and DATE were exported from it, and what that holds of DATE. */
let right: { folder: string; published: unknown };
/** The copies that a test changes. */
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kpi-gate-'));
  await writeSource(folder, 'ndjson', rows);
  await exportAll(DAY_BEFORE, FIRST);
  right = { folder, published: await published() };
});

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kpi-gate-'));
  for (const file of ['users.ndjson', 'measurements.ndjson', WAREHOUSE])
    copyFileSync(join(right.folder, file), join(folder, file));
});

afterEach(() => rmSync(folder, { recursive: true }));
afterAll(() => rmSync(right.folder, { recursive: true }));

interface Attempt {
  source?: SourceRows;
  /** Changes what the engine counted. */
  change?: (facts: Facts) => void;
  startedAt?: Date;
  from?: string;
}

interface Ending {
  outcomes: ReportOutcome[];
  records: ExportRun[];
  before: unknown;
  after: unknown;
}

/** Exports once more, as asked. */
async function attempt({ source, change, startedAt = SECOND, from = DAY_BEFORE }: Attempt): Promise<Ending> {
  if (source !== undefined) await writeSource(folder, 'ndjson', source);
  const ending = await exportAll(from, startedAt, change);
  return { ...ending, before: right.published, after: await published() };
}

async function exportAll(first: string, at: Date, change?: Attempt['change']): Promise<Pick<Ending, 'outcomes' | 'records'>> {
  const records: ExportRun[] = [];
  const dates = datesBetween(first, DATE);
  const outcomes = await withEngine(async (engine): Promise<ReportOutcome[]> => {
    const patched: Engine = {
      ...engine,
      readFacts: async (window, run) => {
        const answer = await engine.readFacts(window, run);
        change?.(answer.facts);
        return answer;
      },
      appendRuns: async (appended) => void records.push(...appended),
    };
    const options = { engine: patched, run: testRun(), timeZone: 'UTC', gate: testGate, startedAt: at, now: () => at };
    // what fails for one reason alone fails as a whole
    const { reports } = await runExport(dates, { ...options, dryRun: false }).catch((failure: Failure) => ({
      reports: dates.map((reportDate) => ({
        reportDate,
        tables: tablesOf(reportDate).map((table) => ({ table, rows: 0 as const, failure })),
        findings: null,
        release: null,
      })),
    }));
    return reports;
  });
  return { outcomes, records };
}

async function withEngine<Result>(work: (engine: Engine) => Promise<Result>): Promise<Result> {
  const engine = await openDuckDb({
    config: { engine: 'duckdb', warehouse: join(folder, WAREHOUSE), source: { kind: 'path', path: folder } },
    access: 'export',
    now: SECOND,
  });
  try {
    return await work(engine);
  } finally {
    await engine.close();
  }
}

/** All rows of DATE. */
function published(): Promise<unknown> {
  return withEngine((engine) => engine.readReports(DATE, DATE));
}

const failuresOf = ({ outcomes }: Ending, date: string) =>
  outcomes.find(({ reportDate }) => reportDate === date)?.tables.map(({ failure }) => failure?.code ?? null);

const onDate = <Row extends { day: string }>(facts: Row[]): Row => {
  const row = facts.find(({ day }) => day === DATE);
  if (row === undefined) throw new Error('no fact of the date');
  return row;
};

const [someone] = rows.users.filter(({ user_id, created_at }) => user_id !== null && created_at?.startsWith('2025'));
const measurement = { measurement_id: 'twice', user_id: 'u', session_id: 's', created_at: `${DATE}T10:00:00Z`, error_type: null };

test.each<[string, string, Attempt]>([
  ['tests that nobody took', 'QUALITY_GATE', { change: ({ activity }) => void onDate(activity).tests++ }],
  ['a session too many', 'QUALITY_GATE', { change: ({ sessions }) => void Object.assign(onDate(sessions), { sessions: 5000 }) }],
  [
    'an error of no test',
    'QUALITY_GATE',
    { change: ({ intake }) => void intake.push({ ...onDate(intake), outcome: 'camera_too_far', source_rows: 1 }) },
  ],
  [
    'a count below 0',
    'QUALITY_GATE',
    {
      change: ({ activity }) =>
        activity.filter(({ day }) => day === DATE).forEach((row) => void Object.assign(row, { users: -4 })),
    },
  ],
  [
    'an account that nobody created',
    'QUALITY_GATE',
    { change: ({ people }) => void people.push({ role: 'account', day: DATE, first_test_day: null, people: 1 }) },
  ],
  [
    'a measurement that is there twice',
    'SOURCE_CONTRACT',
    { source: { ...rows, measurements: [...rows.measurements, measurement, measurement] } },
  ],
])('%s: %s, and the other date is exported', async (_, code, asked) => {
  const ending = await attempt(asked);
  expect(failuresOf(ending, DATE)).toEqual(tablesOf(DATE).map(() => code));
  expect(failuresOf(ending, DAY_BEFORE)).toEqual(tablesOf(DAY_BEFORE).map(() => null));
  expect(ending.after).toEqual(ending.before);
  expect(ending.records).toEqual([
    expect.objectContaining({ report_date: DAY_BEFORE, status: 'succeeded', error_code: null }),
    expect.objectContaining({ report_date: DATE, status: 'failed', error_code: code }),
  ]);
});

const rejected = Array.from({ length: 1000 }, () => ({ user_id: null, created_at: `${DATE}T10:00:00Z` }));

const many = (count: number, row: Partial<SourceRows['measurements'][number]>) =>
  Array.from({ length: count }, (_, index) => ({ ...measurement, measurement_id: `many${index}`, ...row }));

test.each<[string, string, SourceRows]>([
  [
    'most failures of a kind that is no kind',
    'QUALITY_GATE',
    { ...rows, measurements: [...rows.measurements, ...many(400, { error_type: 'NULL' })] },
  ],
  [
    'most tests of the year 1',
    'SOURCE_CONTRACT',
    { ...rows, measurements: [...rows.measurements, ...many(400, { created_at: '0001-01-01T00:00:00Z' })] },
  ],
  [
    'most accounts in the far future',
    'SOURCE_CONTRACT',
    { ...rows, users: [...rows.users, ...many(400, { created_at: '9999-12-01T00:00:00Z' })] },
  ],
  ['a user who is there twice', 'SOURCE_CONTRACT', { ...rows, users: [...rows.users, ...(someone ? [someone] : [])] }],
  ['a thousand rows without an id', 'QUALITY_GATE', { ...rows, users: [...rows.users, ...rejected] }],
])('%s: %s', async (_, code, source) => {
  const ending = await attempt({ source, from: DATE });
  expect(failuresOf(ending, DATE)).toEqual(tablesOf(DATE).map(() => code));
  expect(ending.after).toEqual(ending.before);
});

test.each<[string, Partial<SourceRows['measurements'][number]>]>([
  ['of the year 1', { created_at: '0001-01-01T00:00:00Z' }],
  ['of the last microsecond before 1970', { created_at: '1969-12-31T23:59:59.999999Z' }],
  ['of the far future', { created_at: '9999-12-01T00:00:00Z' }],
])('one broken client, with some tests %s, changes no figure and holds nothing back', async (_, row) => {
  const ending = await attempt({ source: { ...rows, measurements: [...rows.measurements, ...many(30, row)] } });
  expect(failuresOf(ending, DATE)).toEqual(tablesOf(DATE).map(() => null));
  expect(withoutInstants(ending.after)).toEqual(withoutInstants(ending.before));
});

function withoutInstants(published: unknown): unknown {
  return JSON.parse(JSON.stringify(published, (name, value) => (name === 'created_at' ? null : value)));
}

test('a duplicate user after the report date does not affect the report', async () => {
  const twice = { user_id: 'late', created_at: '2025-06-16T10:00:00Z' };
  const ending = await attempt({ source: { ...rows, users: [...rows.users, twice, twice] } });
  expect(failuresOf(ending, DATE)).toEqual(tablesOf(DATE).map(() => null));
});

test('a late source stops reports of today and yesterday, not of earlier dates', async () => {
  const empty = { users: rows.users, measurements: rows.measurements.filter(({ created_at }) => created_at?.startsWith('2001')) };
  const late = await attempt({ source: empty, startedAt: new Date(`${DATE}T23:00:00Z`), from: '2025-06-13' });
  expect(failuresOf(late, DATE)).toEqual(tablesOf(DATE).map(() => 'SOURCE_NOT_READY'));
  expect(failuresOf(late, DAY_BEFORE)).toEqual(tablesOf(DAY_BEFORE).map(() => 'SOURCE_NOT_READY'));
  expect(failuresOf(late, '2025-06-13')).toEqual(tablesOf('2025-06-13').map(() => null));
  expect(late.after).toEqual(late.before);
});

test('at every entry point a late source is a retryable error; the command line can override it', async () => {
  rmSync(join(folder, WAREHOUSE));
  const env = settings({ KPI_SOURCE: folder, KPI_WAREHOUSE: join(folder, WAREHOUSE) });
  const http = await startFunction('exportKpiHttp', env);
  const pubsub = await startFunction('exportKpi', env);
  try {
    const refused = await runKpi(['export'], env);
    expect(refused).toEqual({
      code: 1,
      said: expect.stringMatching(/the source is late: .*--allow-stale.*\(SOURCE_NOT_READY\)/),
    });
    const [, advised] = /newest day there is: .* export --date (\d{4}-\d\d-\d\d);/.exec(refused.said) ?? [];
    expect((await runKpi(['export', '--date', String(advised), '--dry-run'], env)).code).toBe(0);
    expect(await http.post('/api/export-kpi', '')).toMatch(/^503 .*"code":"SOURCE_NOT_READY"/);
    const message = { messageId: '1', publishTime: new Date().toISOString() };
    expect(await pubsub.post('/projects/p/topics/t', JSON.stringify({ message, subscription: 's' }))).toMatch(/^500 /);
    const logged = /"severity":"WARNING","message":"export failed".*"code":"SOURCE_NOT_READY"/;
    await until('the failure is logged', () => logged.test(pubsub.said())); // the answer may arrive before the line
    expect(existsSync(join(folder, WAREHOUSE))).toBe(false);
    expect((await runKpi(['export', '--allow-stale'], env)).code).toBe(0);
    expect((await runKpi(['export'], { ...env, KPI_SOURCE_MAX_AGE_HOURS: '0' })).code).toBe(0);
  } finally {
    await Promise.all([http.stop(), pubsub.stop()]);
  }
});
