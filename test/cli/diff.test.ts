import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { publishedTableNames, rowsOfTable, tablesOf } from '../../shared/metrics/tables';
import { runKpi } from '../support/kpi-command';

/** `kpi diff`. Reports of a Saturday, and of a Sunday, which ends a week. */
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'kpi-diff-')));
const SATURDAY = '2025-12-20';
const SUNDAY = '2025-12-21';
const RANGE = ['--from', SATURDAY, '--to', SUNDAY];

/** Tests of one user, who has an account, on each day of December up to SUNDAY. */
function writeSource(name: string, testsPerDay: number, errorType = ''): void {
  mkdirSync(join(folder, name));
  writeFileSync(join(folder, name, 'users.csv'), 'user_id,created_at\nu1,2025-12-01T10:00:00Z\n');
  const rows = Array.from({ length: 21 }, (_, day) =>
    Array.from(
      { length: testsPerDay },
      (_, test) => `m${day}-${test},u1,s${day},2025-12-${String(day + 1).padStart(2, '0')}T10:0${test}:00Z,${errorType}`,
    ),
  );
  const header = 'measurement_id,user_id,session_id,created_at,error_type';
  writeFileSync(join(folder, name, 'measurements.csv'), `${[header, ...rows.flat()].join('\n')}\n`);
}

const kpi = (...args: string[]) => runKpi(folder, args);
const diff = (...args: string[]) => kpi('diff', '--warehouse', 'kpi.duckdb', ...args);
const warehouse = () => join(folder, 'kpi.duckdb');

async function answered(...args: string[]) {
  const { code, stdout } = await diff(...RANGE, '--json', ...args);
  return { code, answer: JSON.parse(stdout) };
}

async function change(...statements: string[]): Promise<void> {
  const instance = await DuckDBInstance.create(warehouse());
  const connection = await instance.connect();
  for (const sql of statements) await connection.run(sql);
  connection.closeSync();
  instance.closeSync();
}

beforeAll(async () => {
  writeSource('own', 1);
  writeSource('moved', 1);
  writeSource('other', 5);
  writeSource('strange', 5, 'unheard of');
  expect(await kpi('export', '--source', 'own', '--warehouse', 'whole.duckdb', ...RANGE)).toMatchObject({ code: 0 });
});
beforeEach(() => copyFileSync(join(folder, 'whole.duckdb'), warehouse()));
afterAll(() => rmSync(folder, { recursive: true }));

test('the same program and source: nothing differs, and nothing is written', async () => {
  const before = readFileSync(warehouse());
  const files = readdirSync(folder);
  const { code, answer } = await answered();
  const rows = [SATURDAY, SUNDAY].flatMap(tablesOf).reduce((sum, table) => sum + rowsOfTable(table), 0);
  expect(code).toBe(0);
  expect(answer).toMatchObject({
    success: true,
    from: SATURDAY,
    to: SUNDAY,
    reports: 2,
    differences: 0,
    missing: [],
    refused: [],
  });
  expect(answer.tables.map(({ table }: { table: string }) => table)).toEqual(publishedTableNames);
  expect(answer.tables.reduce((sum: number, table: { rows: { compared: number } }) => sum + table.rows.compared, 0)).toBe(rows);
  expect(readFileSync(warehouse()).equals(before)).toBe(true);
  expect(readdirSync(folder)).toEqual(files);
});

test('says in one sentence that nothing differs', async () => {
  const { code, stdout, stderr } = await diff(...RANGE);
  const said = `Compared 258 rows of 2 reports in kpi.duckdb with ${join(folder, 'own')}: nothing differs. Nothing written.\n`;
  expect([code, stdout.replaceAll(/\n +/g, ' '), stderr]).toEqual([0, said, '']);
});

test('a moved source is compared without --rebind, and the warehouse keeps its own', async () => {
  expect(await answered('--source', 'moved')).toMatchObject({ code: 0, answer: { success: true } });
  expect(await kpi('export', '--warehouse', 'kpi.duckdb', '--date', SUNDAY, '--source', 'moved')).toMatchObject({ code: 64 });
});

