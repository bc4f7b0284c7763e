import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import { ended, queryDuckDb, runKpi, startKpi } from '../support/kpi-command';
import { sample } from '../support/sample';
import { writeSmallSource } from '../support/small-source';

/** A new warehouse appears whole, or not at all. */
const folder = mkdtempSync(join(tmpdir(), 'kpi-new-'));
const root = resolve(__dirname, '../..');
const DAY = '2025-12-23';
const source = writeSmallSource(folder);
const exportArgs = (file: string, date = DAY) => ['export', '--source', source, '--date', date, '--warehouse', file, '--json'];
const start = (file: string, date?: string) => startKpi(folder, exportArgs(file, date));
const exportTo = (file: string) => runKpi(folder, exportArgs(file));
const rowsOf = (file: string) => queryDuckDb(file, 'SELECT count(*) FROM kpi_metrics.daily_funnel');

afterAll(() => rmSync(folder, { recursive: true }));

function newFolder(name: string): string {
  const path = join(folder, name);
  mkdirSync(path);
  return path;
}

test.each(sample([0, 60, 100, 20, 40, 80], 3))(
  'killed %i ms after it has begun to write, it is made by the next export',
  async (delayMs) => {
    const place = newFolder(`killed-${delayMs}`);
    const file = join(place, 'kpi.duckdb');
    const child = start(file);
    const closed = once(child, 'close');
    while (child.exitCode === null && readdirSync(place).length === 0) await sleep(1);
    await sleep(delayMs);
    child.kill('SIGKILL');
    await closed;
    if (existsSync(file)) expect(await rowsOf(file)).toEqual([['12']]);
    expect(await exportTo(file)).toMatchObject({ code: 0 });
    expect(await rowsOf(file)).toEqual([['12']]);
    expect(readdirSync(place)).toEqual(['kpi.duckdb']);
  },
);

test.each(sample([12, 900, 1, 64], 2))('a disk with room for %i KiB keeps nothing of it', async (kibibytes) => {
  const place = newFolder(`full-${kibibytes}`);
  const file = join(place, 'kpi.duckdb');
  const script = `trap '' XFSZ; ulimit -f ${kibibytes}; exec "$@"`;
  const command = [process.execPath, join(root, 'bin/kpi.mjs'), ...exportArgs(file)];
  const child = spawn('bash', ['-c', script, 'bash', ...command], {
    cwd: folder,
    env: { ...process.env, KPI_LOG_LEVEL: 'error' },
  });
  expect(await ended(child)).toMatchObject({
    code: 1,
    stderr: 'kpi: the disk of the warehouse, or that of temporary files, is full (UNAVAILABLE)\n',
  });
  expect(readdirSync(place)).toEqual([]);
  expect(await exportTo(file)).toMatchObject({ code: 0 });
  expect(await rowsOf(file)).toEqual([['12']]);
});

test('several exports that create it at the same time are all in it', async () => {
  const place = newFolder('several');
  const file = join(place, 'kpi.duckdb');
  const dates = ['2025-12-22', '2025-12-23', '2025-12-24'];
  const results = await Promise.all(dates.map((date) => ended(start(file, date))));
  expect(results.map(({ code }) => code)).toEqual([0, 0, 0]);
  expect(await rowsOf(file)).toEqual([['36']]);
  expect(readdirSync(place)).toEqual(['kpi.duckdb']);
});

test('an empty file and a dangling link become a warehouse', async () => {
  const place = newFolder('taken');
  const [empty, link] = [join(place, 'empty.duckdb'), join(place, 'link.duckdb')];
  writeFileSync(empty, '');
  symlinkSync('below/kpi.duckdb', link);
  expect(await runKpi(folder, ['show', '--date', DAY, '--warehouse', empty])).toMatchObject({
    code: 64,
    stderr: `kpi: warehouse ${empty} is an empty file; export a date first, or name another with --warehouse (BAD_CONFIG)\n`,
  });
  expect(await exportTo(empty)).toMatchObject({ code: 0 });
  expect(await exportTo(link)).toMatchObject({ code: 0 });
  expect(await rowsOf(empty)).toEqual([['12']]);
  expect(await rowsOf(join(place, 'below/kpi.duckdb'))).toEqual([['12']]);
});

async function makeDuckDb(file: string, sql: readonly string[]): Promise<string> {
  const instance = await DuckDBInstance.create(file);
  const connection = await instance.connect();
  for (const statement of sql) await connection.run(statement);
  connection.closeSync();
  instance.closeSync();
  return file;
}

const users = 'CREATE TABLE users (user_id VARCHAR)';

