import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { renderChecks } from '../../cli/checks';
import type { Check } from '../../shared/operate/doctor';
import { runKpi } from '../support/kpi-command';

const folder = mkdtempSync(join(tmpdir(), 'kpi-doctor-'));
afterAll(() => rmSync(folder, { recursive: true }));

const NOW = '2025-12-24T12:00:00Z';
const kpi = (args: string[], env?: Record<string, string>) => runKpi(folder, args, env, NOW);

async function examine(args: string[], env?: Record<string, string>) {
  const { code, stdout, stderr } = await kpi(['doctor', '--json', ...args], env);
  const { success, checks } = JSON.parse(stdout) as { success: boolean; checks: Check[] };
  return { code, success, stderr, faults: checks.filter(({ ok }) => ok === false), checks };
}

function writeSource(name: string, users: string[], measurements: string[]): string {
  const path = join(folder, name);
  mkdirSync(path);
  writeFileSync(join(path, 'users.csv'), `${['user_id,created_at', ...users].join('\n')}\n`);
  const header = 'measurement_id,user_id,session_id,created_at,error_type';
  writeFileSync(join(path, 'measurements.csv'), `${[header, ...measurements].join('\n')}\n`);
  return path;
}

test('passes on a new machine, and creates nothing', async () => {
  const { code, success, faults, checks, stderr } = await examine([]);
  expect([code, success, faults, stderr]).toEqual([0, true, [], '']);
  expect(checks.map(({ name }) => name)).toEqual(expect.arrayContaining(['KPI_TIME_ZONE', 'Node.js', 'users', 'file']));
  expect(checks.find(({ name }) => name === 'file')?.found).toBe('not there yet, the first export makes it');
});

test('counts rows without created_at and repeated ids, each with its remedy', async () => {
  const source = writeSource(
    'source',
    ['u1,2025-12-01T00:00:00Z', 'u2,', 'u2,2025-12-01T00:00:00Z'],
    [
      'm1,u1,s1,2025-12-02T00:00:00Z,',
      'm2,u1,s1,,',
      'm3,u1,s1,,',
      ',u1,s1,2025-12-02T00:00:00Z,',
      ',u1,s1,2025-12-02T00:00:00Z,',
    ],
  );
  const { code, faults, checks } = await examine(['--source', source, '--warehouse', 'kpi.duckdb']);
  expect(code).toBe(2);
  expect(checks.find(({ name }) => name === 'measurements')).toMatchObject({ ok: true, found: '5 rows' });
  expect(faults).toEqual([
    expect.objectContaining({
      name: 'users without created_at',
      found: '1 row',
      remedy: expect.stringContaining('at the source'),
    }),
    expect.objectContaining({
      name: 'users with a repeated id',
      found: '1 row',
      remedy: expect.stringContaining('keep one row'),
    }),
    expect.objectContaining({ name: 'measurements without created_at', found: '2 rows' }),
    expect.objectContaining({
      name: 'newest measurement',
      found: 'none in the last 12 days, the newest is of 2025-12-02',
      remedy: expect.stringMatching(/; or take what is there: kpi export --date 2025-12-02$/),
    }),
  ]);
});

describe('what an export would refuse or reject', () => {
  const tests = (count: number, kind: string) =>
    Array.from({ length: count }, (_, index) => `${kind}${index},u1,s${kind}${index},${NOW},${kind}`);

  test.each<[string, string[], string[], string[][]]>([
    ['nothing', ['u1,2025-12-01T00:00:00Z'], tests(1, ''), []],
    [
      'times before 1970 and in the future',
      ['u1,2025-12-01T00:00:00Z', 'u2,0001-01-01T00:00:00Z'],
      [...tests(3, ''), 'a,u1,s,1969-12-31T23:59:59.999999Z,', 'b,u1,s,9000-01-01T00:00:00Z,'],
      [
        ['users with impossible times', '1 row before 1970, 0 in the future'],
        ['measurements with impossible times', '1 row before 1970, 1 in the future'],
      ],
    ],
    [
      'a measurement that its session has twice',
      ['u1,2025-12-01T00:00:00Z'],
      [...tests(1, ''), ...tests(1, '')],
      [
        ['measurements with a repeated id', '1 row'],
        ['report of today', expect.stringMatching(/measurement_id its session has already.*\(SOURCE_CONTRACT\)$/)],
      ],
    ],
    ['the same id in two sessions', ['u1,2025-12-01T00:00:00Z'], [...tests(1, ''), `0,u1,other,${NOW},`], []],
    [
      'mostly unknown kinds of error',
      ['u1,2025-12-01T00:00:00Z'],
      [...tests(30, 'None'), ...tests(29, 'test_not_found')],
      [['unknown kinds of error', '30 of 59 failed tests of the last 12 days']],
    ],
    ['a late source', ['u1,2025-12-01T00:00:00Z'], ['m1,u1,s1,2025-12-22T10:00:00Z,'], [['newest measurement', '50 hours old']]],
  ])('%s', async (name, users, measurements, expected) => {
    const source = writeSource(name, users, measurements);
    const { code, faults, stderr } = await examine(['--source', source, '--warehouse', 'kpi.duckdb']);
    expect(faults.map((fault) => [fault.name, fault.found])).toEqual(expected);
    expect([code, stderr]).toEqual([expected.length === 0 ? 0 : 2, '']);
  });

  test('users that are only in measurements are shown, and are no fault', async () => {
    const source = writeSource('strangers', ['u1,2025-12-01T00:00:00Z'], [...tests(1, ''), `m2,canary,s2,${NOW},`]);
    const { code, checks } = await examine(['--source', source, '--warehouse', 'kpi.duckdb']);
    const check = checks.find(({ name }) => name === 'measurements of users that users lacks');
    expect([code, check?.ok, check?.found]).toEqual([0, null, '1 of 2 user ids (50 %)']);
    expect(JSON.stringify(checks)).not.toContain('canary');
  });
});

