import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { queryDuckDb, runKpi } from '../support/kpi-command';
import { writeSmallSource } from '../support/small-source';

/** `kpi annotate` on one warehouse. */
const folder = mkdtempSync(join(tmpdir(), 'kpi-annotate-'));
const warehouse = join(folder, 'kpi.duckdb');
const kpi = (...args: string[]) => runKpi(folder, [...args, '--warehouse', 'kpi.duckdb']);
const annotate = (...args: string[]) => kpi('annotate', ...args);
const HEAD = 'date,until,text,exclude';
const write = (name: string, ...rows: string[]) => writeFileSync(join(folder, name), `${[HEAD, ...rows].join('\n')}\n`);

const TWO = [
  { date: '2025-12-20', until: '2025-12-22', text: 'Outage, "no" tests', exclude: true },
  { date: '2025-12-23', until: null, text: '=Version 2', exclude: false },
];

async function change(...statements: string[]): Promise<void> {
  const instance = await DuckDBInstance.create(warehouse);
  const connection = await instance.connect();
  for (const sql of statements) await connection.run(sql);
  connection.closeSync();
  instance.closeSync();
}

beforeAll(async () => {
  const source = writeSmallSource(folder);
  expect(await kpi('export', '--source', source, '--date', '2025-12-23')).toMatchObject({ code: 0 });
  write('one.csv', '2025-12-01,,Alone,');
  write('two.csv', '2025-12-23,,=Version 2,', '2025-12-20,2025-12-22,"Outage, ""no"" tests",true');
  write('bad.csv', '2025-13-01,,,', '2025-12-01,,secret "text" of somebody,');
  write('faults.csv', ...Array.from({ length: 25 }, () => '2025-13-01,,secret,'));
});
afterAll(() => rmSync(folder, { recursive: true }));

test('an export creates the table without rows', async () => {
  expect(await annotate('--show')).toMatchObject({ code: 0, stdout: 'no annotations in kpi.duckdb\n', stderr: '' });
  expect(await queryDuckDb(warehouse, 'SELECT * FROM kpi_metrics.annotations')).toEqual([]);
});

test('a file replaces all annotations, and is shown unchanged', async () => {
  expect(await annotate('one.csv')).toMatchObject({ code: 0, stdout: 'kpi.duckdb now has 1 annotation\n' });
  expect(JSON.parse((await annotate('two.csv', '--json')).stdout)).toEqual({ success: true, annotations: 2 });
  expect(JSON.parse((await annotate('--show', '--json')).stdout)).toEqual({ annotations: TWO });
  expect((await annotate('--show')).stdout).toBe(
    '2025-12-20 to 2025-12-22  Outage, "no" tests  (excluded)\n2025-12-23  =Version 2\n',
  );
  const { stdout } = await annotate('--show', '--csv');
  expect(stdout).toBe(`${HEAD}\n2025-12-20,2025-12-22,"Outage, ""no"" tests",true\n2025-12-23,,'=Version 2,false\n`);
  writeFileSync(join(folder, 'again.csv'), stdout);
  expect(await annotate('again.csv')).toMatchObject({ code: 0 });
  expect(JSON.parse((await annotate('--show', '--json')).stdout)).toEqual({ annotations: TWO });
});

test('an export keeps them, and BI tools can join them by day', async () => {
  await annotate('two.csv');
  expect(await kpi('export', '--date', '2025-12-22')).toMatchObject({ code: 0 });
  const days = "SELECT strftime(day, '%Y-%m-%d'), text, excluded FROM annotated_days ORDER BY day, text";
  const instance = await DuckDBInstance.create(warehouse, { access_mode: 'READ_ONLY' });
  const connection = await instance.connect();
  await connection.run('USE kpi.kpi_metrics');
  expect((await connection.runAndReadAll(days)).getRowsJson()).toEqual([
    ['2025-12-20', 'Outage, "no" tests', true],
    ['2025-12-21', 'Outage, "no" tests', true],
    ['2025-12-22', 'Outage, "no" tests', true],
    ['2025-12-23', '=Version 2', false],
  ]);
  connection.closeSync();
  instance.closeSync();
});

test('a file with a header alone removes them', async () => {
  await annotate('two.csv');
  write('none.csv');
  expect(await annotate('none.csv')).toMatchObject({ code: 0, stdout: 'kpi.duckdb now has 0 annotations\n' });
  expect(JSON.parse((await annotate('--show', '--json')).stdout)).toEqual({ annotations: [] });
});