test.each<[string, string[]]>([
  ['a table', [users]],
  ['a table in a schema', ['CREATE SCHEMA crm', 'CREATE TABLE crm.notes (note VARCHAR)']],
  ['a view', ['CREATE VIEW one AS SELECT 1 AS one']],
])('a DuckDB file of something else, with %s, is left as it is', async (name, sql) => {
  const file = await makeDuckDb(join(newFolder(`foreign-${name.replaceAll(' ', '-')}`), 'other.duckdb'), sql);
  const before = readFileSync(file);
  const refused = {
    success: false,
    error: `warehouse ${file} holds tables of something else; name another file`,
    code: 'BAD_CONFIG',
  };
  for (const args of [exportArgs(file), ['release', '--source', source, '--date', DAY, '--warehouse', file, '--json']]) {
    const { code, stdout } = await runKpi(folder, args);
    expect([code, JSON.parse(stdout)]).toEqual([64, refused]);
  }
  const { stdout } = await runKpi(folder, ['doctor', '--source', source, '--warehouse', file, '--json']);
  expect(JSON.parse(stdout).checks).toContainEqual(
    expect.objectContaining({ area: 'warehouse', ok: false, remedy: 'name another file' }),
  );
  expect(readFileSync(file).equals(before)).toBe(true);
});

test.each<[string, string[]]>([
  ['without tables', []],
  ['with a schema of ours beside others', ['CREATE SCHEMA kpi_metrics', users]],
  ['with the release alone', ['CREATE SCHEMA kpi_release', users]],
])('a DuckDB file %s is written into', async (name, sql) => {
  const file = await makeDuckDb(join(newFolder(`own-${name.replaceAll(' ', '-')}`), 'kpi.duckdb'), sql);
  expect(await exportTo(file)).toMatchObject({ code: 0 });
  expect(await rowsOf(file)).toEqual([['12']]);
});

/** The first blocks of files that other versions of DuckDB have made. */
const HEAD_OF_0_8_1 =
  'H4sIAAAAAAACA+3YoQ2DUBQFUH4KI+C7QoNCU4cjYQJGwHYEZmAmXFNLsJ0BSDDABpBzkivelVe+MIzN9K/Sd12UWbSJ1zwjAAAA4C7a7y/vu9cnnPrH7hcAAAAAXFuSHu/5xEIAAABwfQv68wlpADAAAA==';
const HEAD_OF_2_0_1 =
  'H4sIAAAAAAACA+3YIQrCcBTH8b9TYWXNuCs49v8ztpkWNouizeLAMncFWfcE3kHvYPIAnsAwxDKsNm0ahgiiYlkYfD/lx+PBC6+9Z7Sd22V23USTcHhuir8slGVb8nvfn3u+lE7as3/POXXX02B7XMZJUeSrdCwAAAAAAEAlBolS7r6za3xua6+XQKsMvYw+qwMAAAAAoDYOXpaZcTR61vc3gvsfAAAAAIDaewCSV9Q4ADAAAA==';

test.each<[string, (place: string) => string, string]>([
  [
    'a file that is cut off',
    (place) => {
      writeFileSync(join(place, 'kpi.duckdb'), Buffer.alloc(4096));
      return 'kpi.duckdb';
    },
    'is not a whole DuckDB file; if an export was cut off while making it, delete it, otherwise name another',
  ],
  [
    'a file of DuckDB 0.8.1',
    (place) => {
      writeFileSync(join(place, 'kpi.duckdb'), gunzipSync(Buffer.from(HEAD_OF_0_8_1, 'base64')));
      return 'kpi.duckdb';
    },
    "can't be opened: it is a DuckDB file of another version; expected one that DuckDB 1.5 reads, written by 0.10 or later",
  ],
  [
    'a file of DuckDB 2.0.1',
    (place) => {
      writeFileSync(join(place, 'kpi.duckdb'), gunzipSync(Buffer.from(HEAD_OF_2_0_1, 'base64')));
      return 'kpi.duckdb';
    },
    "can't be opened: it is a DuckDB file of another version; expected one that DuckDB 1.5 reads, written by 0.10 or later",
  ],
  ['a folder', () => '.', "can't be opened: it is a folder; expected a file"],
  [
    'a path below a file',
    (place) => {
      writeFileSync(join(place, 'notes'), 'notes');
      return 'notes/kpi.duckdb';
    },
    "can't be made: a part of the path is a file, not a folder",
  ],
  [
    'links in a circle',
    (place) => {
      symlinkSync('link', join(place, 'link'));
      return 'link';
    },
    "can't be made: its symbolic links lead in a circle",
  ],
  [
    'a device',
    (place) => {
      symlinkSync('/dev/null', join(place, 'device'));
      return 'device';
    },
    "can't be opened: it is a device or a pipe; expected a file",
  ],
])('refuses %s in one line', async (name, make, text) => {
  const place = newFolder(`refused-${name.replaceAll(' ', '-')}`);
  const file = join(place, make(place));
  const before = readdirSync(place);
  const { code, stdout } = await exportTo(file);
  expect([code, JSON.parse(stdout)]).toEqual([64, { success: false, error: `warehouse ${file} ${text}`, code: 'BAD_CONFIG' }]);
  expect(readdirSync(place)).toEqual(before);
});
