import { createHash } from 'node:crypto';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { unzipSync } from 'fflate';
import { openDatabase, quoteText } from '../../shared/engines/duckdb/connection';
import { databaseAt } from '../support/canary-doors';
import { runKpi } from '../support/kpi-command';
import { folderWithRelease, publication, putReleased, writeSettings } from '../support/release-package';
import { releasedRows } from '../support/released-rows';

/** `kpi release --package` on a release of 60 weeks. */
const folder = mkdtempSync(join(tmpdir(), 'kpi-release-package-'));
const rows = releasedRows(60);
const names = ['CHANGELOG.md', 'CITATION.cff', 'README.md', 'datapackage.json', 'metrics.csv', 'metrics.parquet'];

const kpi = (...args: string[]) => runKpi(folder, ['release', ...args]);
const read = (name: string) => readFileSync(join(folder, name));
const filesOf = (name: string) => Object.fromEntries(names.map((file) => [file, read(join(name, file)).toString('latin1')]));
const sha256 = (content: Buffer) => createHash('sha256').update(content).digest('hex');
const leftOvers = () => readdirSync(folder).filter((name) => name.includes('.new-'));
const linesOf = (csv: Buffer) => parse(csv, { columns: true }) as Record<string, string>[];

beforeAll(() => folderWithRelease(folder, rows));
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => expect(leftOvers()).toEqual([]));

test('a package has the files that datapackage.json lists, and the zip has the same', async () => {
  const { code, stdout, stderr } = await kpi('--package', 'whole', '--zip');
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout.replaceAll(/\s+/g, ' ')).toMatch(
    /^Wrote whole: 60 weeks, 2024-11-04 to 2025-12-28, version 1\.60\.0; 16 % of the values are hidden /,
  );
  expect(readdirSync(join(folder, 'whole')).sort()).toEqual(names);
  const { resources, created } = JSON.parse(read('whole/datapackage.json').toString());
  expect(created).toBe('2026-01-11T06:00:00.000Z');
  for (const { path, bytes, hash } of resources) {
    const content = read(join('whole', path));
    expect([path, bytes, hash]).toEqual([path, content.length, `sha256:${sha256(content)}`]);
  }
  expect(stdout).toContain(sha256(read('whole/datapackage.json')));
  expect(stdout).toContain(sha256(read('whole.zip')));
  const zipped = Object.entries(unzipSync(read('whole.zip'))).map(([name, content]) => [
    name,
    Buffer.from(content).toString('latin1'),
  ]);
  expect(Object.fromEntries(zipped)).toEqual(filesOf('whole'));
});

test('the table has each released value; hidden ones are empty', async () => {
  const lines = linesOf(read('whole/metrics.csv'));
  const asText = rows.map((row) =>
    Object.fromEntries(Object.entries(row).map(([name, value]) => [name, value === null ? '' : String(value)])),
  );
  expect(lines).toEqual(asText);
  const database = await openDatabase();
  try {
    expect(await database.rows(`SELECT * FROM ${quoteText(join(folder, 'whole/metrics.parquet'))}`)).toEqual(rows);
  } finally {
    database.close();
  }
});

test('the same release makes the same bytes, and changes nothing in the same folder', async () => {
  expect((await kpi('--package', 'again', '--zip')).code).toBe(0);
  expect(filesOf('again')).toEqual(filesOf('whole'));
  expect(read('again.zip').equals(read('whole.zip'))).toBe(true);
  const { code, stdout } = await kpi('--package', 'again', '--zip', '--json');
  expect(JSON.parse(stdout)).toMatchObject({ success: true, state: 'unchanged', version: '1.60.0', periods: 60 });
  expect(code).toBe(0);
  rmSync(join(folder, 'again.zip'));
  expect(JSON.parse((await kpi('--package', 'again', '--zip', '--json')).stdout)).toMatchObject({ state: 'written' });
  expect(read('again.zip').equals(read('whole.zip'))).toBe(true);
});

test('a range has whole periods', async () => {
  const { stdout } = await kpi('--package', 'part', '--from', '2025-01-08', '--to', '2025-01-20', '--json');
  expect(JSON.parse(stdout)).toMatchObject({ from: '2025-01-06', to: '2025-01-26', periods: 3, version: '1.3.0', zip: null });
  expect(linesOf(read('part/metrics.csv')).map((line) => line.period_start_date)).toEqual([
    '2025-01-06',
    '2025-01-13',
    '2025-01-20',
  ]);
});

test.each([
  ['a file that was changed', (name: string) => appendFileSync(join(folder, name, 'metrics.csv'), 'x'), 'metrics.csv'],
  ['a file that is gone', (name: string) => rmSync(join(folder, name, 'README.md')), 'README.md'],
])('a folder with %s is refused, and left as it is', async (_, change, file) => {
  cpSync(join(folder, 'whole'), join(folder, 'changed'), { recursive: true });
  change('changed');
  const before = readdirSync(join(folder, 'changed')).map((name) => [name, sha256(read(join('changed', name)))]);
  const { code, stderr } = await kpi('--package', 'changed');
  expect([code, stderr]).toEqual([
    64,
    `kpi: --package: changed holds a package whose ${file} would change; expected a new or an empty folder (BAD_REQUEST)\n`,
  ]);
  expect(readdirSync(join(folder, 'changed')).map((name) => [name, sha256(read(join('changed', name)))])).toEqual(before);
  rmSync(join(folder, 'changed'), { recursive: true });
});

