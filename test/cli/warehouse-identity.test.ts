import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { sourceId } from '../../shared/engines/identity';
import { queryDuckDb, runKpi } from '../support/kpi-command';

/**
 * A warehouse takes reports of one source and one time zone. Each test begins with a new folder, with its default warehouse, at the same
 * place: a warehouse remembers where its source is.
 */
const place = realpathSync(mkdtempSync(join(tmpdir(), 'kpi-identity-')));
const folder = join(place, 'folder');
beforeEach(() => {
  mkdirSync(folder);
  writeSource('own', 1);
  writeSource('other', 5);
});
afterEach(() => rmSync(folder, { recursive: true }));
afterAll(() => rmSync(place, { recursive: true }));

const DATE = '2025-07-23';
/** Early in the time of the demo data, which is made sooner then. */
const NOW = '2025-07-26T06:00:00Z';
const warehouse = () => join(folder, '.kpi/warehouse.duckdb');

/** A test a day, or several, in the days before DATE. */
function writeSource(name: string, testsPerDay: number): void {
  mkdirSync(join(folder, name));
  writeFileSync(join(folder, name, 'users.csv'), 'user_id,created_at\nu1,2025-07-01T10:00:00Z\n');
  const rows = Array.from({ length: 23 }, (_, day) =>
    Array.from(
      { length: testsPerDay },
      (_, test) => `m${day}-${test},u1,s${day},2025-07-${String(day + 1).padStart(2, '0')}T10:0${test}:00Z,`,
    ),
  );
  const header = 'measurement_id,user_id,session_id,created_at,error_type';
  writeFileSync(join(folder, name, 'measurements.csv'), `${[header, ...rows.flat()].join('\n')}\n`);
}

const kpi = (...args: string[]) => runKpi(folder, args, {}, NOW);
const exported = (...args: string[]) => kpi('export', '--date', DATE, ...args);

/** Which tests per day the reports show; one number where they are of one source. */
const testsPerDay = async () =>
  (await queryDuckDb(warehouse(), 'SELECT DISTINCT all_tests FROM kpi_metrics.daily_engagement ORDER BY 1')).flat();

async function change(...statements: string[]): Promise<void> {
  const instance = await DuckDBInstance.create(warehouse());
  const connection = await instance.connect();
  for (const sql of statements) await connection.run(sql);
  connection.closeSync();
  instance.closeSync();
}

/** Makes the file one of the version that remembered neither source nor time zone. */
const makeOld = () => change('DROP SCHEMA kpi_warehouse CASCADE', 'ALTER TABLE kpi_metrics.export_runs DROP COLUMN source');

describe('own data in the default warehouse', () => {
  const kept = join(place, 'own.duckdb');
  beforeEach(async () => {
    if (existsSync(kept)) {
      mkdirSync(join(folder, '.kpi'));
      copyFileSync(kept, warehouse());
      return;
    }
    expect((await exported('--source', 'own')).code).toBe(0);
    copyFileSync(warehouse(), kept);
  });

  test.each([
    ['export without flags', ['export', '--date', '2025-07-22'], 0],
    ['gaps --fix', ['gaps', '--fix', '--from', '2025-07-20', '--to', DATE], 0],
    ['the same folder by another name', ['export', '--date', '2025-07-22', '--source', './other/../own/'], 0],
    ['demo data', ['export', '--date', '2025-07-22', '--source', 'demo'], 64],
    ['demo data for gaps', ['gaps', '--fix', '--from', '2025-07-20', '--to', DATE, '--source', 'demo'], 64],
    ['a dry run of demo data', ['export', '--date', '2025-07-22', '--source', 'demo', '--dry-run'], 64],
    ['a release of demo data', ['release', '--date', '2025-07-01', '--source', 'demo'], 64],
    ['demo data, said to be the same', ['export', '--date', '2025-07-22', '--source', 'demo', '--rebind'], 64],
    ['another folder', ['export', '--date', '2025-07-22', '--source', 'other'], 64],
    ['another time zone', ['export', '--date', '2025-07-22', '--time-zone', 'Asia/Tokyo'], 64],
    [
      'another time zone, rebound',
      ['export', '--date', '2025-07-22', '--source', 'own', '--time-zone', 'Asia/Tokyo', '--rebind'],
      64,
    ],
    ['a reader in another time zone', ['show', '--date', DATE, '--time-zone', 'Asia/Tokyo'], 64],
    ['a status in another time zone', ['status', '--time-zone', 'Asia/Tokyo'], 64],
  ])('%s: continued or refused, never mixed', async (_, args, code) => {
    const result = await kpi(...args);
    expect([result.code, result.stderr]).toEqual([
      code,
      code === 0
        ? expect.any(String)
        : expect.stringMatching(/^kpi: the warehouse holds reports .*, the settings name .*--rebind.* \(BAD_CONFIG\)\n$/),
    ]);
    expect(await testsPerDay()).toEqual(['1']);
  });

  test('what is refused names both sources', async () => {
    const { stderr } = await exported('--source', 'other');
    expect(stderr).toContain(`holds reports of ${join(folder, 'own')}, the settings name ${join(folder, 'other')}`);
  });

  test('--rebind accepts a moved source, also for later commands', async () => {
    renameSync(join(folder, 'own'), join(folder, 'moved'));
    expect((await exported()).stderr).toMatch(/own does not exist/);
    expect((await exported('--source', 'moved')).code).toBe(64);
    expect((await exported('--source', 'moved', '--rebind')).code).toBe(0);
    expect((await kpi('export', '--date', '2025-07-22')).code).toBe(0);
    const sources = await queryDuckDb(warehouse(), 'SELECT DISTINCT source FROM kpi_metrics.export_runs ORDER BY 1');
    expect(sources.flat().sort()).toEqual([sourceId(join(folder, 'own')), sourceId(join(folder, 'moved'))].sort());
  });

  test('a link to the folder is the same source', async () => {
    symlinkSync(join(folder, 'own'), join(folder, 'link'));
    expect((await exported('--source', 'link')).code).toBe(0);
  });

  test('a missing source is reported before a different one', async () => {
    expect((await exported('--source', 'nowhere')).stderr).toMatch(/^kpi: source .*nowhere does not exist; .*\n$/);
  });

  test('a version that stored no source: it is named once, later commands use it, and no row is lost', async () => {
    await makeOld();
    const refused = await exported();
    expect([refused.code, refused.stderr]).toEqual([
      64,
      expect.stringMatching(
        /^kpi: warehouse .* does not say which source its reports are of; name it once with --source .*\(BAD_CONFIG\)\n$/,
      ),
    ]);
    expect((await kpi('show', '--date', DATE)).code).toBe(0);
    expect((await kpi('status', '--json')).code).toBe(2); // gaps, and no drift
    expect((await kpi('export', '--date', '2025-07-22', '--source', 'own')).code).toBe(0);
    expect((await kpi('export', '--date', '2025-07-21')).code).toBe(0);
    const runs = await queryDuckDb(warehouse(), 'SELECT report_date, source FROM kpi_metrics.export_runs ORDER BY 1');
    const id = sourceId(join(folder, 'own'));
    expect(runs).toEqual([
      ['2025-07-21', id],
      ['2025-07-22', id],
      [DATE, null],
    ]);
  });

  test('a version that stored no source: its time zone is that of its runs', async () => {
    await makeOld();
    expect((await exported('--source', 'own', '--time-zone', 'Europe/Berlin')).stderr).toMatch(
      /in UTC, the settings name Europe\/Berlin/,
    );
  });
});

