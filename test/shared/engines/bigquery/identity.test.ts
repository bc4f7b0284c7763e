import { createBigQuery } from '../../../../shared/engines/bigquery/engine';
import { sourceId } from '../../../../shared/engines/identity';
import { settle } from '../../../../shared/engines/open';
import type { ExportRun } from '../../../../shared/metrics/tables/export_runs';
import { parseConfig } from '../../../../shared/platform/config';
import { createLog } from '../../../../shared/platform/log';
import { configAt, type FaultServer, startFaultServer } from '../../../support/fault-server';
import { testPace } from '../../../support/pace';
import { testRun } from '../../../support/run';

const env = { KPI_WAREHOUSE: 'bigquery:test.kpi_metrics', KPI_SOURCE: 'test.app', KPI_LOCATION: 'EU' };
const held = sourceId('test.app.users, test.app.measurements');

let server: FaultServer;
beforeEach(async () => {
  server = await startFaultServer({ activity: [], sessions: [], repeats: [], intake: [], users: [], people: [], misdated: [] });
});
afterEach(() => server.close());

function createEngine() {
  const source = { users: 'test.app.users', measurements: 'test.app.measurements', firstTests: null };
  const config = configAt(server, { source });
  return createBigQuery({ config, now: () => new Date(), pace: testPace });
}

const settled = (changes: NodeJS.ProcessEnv) => settle(parseConfig({ ...env, ...changes }), 'export', async () => createEngine());

describe('a warehouse that stores its source and time zone', () => {
  beforeEach(() => void server.runs.push({ time_zone: 'Europe/Berlin', source: held }));

  test.each<[string, NodeJS.ProcessEnv]>([
    ['the time zone is gone on with', {}],
    ['the time zone is named', { KPI_TIME_ZONE: 'Europe/Berlin' }],
    ['the tables are named one by one', { KPI_SOURCE_USERS: 'test.app.users', KPI_SOURCE_MEASUREMENTS: 'test.app.measurements' }],
    ['first tests are read from a view', { KPI_SOURCE_FIRST_TESTS: 'test.app.first_tests' }],
  ])('%s', async (_, changes) => {
    expect((await settled(changes)).timeZone).toBe('Europe/Berlin');
  });

  test.each<[string, NodeJS.ProcessEnv, string]>([
    [
      'another dataset',
      { KPI_SOURCE: 'test.other' },
      `another source (its id is ${held}), the settings name test.other.users, test.other.measurements`,
    ],
    ['another table', { KPI_SOURCE_USERS: 'test.crm.users' }, 'the settings name test.crm.users, test.app.measurements'],
    ['another time zone', { KPI_TIME_ZONE: 'UTC' }, 'holds reports in Europe/Berlin, the settings name UTC'],
  ])('%s is refused', async (_, changes, says) => {
    await expect(settled(changes)).rejects.toMatchObject({ code: 'BAD_CONFIG', message: expect.stringContaining(says) });
  });

  test('--rebind accepts a moved source', async () => {
    const config = parseConfig({ ...env, KPI_SOURCE: 'test.moved' }, { rebind: true });
    expect((await settle(config, 'export', async () => createEngine())).warehouse.source).toMatchObject({
      users: 'test.moved.users',
    });
  });

  test('is asked once', async () => {
    const engine = createEngine();
    for (let time = 0; time < 3; time++)
      expect(await engine.readIdentity()).toEqual({ source: { id: held, name: null }, timeZone: 'Europe/Berlin' });
    expect([server.count('table'), server.count('look')]).toEqual([1, 1]);
  });
});

describe('export_runs before new infrastructure is applied', () => {
  const row = { run_id: 'r', request_id: 'q', report_date: '2025-12-23', status: 'succeeded', source: held } as ExportRun;
  beforeEach(() => {
    const schema = server.tables.get('export_runs')?.schema;
    if (schema !== undefined) schema.fields = schema.fields.filter(({ name }) => name !== 'source');
  });

  test('is no drift: records are written without the column, with one warning', async () => {
    const lines: string[] = [];
    const log = createLog({ level: 'warning', format: 'json', write: (line) => lines.push(line) });
    const engine = createEngine();
    for (const id of ['one', 'two']) await engine.appendRuns([row], testRun({ id, log }));
    expect(server.runs.map((one) => 'source' in one)).toEqual([false, false]);
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      { severity: 'WARNING', message: 'run records lack a column', table: 'export_runs', column: 'source' },
    ]);
    const found = await engine.inspectWarehouse({ release: null }, testRun());
    expect(found.flatMap(({ failure }) => failure ?? [])).toEqual([]);
  });

  test('is read, and its time zone holds', async () => {
    server.runs.push({ time_zone: 'Europe/Berlin' });
    expect(await createEngine().readRuns({ newest: 1 })).toHaveLength(1);
    expect(await createEngine().readIdentity()).toEqual({ source: null, timeZone: 'Europe/Berlin' });
    const queries = [...server.jobs.values()].map(({ configuration }) => (configuration.query as { query: string }).query);
    expect(queries.every((query) => query.includes('NULL AS source'))).toBe(true);
  });

  test('gets it with the next record once the column is there', async () => {
    const engine = createEngine();
    await engine.appendRuns([row], testRun({ id: 'before' }));
    server.tables.get('export_runs')?.schema.fields.push({ name: 'source', type: 'STRING' });
    await engine.appendRuns([row], testRun({ id: 'after' }));
    expect(server.runs.map(({ source }) => source)).toEqual([undefined, held]);
  });
});

test('nothing is held where the table of runs does not exist', async () => {
  server.tables.delete('export_runs');
  expect((await settled({})).timeZone).toBe('UTC');
});

test('an account without access to run records uses the given settings', async () => {
  server.runs.push({ time_zone: 'Europe/Berlin', source: held });
  server.strike = (kind) => (kind === 'look' ? { status: 403, reason: 'accessDenied' } : null);
  expect((await settled({ KPI_TIME_ZONE: 'Asia/Tokyo' })).timeZone).toBe('Asia/Tokyo');
});

test('an endpoint that does not answer is no empty warehouse', async () => {
  server.strike = (kind) => (kind === 'look' ? { status: 400, reason: 'invalidQuery' } : null);
  await expect(settled({})).rejects.toMatchObject({ code: 'INVALID_QUERY' });
});