test.each([
  [
    'another release',
    'part',
    'part holds a package whose CHANGELOG.md, CITATION.cff, README.md, datapackage.json, metrics.csv, metrics.parquet would change',
  ],
  ['other files', 'data', 'data is not empty'],
  ['a file', 'a-file', 'a-file is a file'],
  ['a table of the source', 'data/users', 'data/users is in a table of the source'],
])('%s in its place is refused', async (_, place, reason) => {
  mkdirSync(join(folder, 'data'), { recursive: true });
  writeFileSync(join(folder, 'data/measurements.csv'), 'x\n');
  writeFileSync(join(folder, 'a-file'), 'x');
  const { code, stderr } = await kpi('--package', place);
  expect([code, stderr]).toEqual([
    64,
    expect.stringMatching(new RegExp(`^kpi: --package: ${reason}; expected .*\\(BAD_REQUEST\\)\n$`)),
  ]);
  expect(readdirSync(join(folder, 'data'))).toEqual(['measurements.csv']);
});

test('another existing zip is refused before anything is written', async () => {
  writeFileSync(join(folder, 'zipped.zip'), 'x');
  const { code, stderr } = await kpi('--package', 'zipped', '--zip');
  expect([code, stderr]).toEqual([64, expect.stringContaining('zipped.zip is there and holds something else')]);
  expect(existsSync(join(folder, 'zipped'))).toBe(false);
});

test('an empty folder is replaced', async () => {
  mkdirSync(join(folder, 'empty'));
  expect((await kpi('--package', 'empty')).code).toBe(0);
  expect(filesOf('empty')).toEqual(filesOf('whole'));
});

test.each([
  [
    ['--from', '2020-01-01', '--to', '2020-12-31'],
    'no week of that range is released; the first released one is 2024-11-04 to 2024-11-10, the last ',
  ],
  [['--from', '2025-01-01'], 'expected from and to together'],
  [['--date', '2025-01-01'], "'--package <folder>' cannot be used with option '--date <date>'"],
])('with %j it is refused', async (args, reason) => {
  const { code, stdout, stderr } = await kpi('--package', 'refused', ...args);
  expect([code, stdout, stderr]).toEqual([64, '', expect.stringContaining(reason)]);
  expect(existsSync(join(folder, 'refused'))).toBe(false);
});

test('--zip alone is refused', async () => {
  expect(await kpi('--zip')).toMatchObject({ code: 64, stderr: 'kpi: expected --zip with --package (BAD_REQUEST)\n' });
});

describe('with other settings', () => {
  afterEach(() => writeSettings(folder, { release: publication }));

  test('one line names a missing setting, and shows how to add it', async () => {
    writeSettings(folder, { release: { title: 'Weekly metrics', licens: 'CC-BY-4.0' } });
    const { code, stderr } = await kpi('--package', 'refused');
    expect([code, stderr]).toEqual([
      64,
      'kpi: "licens" of release in kpi.config.json is no setting, and is ignored; did you mean licence?\n' +
        'kpi: expected licence, contact in the section release of kpi.config.json; add {"release":{"licence":"CC-BY-4.0","contact":{"name":"…","email":"…"}}} (BAD_CONFIG)\n',
    ]);
    expect(existsSync(join(folder, 'refused'))).toBe(false);
  });

  test('another rounding than that of the release is refused', async () => {
    writeSettings(folder, { release: publication, releaseRoundTo: 15 });
    const { code, stderr } = await kpi('--package', 'refused');
    expect([code, stderr]).toEqual([
      64,
      expect.stringMatching(/^kpi: KPI_RELEASE_ROUND_TO: the counts of 2024-11-11 are no multiples of 15; expected /),
    ]);
  });

  test('a missing time zone is refused if the warehouse stores none', async () => {
    writeSettings(folder, { release: publication, timeZone: undefined });
    const { code, stderr } = await kpi('--package', 'refused');
    expect([code, stderr]).toEqual([
      64,
      expect.stringMatching(/^kpi: KPI_TIME_ZONE: expected the time zone of the released periods, /),
    ]);
  });

  test('changed settings make another package of the same numbers', async () => {
    writeSettings(folder, { release: { ...publication, title: 'Another title' } });
    expect(await kpi('--package', 'whole')).toMatchObject({
      code: 64,
      stderr: expect.stringContaining('CITATION.cff, README.md, datapackage.json would change'),
    });
  });
});

test('a correction makes a new version, which lists it', async () => {
  const [row = rows[0]] = rows.slice(9);
  await putReleased(folder, [{ ...(row as (typeof rows)[number]), revision: 2, released_at: '2026-02-01T06:00:00.000Z' }]);
  expect(await kpi('--package', 'whole')).toMatchObject({ code: 64 });
  expect(JSON.parse((await kpi('--package', 'corrected', '--json')).stdout)).toMatchObject({
    version: '1.60.1',
    created: '2026-02-01T06:00:00.000Z',
  });
  expect(read('corrected/CHANGELOG.md').toString()).toContain('| 2025-01-06 to 2025-01-12 | 2 | 2026-02-01T06:00:00.000Z |');
});

test('before anything is released, one line says so', async () => {
  const empty = join(folder, 'nothing');
  mkdirSync(empty);
  writeSettings(empty, { release: publication });
  await databaseAt(join(empty, 'kpi.duckdb'), 'CREATE SCHEMA kpi_metrics');
  const { code, stderr } = await runKpi(empty, ['release', '--package', 'out']);
  expect(code).not.toBe(0);
  expect(stderr).toMatch(/^kpi: nothing has been released yet; .*\n$/);
  expect(readdirSync(empty)).not.toContain('out');
});