test('shows of another source how many values of each column differ, by how much, and the first ones', async () => {
  const before = readFileSync(warehouse());
  const { code, answer } = await answered('--source', 'other');
  expect(code).toBe(2);
  const engagement = answer.tables.find(({ table }: { table: string }) => table === 'daily_engagement');
  const tests = engagement.columns.find(({ column }: { column: string }) => column === 'all_tests');
  expect(tests).toMatchObject({ values: 24, differing: 24, most: 4 });
  expect(tests.first).toHaveLength(10);
  expect(tests.first[1]).toEqual({ date: SATURDAY, period: '2025-12-19', published: 1, counted: 5 });
  const weekly = answer.tables.find(({ table }: { table: string }) => table === 'weekly_engagement');
  expect(weekly.columns.find(({ column }: { column: string }) => column === 'all_tests').first).toEqual([
    { date: SUNDAY, period: '2025-12-15', published: 7, counted: 35 },
    { date: SUNDAY, period: '2025-12-08', published: 7, counted: 35 },
    { date: SUNDAY, period: '2025-12-01', published: 7, counted: 35 },
  ]);
  // the same user on the same days
  expect(engagement.columns.map(({ column }: { column: string }) => column)).not.toContain('active_users');
  expect(answer.tables.find(({ table }: { table: string }) => table === 'daily_audience').columns).toEqual([]);
  expect(readFileSync(warehouse()).equals(before)).toBe(true);
});

test('in a terminal of 80 columns', async () => {
  const { code, stdout, stderr } = await diff(...RANGE, '--source', 'other');
  expect([code, stderr]).toEqual([2, '']);
  expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
  expect(stdout).toMatch(/^daily_engagement$/m);
  expect(stdout).toMatch(/^│ all_tests +│ +24 │ 24 │ +4 │$/m);
  expect(stdout).toContain(`${SATURDAY}  2025-12-20  all_tests                  1 → 5\n`);
  expect(stdout).toMatch(/… and \d+ more; --json has the first ten of each column/);
});

test('rounding errors and created_at are no differences', async () => {
  await change(
    'UPDATE kpi_metrics.daily_engagement SET avg_tests_per_active_user = avg_tests_per_active_user * (1 + 1e-12)',
    'UPDATE kpi_metrics.daily_engagement SET created_at = created_at + INTERVAL 1 HOUR',
  );
  expect(await answered()).toMatchObject({ code: 0, answer: { differences: 0 } });
  await change(
    `UPDATE kpi_metrics.daily_engagement SET avg_tests_per_active_user = 1 + 1e-8
     WHERE report_date = '${SUNDAY}' AND period_start_date = '2025-12-12'`,
  );
  const { code, answer } = await answered();
  expect([code, answer.differences]).toEqual([2, 1]);
  const [{ columns }] = answer.tables;
  expect(columns).toEqual([
    {
      column: 'avg_tests_per_active_user',
      values: 24,
      differing: 1,
      most: expect.closeTo(1e-8, 15),
      first: [{ date: SUNDAY, period: '2025-12-12', published: 1 + 1e-8, counted: 1 }],
    },
  ]);
});

test('a value of retention is named by cohort and age, and NULL differs from a number', async () => {
  await change(
    `UPDATE kpi_metrics.weekly_retention SET retained_users = 9, retention_rate = NULL WHERE cohort_start_date = '2025-12-01' AND age = 2`,
  );
  const { answer } = await answered();
  const { columns } = answer.tables.find(({ table }: { table: string }) => table === 'weekly_retention');
  const key = { date: SUNDAY, period: '2025-12-15', cohort: '2025-12-01', age: 2 };
  expect(columns).toEqual([
    { column: 'retained_users', values: 78, differing: 1, most: 8, first: [{ ...key, published: 9, counted: 1 }] },
    { column: 'retention_rate', values: 78, differing: 1, most: null, first: [{ ...key, published: null, counted: 100 }] },
  ]);
  expect((await diff(...RANGE)).stdout).toContain(`${SUNDAY}  2025-12-01 age 2  retention_rate  – → 100\n`);
});