test('later commands use the stored time zone; a date without any asks for one', async () => {
  expect((await exported('--source', 'own', '--time-zone', 'europe/berlin')).code).toBe(0);
  expect((await kpi('export', '--date', '2025-07-22')).code).toBe(0);
  const zones = await queryDuckDb(warehouse(), 'SELECT DISTINCT time_zone FROM kpi_metrics.export_runs');
  expect(zones).toEqual([['Europe/Berlin']]);
  expect((await exported('--time-zone', 'UTC')).code).toBe(64);
  expect(JSON.parse((await kpi('status', '--json')).stdout).timeZone).toBe('Europe/Berlin');
});

test('later commands use demo data again, and label it', async () => {
  const first = await exported();
  expect(first.stdout).toMatch(/^Report of Wed, Jul 23, 2025 {2}days of UTC {2}demo data\n/);
  expect(first.stdout).toMatch(/Wrote 60 rows of 2025-07-23 \(demo data\) to /);
  expect((await exported('--source', 'own')).stderr).toMatch(/holds reports of demo data, the settings name .*own/);
  expect((await exported()).code).toBe(0);
  await kpi('release', '--date', '2025-07-01');
  for (const args of [
    ['show', '--date', DATE],
    ['show', '--release', '--date', '2025-07-01'],
    ['status'],
    ['gaps', '--from', '2025-07-01', '--to', DATE],
  ])
    expect([args, (await kpi(...args)).stdout]).toEqual([args, expect.stringContaining('demo data')]);
});

test('demo data is never written into a file of something else', async () => {
  mkdirSync(join(folder, '.kpi'));
  await change('CREATE TABLE notes AS SELECT 1 AS note');
  expect((await exported()).stderr).toMatch(/does not say which source its reports are of/);
});

test('of two simultaneous first exports of different sources, one succeeds', async () => {
  const results = await Promise.all(['own', 'other'].map((source) => exported('--source', source)));
  const [refused] = results.filter(({ code }) => code !== 0);
  expect(results.map(({ code }) => code).sort()).toEqual([0, 64]);
  expect(refused?.stderr).toMatch(/\(BAD_CONFIG\)\n$/);
  expect(await testsPerDay()).toHaveLength(1);
});

test('a misspelt setting is named once, with the most similar one', async () => {
  const { code, stderr } = await runKpi(folder, ['export', '--date', DATE], { KPI_WAREHOSE: 'x.duckdb' }, NOW);
  expect([code, stderr.split('\n').filter((line) => line.startsWith('kpi: '))]).toEqual([
    0,
    ['kpi: KPI_WAREHOSE is no setting, and is ignored; did you mean KPI_WAREHOUSE?'],
  ]);
});