test('each fault is one line without the content of a cell, and nothing is written', async () => {
  await annotate('one.csv');
  const { code, stdout, stderr } = await annotate('faults.csv');
  expect([code, stdout]).toEqual([64, '']);
  const said = stderr.trimEnd().split('\n');
  expect(said).toHaveLength(22);
  expect(said[0]).toBe('kpi: line 2, column date: expected a calendar date as YYYY-MM-DD');
  expect(said.slice(-2)).toEqual([
    'kpi: … and 5 more',
    'kpi: 25 faults in the file of the annotations; nothing is written (BAD_REQUEST)',
  ]);
  const { stdout: json } = await annotate('bad.csv', '--json');
  expect(JSON.parse(json)).toEqual({
    success: false,
    code: 'BAD_REQUEST',
    error: '1 fault in the file of the annotations; nothing is written',
    faults: ['line 3: expected double quotes around a whole cell, and each one within doubled ("")'],
  });
  expect(stderr + json).not.toContain('secret');
  expect(JSON.parse((await annotate('--show', '--json')).stdout).annotations).toMatchObject([{ text: 'Alone' }]);
});

test('a warehouse of a version without the table has no annotations; the first ones create it', async () => {
  await change('USE kpi.kpi_metrics', 'DROP VIEW annotated_days', 'DROP TABLE annotations');
  expect(JSON.parse((await annotate('--show', '--json')).stdout)).toEqual({ annotations: [] });
  expect(await annotate('two.csv')).toMatchObject({ code: 0 });
  expect(JSON.parse((await annotate('--show', '--json')).stdout)).toEqual({ annotations: TWO });
  expect(await queryDuckDb(warehouse, "SELECT count(*) FROM duckdb_views() WHERE view_name = 'annotated_days'")).toEqual([['1']]);
});

test('text that others wrote into the table cannot control a terminal', async () => {
  await change(
    `INSERT INTO kpi_metrics.annotations VALUES ('2025-12-24', NULL, 'a' || chr(27) || '[31m' || chr(155) || chr(8238), false)`,
  );
  for (const form of [[], ['--csv'], ['--json']]) {
    const { code, stdout } = await annotate('--show', ...form);
    expect([code, stdout]).toEqual([0, expect.not.stringMatching(/(?!\n)\p{Cc}|\u202e/u)]);
    expect(stdout).toContain(form[0] === '--json' ? '"a\\u001b[31m\\u009b\\u202e"' : 'a\\u{1b}[31m\\u{9b}\\u{202e}');
  }
});

test("a user's own table of that name does not stop an export", async () => {
  await change(
    'USE kpi.kpi_metrics',
    'DROP VIEW annotated_days',
    'DROP TABLE annotations',
    'CREATE TABLE annotations (note VARCHAR)',
  );
  expect(await kpi('export', '--date', '2025-12-21')).toMatchObject({ code: 0 });
  expect(await annotate('one.csv')).toMatchObject({ code: 1, stderr: expect.stringContaining('SCHEMA_DRIFT') });
  await change('DROP TABLE kpi_metrics.annotations');
});

test.each<[string, string[], string]>([
  ['neither a file nor --show', [], 'expected either the file of the annotations, or --show'],
  ['both', ['one.csv', '--show'], 'expected either the file of the annotations, or --show'],
  ['--csv without --show', ['one.csv', '--csv'], 'expected --csv with --show'],
  ['a file that is not there', ['nowhere.csv'], 'does not exist; expected a CSV file'],
  ['a folder', ['source'], 'expected a CSV file of annotations of at most 10 MiB'],
  ['a warehouse that is not there', ['one.csv', '--warehouse', 'none.duckdb'], 'warehouse'],
])('%s: refused in one line', async (_, args, says) => {
  const { code, stdout, stderr } = await runKpi(folder, [
    'annotate',
    ...args,
    ...(args.includes('--warehouse') ? [] : ['--warehouse', 'kpi.duckdb']),
  ]);
  expect([code, stdout]).toEqual([64, '']);
  expect(stderr).toMatch(/^kpi: [^\n]*\n$/);
  expect(stderr).toContain(says);
  expect(readdirSync(folder)).not.toContain('none.duckdb');
});