test('one fault does not hide others: source, tables, settings', async () => {
  const file = join(folder, 'drift.duckdb');
  expect((await kpi(['export', '--date', '2025-12-23', '--source', 'demo', '--warehouse', file])).code).toBe(0);
  const instance = await DuckDBInstance.create(file);
  const connection = await instance.connect();
  await connection.run('ALTER TABLE kpi_metrics.daily_engagement DROP COLUMN active_change');
  await connection.run('ALTER TABLE kpi_metrics.daily_funnel DROP COLUMN conversion_rate');
  connection.closeSync();
  instance.closeSync();
  const { code, faults } = await examine(['--source', 'nowhere', '--warehouse', file], { KPI_SOURC: 'x' });
  expect(code).toBe(2);
  expect(faults.map(({ name, found }) => [name, found])).toEqual([
    ['KPI_SOURC', 'no such setting'],
    ['access', expect.stringMatching(/^source .*nowhere does not exist \(BAD_CONFIG\)$/)],
    [
      'source and time zone',
      expect.stringMatching(/^the warehouse holds reports of demo data, the settings name .*nowhere \(BAD_CONFIG\)$/),
    ],
    ['kpi_metrics.daily_engagement', 'table kpi_metrics.daily_engagement has no column active_change (SCHEMA_DRIFT)'],
    ['kpi_metrics.daily_funnel', 'table kpi_metrics.daily_funnel has no column conversion_rate (SCHEMA_DRIFT)'],
  ]);
  for (const { remedy } of faults) expect(remedy).toMatch(/\w/);
});

test('names file and column of an invalid time, but not its text', async () => {
  const source = writeSource('cells', ['u1,noon of canary'], ['m1,u1,s1,2025-12-02T00:00:00Z,']);
  const { faults, stderr } = await examine(['--source', source, '--warehouse', 'kpi.duckdb']);
  expect(faults.map(({ name, found }) => [name, found])).toEqual([
    ['users', "source users.csv column created_at can't be read (SOURCE_CONTRACT)"],
  ]);
  expect(JSON.stringify(faults) + stderr).not.toContain('canary');
});

test('settings that cannot be read are named, without their values', async () => {
  const { code, faults } = await examine([], { KPI_TIME_ZONE: 'Mars/Canary', KPI_LOG_LEVEL: 'canary' });
  expect([code, JSON.stringify(faults).toLowerCase().includes('canary')]).toEqual([2, false]);
  expect(faults).toEqual([expect.objectContaining({ found: expect.stringMatching(/KPI_TIME_ZONE: .*KPI_LOG_LEVEL: /) })]);
});

test('shows the origin of each setting, without secrets in addresses', async () => {
  const { checks } = await examine(['--time-zone', 'Europe/Berlin', '--warehouse', 'kpi.duckdb'], {
    KPI_LOG_LEVEL: 'error',
    KPI_BIGQUERY_ENDPOINT: 'http://me:canary@localhost:9050/?key=canary',
    KPI_DIGEST_WEBHOOK: 'https://canary.example/canary',
  });
  const found = Object.fromEntries(checks.map((check) => [check.name, check.found]));
  expect(found).toMatchObject({
    KPI_TIME_ZONE: 'Europe/Berlin (--time-zone)',
    KPI_LOG_LEVEL: 'error (environment)',
    KPI_RELEASE: 'off (default)',
    KPI_RELEASE_GRAIN: 'week (default)',
    KPI_LOCATION: 'not set',
    KPI_BIGQUERY_ENDPOINT: 'http://localhost:9050 (environment)',
    KPI_DIGEST_WEBHOOK: 'set, not shown (environment)',
  });
});

test('prints each check for people, with ✗ and the remedy', async () => {
  const { stdout } = await kpi(['doctor', '--source', 'nowhere', '--warehouse', 'kpi.duckdb']);
  expect(stdout).toMatch(/ {2}✓ Node\.js +\d+\.\d+/);
  expect(stdout).toMatch(/ {2}✗ access +source .*\n(?: +.*\n)* +→ expected a folder/);
  expect(stdout).toMatch(/✗ 1 to fix\n$/);
});

test.each([60, 80, 120])('and fits %i columns, nothing left out', (width) => {
  const checks: Check[] = [
    {
      area: 'source',
      name: 'measurements of users that users lacks',
      ok: null,
      found: '1 of 2',
      remedy: 'compare '.repeat(30).trim(),
    },
    { area: 'source', name: 'access', ok: false, found: `${'a long way '.repeat(20)}to say no`, remedy: 'try again' },
    { area: 'warehouse', name: 'file', ok: true, found: 'there', remedy: null },
  ];
  const text = renderChecks(checks, width);
  expect(text.split('\n').filter((line) => line.length > width)).toEqual([]);
  for (const { name, found, remedy } of checks)
    expect(text.replaceAll(/\s+/g, ' ')).toContain(`${name} ${found}${remedy === null ? '' : ` → ${remedy}`}`);
});
