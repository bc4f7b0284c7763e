import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Facts, ReleaseFacts } from '../../shared/metrics/facts/facts';
import { filesBelow, leaks } from '../support/canaries';
import { PUSH_PATH, pushBody, type Seen } from '../support/canary-doors';
import { cannedFacts } from '../support/canned-facts';
import { type Fault, type FaultServer, type RequestKind, startFaultServer } from '../support/fault-server';
import { type FunctionProcess, runKpi, settings, startFunction } from '../support/processes';

/** BigQuery, whose every error quotes a canary, and whose answers may hold some. */
const DATE = '2025-06-15';
const RELEASED = '2025-06-04';
const timeZone = 'Europe/Berlin';

const folder = mkdtempSync(join(tmpdir(), 'kpi-canaries-'));
let counted: Facts & ReleaseFacts;
/** What the server answers with; each test begins with what was counted. */
let facts: Facts & ReleaseFacts;
let server: FaultServer;
let env: NodeJS.ProcessEnv;
let events: FunctionProcess;
let calls: FunctionProcess;

beforeAll(async () => {
  ({ facts: counted } = await cannedFacts(DATE, DATE, timeZone));
  facts = { ...counted };
  server = await startFaultServer(facts);
  env = settings({
    KPI_WAREHOUSE: 'bigquery:test.kpi_metrics',
    KPI_SOURCE: 'test.source',
    KPI_LOCATION: 'EU',
    KPI_TIME_ZONE: timeZone,
    KPI_BIGQUERY_ENDPOINT: server.endpoint,
    KPI_RELEASE: 'on',
    KPI_RELEASE_GRAIN: 'day',
    KPI_LOG_LEVEL: 'debug',
    TMPDIR: folder,
  });
  [events, calls] = await Promise.all([startFunction('exportKpi', env), startFunction('exportKpiHttp', env)]);
});

beforeEach(() => {
  Object.assign(facts, structuredClone(counted));
  server.strike = () => null;
  server.partitions.clear(); // a period that is out would not be counted again
});

afterAll(async () => {
  await Promise.all([events.stop(), calls.stop()]);
  await server.close();
  rmSync(folder, { recursive: true });
});

/** Exports by every door; all that could be seen of it, the logs of both functions as one. */
async function throughEveryDoor(): Promise<Seen & Record<'command' | 'logs', string>> {
  const before = [events, calls].map((one) => one.said().length);
  const [{ said: command }, answer, acknowledged] = await Promise.all([
    runKpi(['export', '--date', DATE, '--json'], env),
    calls.post('/api/export-kpi', JSON.stringify({ date: DATE })),
    events.post(PUSH_PATH, pushBody(DATE)),
  ]);
  const logs = [events, calls].map((one, index) => one.said().slice(before[index])).join('\n');
  return { command, answer, acknowledged, logs };
}

function expectNoLeak(seen: Seen): void {
  const written = JSON.stringify([server.runs, ...server.partitions]);
  expect(leaks({ ...seen, written, ...filesBelow(folder) })).toEqual([]);
}

describe('an export', () => {
  test.each<[string, string, RequestKind, Fault]>([
    ['no right to look at the tables', 'ACCESS_DENIED', 'table', { status: 403, reason: 'accessDenied' }],
    ['no right to query', 'ACCESS_DENIED', 'query', { status: 403, reason: 'accessDenied' }],
    ['an invalid query', 'INVALID_QUERY', 'query', { status: 400, reason: 'invalidQuery' }],
    ['a query that fails on a row', 'INVALID_QUERY', 'query', { jobFails: 'invalidQuery' }],
    ['results that are gone', 'NOT_FOUND', 'results', { status: 404, reason: 'notFound' }],
    ['a load that fails on a row', 'INVALID_QUERY', 'load', { jobFails: 'invalid' }],
    ['no right to load', 'ACCESS_DENIED', 'load', { status: 403, reason: 'accessDenied' }],
    ['no right to read what was published', 'earlier reports not read', 'look', { status: 403, reason: 'accessDenied' }],
    ['a record that can not be written', 'run record not written', 'record', { status: 403, reason: 'accessDenied' }],
    ['a reason that is none', 'INVALID_QUERY', 'query', { status: 400, reason: 'canary-user-1' }],
  ])('%s', async (_, said, kind, fault) => {
    server.strike = (one) => (one === kind ? fault : null);
    const seen = await throughEveryDoor();
    expect(seen).toMatchObject({
      command: expect.stringContaining(said),
      logs: expect.stringMatching(new RegExp(`${said}.*${said}`, 's')), // of both functions
    });
    expectNoLeak(seen);
  });

  test.each<[string, string, () => void]>([
    ['a text where a word of a list is expected', 'UNEXPECTED', () => spoil('intake', { outcome: 'CANARY of user 1' })],
    ['a column that no fact has', 'UNEXPECTED', () => spoil('activity', { user_id: 'CANARY-user-1' })],
    ['figures that contradict each other', 'QUALITY_GATE', () => spoil('activity', { successes: 0 })],
    ['a text among the facts of the release', 'UNEXPECTED', () => spoil('release_tests', { users: 'CANARY' })],
  ])('%s: %s', async (_, code, spoilFacts) => {
    spoilFacts();
    const seen = await throughEveryDoor();
    expect([seen.command, seen.answer]).toEqual([expect.stringContaining(code), expect.stringContaining(`"code":"${code}"`)]);
    expectNoLeak(seen);
  });
});

/** Changes every row of a fact. */
function spoil(name: keyof typeof facts, change: object): void {
  facts[name] = facts[name].map((row) => ({ ...row, ...change })) as never;
}

test.each<[RequestKind, Fault, string, string[][]]>([
  [
    'look',
    { jobFails: 'accessDenied' },
    'ACCESS_DENIED',
    [
      ['show', '--date', DATE],
      ['show', '--date', RELEASED, '--release'],
      ['gaps', '--from', DATE, '--to', DATE],
      ['release', '--date', RELEASED, '--json'],
      ['dashboard', '--out', join(folder, 'dashboard.html')],
    ],
  ],
  [
    'query',
    { jobFails: 'invalidQuery' },
    'INVALID_QUERY',
    [
      ['export', '--date', DATE, '--dry-run'],
      ['gaps', '--from', '2025-06-13', '--to', '2025-06-13', '--fix', '--json'],
      ['release', '--from', '2025-05-02', '--to', '2025-05-03'],
    ],
  ],
])('commands of which each %s fails', async (kind, fault, code, commands) => {
  server.strike = (one) => (one === kind ? fault : null);
  const ended = await Promise.all(
    commands.map(async (args) => [args.join(' '), (await runKpi(args, env)).said] as [string, string]),
  );
  const seen = Object.fromEntries(ended);
  expect(seen).toEqual(Object.fromEntries(ended.map(([args]) => [args, expect.stringContaining(code)])));
  expectNoLeak(seen);
});