test('lists rows that only one side has', async () => {
  await change(
    `UPDATE kpi_metrics.daily_errors SET period_start_date = '2025-11-01' WHERE report_date = '${SUNDAY}' AND period_start_date = '${SUNDAY}'`,
    `INSERT INTO kpi_metrics.daily_funnel SELECT * FROM kpi_metrics.daily_funnel WHERE report_date = '${SUNDAY}' AND period_start_date = '${SUNDAY}'`,
  );
  const { code, answer } = await answered();
  expect([code, answer.differences]).toEqual([2, 3]);
  const rowsOf = (name: string) => answer.tables.find(({ table }: { table: string }) => table === name).rows;
  expect(rowsOf('daily_errors')).toEqual({
    compared: 23,
    onlyPublished: 1,
    onlyCounted: 1,
    first: [
      { date: SUNDAY, period: '2025-11-01', only: 'published' },
      { date: SUNDAY, period: SUNDAY, only: 'counted' },
    ],
  });
  // a row that is there twice
  expect(rowsOf('daily_funnel')).toMatchObject({ compared: 24, onlyPublished: 1, onlyCounted: 0 });
  const { stdout } = await diff(...RANGE);
  expect(stdout).toContain('daily_errors\n1 row published and not counted\n1 row counted and not published\n');
});

test('skips tables that the warehouse lacks', async () => {
  await change('DROP TABLE kpi_metrics.weekly_retention CASCADE');
  const { code, answer } = await answered();
  expect(code).toBe(0);
  expect(answer.tables.map(({ table }: { table: string }) => table)).not.toContain('weekly_retention');
});

test('lists reports that are not published, or that begin before the source', async () => {
  await change("UPDATE kpi_metrics.daily_errors SET report_date = '2025-11-20' WHERE report_date = '2025-12-20'");
  const { code, stdout } = await diff('--from', '2025-11-19', '--to', '2025-12-19');
  expect(code).toBe(2);
  const why = 'the source holds no account and no test up to 2025-11-30; its first date is 2025-12-01 (BAD_REQUEST)';
  expect(stdout.replaceAll(/\n +/g, ' ')).toBe(
    [
      `2025-11-19  not published: ${why}`,
      `2025-11-20  published and not counted: ${why}`,
      `2025-11-21 to 2025-11-30  not published: ${why}`,
      '2025-12-01 to 2025-12-19  not published',
      `Compared 0 rows of 0 reports in kpi.duckdb with ${join(folder, 'own')}: 31 differences. Nothing written.`,
      '',
    ].join('\n'),
  );
});

test('names a report that an export would refuse, and compares it', async () => {
  const { code, answer } = await answered('--source', 'strange');
  expect([code, answer.reports]).toEqual([2, 2]);
  expect(answer.refused).toEqual(
    [SATURDAY, SUNDAY].map((date) => ({ date, code: 'QUALITY_GATE', error: expect.stringContaining('60 of 60 failed tests') })),
  );
  expect((await diff(...RANGE, '--source', 'strange')).stdout).toContain(`${SATURDAY}  an export would be refused: `);
});

test('differences of provisional figures are expected', async () => {
  await change(
    `UPDATE kpi_metrics.daily_engagement SET created_at = '${SUNDAY}T06:00:00Z', all_tests = 0 WHERE period_start_date = '${SUNDAY}'`,
  );
  const { code, stdout } = await diff(...RANGE);
  expect(code).toBe(2);
  expect(stdout.replaceAll(/\n +/g, ' ')).toContain(
    '1 report was published before the date was over: figures of that day were to change\n',
  );
});

test.each<[string, string[], string]>([
  ['no dates', [], 'expected --from and --to, or --date'],
  ['half a range', ['--from', SATURDAY], 'expected from and to together'],
  ['another time zone', [...RANGE, '--time-zone', 'Europe/Berlin'], 'the warehouse holds reports in UTC'],
  ['a source that is not there', [...RANGE, '--source', 'nowhere'], 'nowhere'],
  ['a warehouse that is not there', [...RANGE, '--warehouse', 'none.duckdb', '--source', 'own'], 'does not exist'],
])('%s: refused in one line', async (_, args, says) => {
  const { code, stdout, stderr } = await kpi(
    'diff',
    ...(args.includes('--warehouse') ? [] : ['--warehouse', 'kpi.duckdb']),
    ...args,
  );
  expect([code, stdout]).toEqual([64, '']);
  expect(stderr).toMatch(/^kpi: [^\n]*\n$/);
  expect(stderr).toContain(says);
  expect(readdirSync(folder)).not.toContain('none.duckdb');
});
