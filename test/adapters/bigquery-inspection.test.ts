import { createBigQuery } from '../../shared/adapters/bigquery';
import type { Engine } from '../../shared/engine';
import { configAt, type FaultServer, startFaultServer } from '../support/fault-server';
import { testPace } from '../support/pace';
import { testRun } from '../support/run';
import { noFacts } from '../support/steady-facts';

let server: FaultServer;
let engine: Engine;

beforeEach(async () => {
  server = await startFaultServer(noFacts);
  const source = { users: 'test.source.people', measurements: 'test.source.tests', firstTests: null };
  const config = configAt(server, { source, maxBytesBilled: '5000' });
  engine = createBigQuery({ config, now: () => new Date(), pace: testPace });
});
afterEach(() => server.close());

const jobs = () => [...server.jobs.values()].map(({ configuration }) => configuration);

test('a source table is priced first, then counted in two columns, within the limit of the settings', async () => {
  server.sourceCounts = { source_rows: 12, without_created_at: 3, before_1970: 2, in_future: 4, repeated_ids: 1 };
  expect(await engine.inspectSource('users', { maxBytes: 1000 }, testRun())).toEqual({
    bytes: 1000,
    counts: { rows: 12, withoutCreatedAt: 3, before1970: 2, inFuture: 4, repeatedIds: 1, testers: null },
  });
  expect(jobs().map(({ dryRun }) => Boolean(dryRun))).toEqual([true, false]);
  const [sent] = jobs().flatMap(({ dryRun, query }) => (dryRun ? [] : [query as Record<string, string>]));
  expect(sent?.query).toContain('FROM `test.source.people`');
  expect(new Set(sent?.query?.match(/\b(\w+_id|created_at|error_type)\b/g))).toEqual(new Set(['created_at', 'user_id']));
  expect(sent?.maximumBytesBilled).toBe('5000');
});

test('of measurements the ids are read too, and of users who is there', async () => {
  server.sourceCounts = { ...server.sourceCounts, testers: 5, strangers: 2 };
  const { counts } = await engine.inspectSource('measurements', { maxBytes: 1000 }, testRun());
  expect(counts?.testers).toEqual({ all: 5, withoutAccount: 2 });
  const [sent] = jobs().flatMap(({ dryRun, query }) => (dryRun ? [] : [query as Record<string, string>]));
  expect(sent?.query?.match(/`test\.[\w.]+`/g)?.sort()).toEqual([
    '`test.source.people`',
    '`test.source.tests`',
    '`test.source.tests`',
  ]);
  expect(sent?.query).not.toContain('error_type');
});

test('a table that is too dear is priced and not counted', async () => {
  expect(await engine.inspectSource('measurements', { maxBytes: 999 }, testRun())).toEqual({ bytes: 1000, counts: null });
  expect(jobs().map(({ dryRun }) => dryRun)).toEqual([true]);
});

test('a source that may not be read says so', async () => {
  server.play('query', { status: 403, reason: 'accessDenied' });
  await expect(engine.inspectSource('users', { maxBytes: 1000 }, testRun())).rejects.toMatchObject({ code: 'ACCESS_DENIED' });
});

test('all is well: the dataset, and each table with its right and its expiry', async () => {
  const table = server.tables.get('daily_errors');
  if (table) table.timePartitioning.expirationMs = String(400 * 86_400_000);
  const found = await engine.inspectWarehouse({ release: true }, testRun());
  expect(found.map(({ name, failure, mayWrite, keepsDays }) => [name, failure, mayWrite, keepsDays])).toEqual([
    ['dataset kpi_metrics', null, null, null],
    ['kpi_metrics.daily_engagement', null, true, null],
    ['kpi_metrics.daily_advanced_metrics', null, true, null],
    ['kpi_metrics.daily_errors', null, true, 400],
    ['kpi_metrics.daily_funnel', null, true, null],
    ['kpi_metrics.export_runs', null, true, null],
    ['kpi_release.daily_metrics', null, true, null],
  ]);
  expect(server.jobs.size).toBe(0);
});

test('faults of the location, a schema, a table and a right, all at once', async () => {
  server.location = 'US';
  server.permissions = [];
  server.tables.get('daily_engagement')?.schema.fields.pop();
  server.tables.delete('daily_funnel');
  const found = await engine.inspectWarehouse({ release: false }, testRun());
  expect(found.map(({ name, failure, mayWrite }) => [name, failure?.code, mayWrite])).toEqual([
    ['dataset kpi_metrics', 'BAD_CONFIG', null],
    ['kpi_metrics.daily_engagement', 'SCHEMA_DRIFT', null],
    ['kpi_metrics.daily_advanced_metrics', undefined, false],
    ['kpi_metrics.daily_errors', undefined, false],
    ['kpi_metrics.daily_funnel', 'NOT_FOUND', null],
    ['kpi_metrics.export_runs', undefined, false],
  ]);
});

test('an endpoint that does not tell rights leaves them open', async () => {
  server.strike = (kind) => (kind === 'rights' ? { status: 501, reason: 'notImplemented' } : null);
  const found = await engine.inspectWarehouse({ release: false }, testRun());
  expect(found.map(({ failure, mayWrite }) => [failure, mayWrite])).toEqual(Array(6).fill([null, null]));
});
