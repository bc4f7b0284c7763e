import { createBigQuery } from '../../../../shared/engines/bigquery/engine';
import type { Engine } from '../../../../shared/engines/engine';
import { reportWindow } from '../../../../shared/metrics/calendar';
import { indexByDay } from '../../../../shared/metrics/facts/period-facts';
import { deriveReport } from '../../../../shared/metrics/report';
import { furtherTableNames } from '../../../../shared/metrics/tables';
import { configAt, type FaultServer, startFaultServer } from '../../../support/fault-server';
import { testPace } from '../../../support/pace';
import { testRun } from '../../../support/run';
import { noFacts } from '../../../support/steady-facts';

const DATE = '2025-12-23';

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

test('a table above the price limit is priced and not counted', async () => {
  expect(await engine.inspectSource('measurements', { maxBytes: 999 }, testRun())).toEqual({ bytes: 1000, counts: null });
  expect(jobs().map(({ dryRun }) => dryRun)).toEqual([true]);
});

test('a missing table beside the core is no fault', async () => {
  const found = await engine.inspectWarehouse({ release: null }, testRun());
  const missing = found.filter(({ exists }) => !exists);
  expect(missing.map(({ name }) => name)).toEqual(furtherTableNames.map((name) => `kpi_metrics.${name}`));
  expect(found.filter(({ failure }) => failure !== null)).toEqual([]);
});

test('a source without read access is reported', async () => {
  server.play('query', { status: 403, reason: 'accessDenied' });
  await expect(engine.inspectSource('users', { maxBytes: 1000 }, testRun())).rejects.toMatchObject({ code: 'ACCESS_DENIED' });
});

test('passes for the dataset, and for each table with access and expiry', async () => {
  const table = server.tables.get('daily_errors');
  if (table) table.timePartitioning.expirationMs = String(400 * 86_400_000);
  const found = (await engine.inspectWarehouse({ release: 'day' }, testRun())).filter(({ exists }) => exists);
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
  const found = (await engine.inspectWarehouse({ release: null }, testRun())).filter(({ exists }) => exists);
  expect(found.map(({ name, failure, mayWrite }) => [name, failure?.code, mayWrite])).toEqual([
    ['dataset kpi_metrics', 'BAD_CONFIG', null],
    ['kpi_metrics.daily_engagement', 'SCHEMA_DRIFT', null],
    ['kpi_metrics.daily_advanced_metrics', undefined, false],
    ['kpi_metrics.daily_errors', undefined, false],
    ['kpi_metrics.daily_funnel', 'NOT_FOUND', null],
    ['kpi_metrics.export_runs', undefined, false],
  ]);
});

test('unknown permissions of an endpoint stay unknown', async () => {
  server.strike = (kind) => (kind === 'rights' ? { status: 501, reason: 'notImplemented' } : null);
  const found = (await engine.inspectWarehouse({ release: null }, testRun())).filter(({ exists }) => exists);
  expect(found.map(({ failure, mayWrite }) => [failure, mayWrite])).toEqual(Array(6).fill([null, null]));
});

describe('a living instance', () => {
  let instant: Date;
  const report = () => deriveReport(indexByDay(noFacts, window), DATE, instant);
  const window = reportWindow(DATE, DATE, 'UTC');

  beforeEach(() => {
    instant = new Date('2025-12-24T06:00:00Z');
    engine = createBigQuery({ config: configAt(server), now: () => instant, pace: testPace });
  });

  test('looks at the tables again after some minutes, and not before', async () => {
    await engine.prepare([DATE], testRun());
    const table = server.tables.get('daily_errors');
    table?.schema.fields.push({ name: 'more', type: 'STRING', mode: 'REQUIRED' });
    await engine.prepare([DATE], testRun());
    instant = new Date(instant.getTime() + 300_000);
    await expect(engine.prepare([DATE], testRun())).rejects.toMatchObject({ code: 'SCHEMA_DRIFT' });
  });

  test('names what has changed where a load is refused for it', async () => {
    await engine.prepare([DATE], testRun());
    server.tables.get('daily_errors')?.schema.fields.push({ name: 'more', type: 'STRING', mode: 'REQUIRED' });
    server.strike = (kind) => (kind === 'load' ? { jobFails: 'invalid' } : null);
    const [tables] = await engine.publish([report()], testRun());
    expect(tables?.map(({ failure }) => failure?.code)).toEqual(Array(4).fill('SCHEMA_DRIFT'));
    expect(tables?.[0]?.failure?.message).toContain('table daily_errors');
  });

  test('says what BigQuery said where nothing has changed', async () => {
    server.strike = (kind) => (kind === 'load' ? { jobFails: 'invalid' } : null);
    const [tables] = await engine.publish([report()], testRun());
    expect(tables?.map(({ failure }) => failure?.code)).toEqual(Array(4).fill('INVALID_QUERY'));
  });

  test('a run that is stopped during its check does not stop another one', async () => {
    server.play('dataset', { waitsMs: 200 }, { waitsMs: 200 });
    const stop = new AbortController();
    const stopped = engine.prepare([DATE], testRun({ signal: stop.signal }));
    const other = engine.prepare([DATE], testRun({ id: 'other' }));
    stop.abort();
    await expect(stopped).rejects.toMatchObject({ code: 'TIMEOUT' });
    expect(await other).toEqual(new Map());
  });
});

test('datasets may be named as the relations of the program are', async () => {
  const source = { users: 'p.source_measurements.users', measurements: 'p.source_users.source_measurements', firstTests: null };
  engine = createBigQuery({ config: configAt(server, { source }), now: () => new Date(), pace: testPace });
  await engine.readFacts(reportWindow(DATE, DATE, 'UTC'), testRun());
  const [sent] = jobs().map(({ query }) => (query as { query: string }).query);
  expect(new Set(sent?.match(/`p\.[^`]+`/g))).toEqual(
    new Set(['`p.source_measurements.users`', '`p.source_users.source_measurements`']),
  );
  expect(sent?.match(/``/)).toBeNull();
});

test.each([
  ['a view of first tests', 'test.app.first_tests', true],
  ['no such view', null, false],
])('with %s the history is read for those of it: %j', async (_, firstTests, isRead) => {
  const source = { users: 'test.app.users', measurements: 'test.app.measurements', firstTests };
  engine = createBigQuery({ config: configAt(server, { source }), now: () => new Date(), pace: testPace });
  const window = reportWindow(DATE, DATE, 'UTC');
  await engine.readFacts(window, testRun());
  await engine.price?.(window, testRun());
  const queries = jobs().map(({ query }) => (query as { query: string }).query);
  expect(queries.map((query) => query.includes('FROM `test.app.first_tests`'))).toEqual([isRead, isRead]);
  expect(queries.map((query) => query.split('FROM `test.app.measurements`').length - 1)).toEqual(isRead ? [2, 2] : [3, 3]);
});
