import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { datesBetween } from '../../shared/metrics/calendar';
import { furtherTables, type PublishedTable, publishedTableNames, rowsOfTable, tablesOf } from '../../shared/metrics/tables';
import { queryDuckDb, runKpi } from '../support/kpi-command';

const folder = mkdtempSync(join(tmpdir(), 'kpi-delete-'));
const warehouse = join(folder, 'warehouse.duckdb');
/** Early in the time of the demo data, which is made sooner then. */
const NOW = '2025-07-24T06:00:00Z';
const kpi = (...args: string[]) => runKpi(folder, [...args, '--warehouse', warehouse], {}, NOW);
const exported = (...args: string[]) => kpi('export', '--source', 'demo', '--json', ...args);
const RANGE = ['--from', '2025-07-01', '--to', '2025-07-10'];
const tables = ['daily_engagement', 'daily_advanced_metrics', 'daily_errors', 'daily_funnel'];

/** Report dates in each table; the tables must agree. */
async function dates(): Promise<string> {
  const sql = tables.map(
    (table) =>
      `SELECT string_agg(day, ' ' ORDER BY day) FROM (SELECT DISTINCT CAST(report_date AS VARCHAR) AS day FROM kpi_metrics.${table})`,
  );
  const found = new Set((await queryDuckDb(warehouse, sql.join(' UNION ALL '))).map(([text]) => String(text)));
  expect(found.size).toBe(1);
  return [...found].join();
}

const count = async (table: string) => (await queryDuckDb(warehouse, `SELECT count(*) FROM ${table}`))[0]?.[0];

beforeAll(async () => {
  await exported(...RANGE);
  await exported('--date', '2025-07-23');
  await kpi('release', '--source', 'demo', '--date', '2025-07-01');
});
afterAll(() => rmSync(folder, { recursive: true }));

test('without a terminal it lists what it would delete and requires --yes', async () => {
  const before = await dates();
  const { code, stdout, stderr } = await kpi('delete', '--from', '2025-07-09', '--to', '2025-07-12');
  expect([code, stdout]).toEqual([
    64,
    [
      `2 reports, 2025-07-09 to 2025-07-10, in warehouse.duckdb:`,
      ...[...tables, 'daily_audience'].map((table) => `  ${table.padEnd('daily_advanced_metrics'.length)}  24 rows`),
      '  no report of 2025-07-11 to 2025-07-12',
      '',
    ].join('\n'),
  ]);
  expect(stderr).toBe(
    'kpi: nothing is deleted: expected --yes, as there is no terminal to ask on about these 2 reports (BAD_REQUEST)\n',
  );
  expect(await dates()).toBe(before);
});

test('deletes the reports of its dates from all tables, but no other rows, releases or run records', async () => {
  const [released, records] = [await count('kpi_release.weekly_metrics'), await count('kpi_metrics.export_runs')];
  const gone = datesBetween('2025-07-03', '2025-07-10').flatMap(tablesOf);
  const deleted = publishedTableNames.filter((table) => table in furtherTables || tables.includes(table));
  const rowsOf = (table: PublishedTable) => gone.filter((one) => one === table).length * rowsOfTable(table);
  const { code, stdout } = await kpi('delete', '--from', '2025-07-03', '--to', '2025-07-10', '--yes', '--json');
  expect([code, JSON.parse(stdout)]).toEqual([
    0,
    {
      success: true,
      reportDates: ['03', '04', '05', '06', '07', '08', '09', '10'].map((day) => `2025-07-${day}`),
      withoutReport: [],
      results: deleted.map((table) => ({ table, rowsDeleted: rowsOf(table), success: true })),
      summary: { tablesUpdated: deleted.length, totalRowsDeleted: deleted.reduce((sum, table) => sum + rowsOf(table), 0) },
    },
  ]);
  expect(await dates()).toBe('2025-07-01 2025-07-02 2025-07-23');
  expect([await count('kpi_release.weekly_metrics'), await count('kpi_metrics.export_runs')]).toEqual([released, records]);
  expect(released).toBe('1');
});

test('--resume exports the deleted dates alone', async () => {
  const { code, stdout } = await exported(...RANGE, '--resume');
  expect(code).toBe(0);
  expect(JSON.parse(stdout).reports.map(({ reportDate }: { reportDate: string }) => reportDate.slice(-2))).toEqual([
    '03',
    '04',
    '05',
    '06',
    '07',
    '08',
    '09',
    '10',
  ]);
});

test('a repeated command finds nothing to delete', async () => {
  expect(await kpi('delete', '--date', '2025-07-23', '--yes')).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(
      /^The report of 2025-07-23 in .*:\n( {2}daily_\w+ {2,}12 rows\n){5}Deleted 60 rows; the release is as it was\n$/,
    ),
  });
  expect(await kpi('delete', '--date', '2025-07-23', '--yes')).toMatchObject({
    code: 0,
    stdout: `Nothing to delete: no report of 2025-07-23 in warehouse.duckdb\n`,
  });
});

test.each([
  ['no date', [], 'expected --date, or --from and --to'],
  ['a range without an end', ['--from', '2025-07-01'], 'expected from and to together, to is missing'],
  ['a date that is none', ['--date', '2025-02-30'], 'date: expected a calendar date as YYYY-MM-DD, today or yesterday'],
  [
    'more dates than an export takes',
    ['--from', '2020-01-01', '--to', '2025-07-01'],
    'expected at most 1,000 dates at once, got 2,009',
  ],
])('refuses %s', async (_, args, message) => {
  expect(await kpi('delete', ...args, '--yes')).toMatchObject({
    code: 64,
    stdout: '',
    stderr: `kpi: ${message} (BAD_REQUEST)\n`,
  });
});

test('refuses a warehouse that does not exist, and creates none', async () => {
  const { code, stderr } = await runKpi(folder, ['delete', '--date', '2025-07-23', '--yes', '--warehouse', 'none.duckdb']);
  expect([code, stderr]).toEqual([64, expect.stringMatching(/none\.duckdb does not exist; .* \(BAD_CONFIG\)\n$/)]);
});
