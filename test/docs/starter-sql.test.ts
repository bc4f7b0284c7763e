import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { publishedTableNames } from '../../shared/metrics/tables';
import { views } from '../../shared/metrics/views';
import { runKpi } from '../support/kpi-command';
import { portableQueries, starterQueries } from '../support/starter-sql';

/**
 * The queries of docs/sql on reports of the demo data, with two days that no report tells of. The file is read as any DuckDB client would: with
 * its own views, and nothing of the program's connection.
 */
const folder = mkdtempSync(join(tmpdir(), 'kpi-starter-sql-'));
const MISSING_REPORTS = ['2025-12-05', '2025-12-06'];
let instance: DuckDBInstance;
let connection: DuckDBConnection;

type Value = string | number | boolean | null;

/** Dates as YYYY-MM-DD, whole numbers as numbers. */
async function query(sql: string): Promise<Record<string, Value>[]> {
  const rows = (await connection.runAndReadAll(sql)).getRowObjectsJS();
  const plain = (value: unknown) =>
    typeof value === 'bigint' ? Number(value) : value instanceof Date ? value.toISOString().slice(0, 10) : value;
  return rows.map((row) => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plain(value) as Value])));
}

beforeAll(async () => {
  const warehouse = join(folder, 'warehouse.duckdb');
  const at = ['--source', 'demo', '--warehouse', warehouse, '--json'];
  expect(
    (await runKpi(folder, ['export', '--from', '2025-11-23', '--to', '2025-12-23', ...at], {}, '2025-12-24T06:00:00Z')).code,
  ).toBe(0);
  instance = await DuckDBInstance.create(warehouse);
  connection = await instance.connect();
  const missing = MISSING_REPORTS.map((day) => `'${day}'`).join(', ');
  for (const table of publishedTableNames.filter((name) => name.startsWith('daily_')))
    await connection.run(`DELETE FROM kpi_metrics.${table} WHERE period_start_date IN (${missing})`);
});
afterAll(() => {
  connection?.closeSync();
  instance?.closeSync();
  rmSync(folder, { recursive: true });
});

const rowsOf = (name: string) => {
  const [, sql = ''] = starterQueries.find(([query]) => query === name) ?? [];
  return query(sql);
};
const one = async (sql: string) => Object.values((await query(sql))[0] ?? {})[0] as Value;

test.each(starterQueries)('%s says what it answers, and reads what is published', (_, sql) => {
  expect(sql).toMatch(/^-- [A-Z].*[.:]/);
  const read = [...sql.matchAll(/kpi_metrics\.(\w+)/g)].map(([, name]) => name);
  expect(read.length).toBeGreaterThan(0);
  const published = [...publishedTableNames, ...views.map(({ name }) => name)];
  expect(read.filter((name) => !(published as (string | undefined)[]).includes(name))).toEqual([]);
});

test.each(portableQueries)('%s answers', async (name, sql) => {
  const rows = await query(sql);
  expect([name, rows.length]).toEqual([name, expect.any(Number)]);
  expect(rows.length).toBeGreaterThan(0);
});

test.each(starterQueries)('%s is in docs/bi.md', (name) => {
  expect(readFileSync(join(__dirname, '../../docs/bi.md'), 'utf8')).toContain(`(sql/${name}.sql)`);
});

test('headline figures are of the newest day that is over, with the weekday before', async () => {
  const rows = await rowsOf('newest_day_against_a_week_before');
  expect(rows).toHaveLength((await one('SELECT COUNT(DISTINCT metric) FROM kpi_metrics.kpi_trends')) as number);
  const engagement = (day: string) =>
    one(
      `SELECT all_tests FROM kpi_metrics.daily_engagement WHERE report_date = DATE '2025-12-23' AND period_start_date = DATE '${day}'`,
    );
  const [value, before] = [Number(await engagement('2025-12-22')), Number(await engagement('2025-12-15'))];
  expect(rows.find(({ metric }) => metric === 'all_tests')).toMatchObject({
    value,
    a_week_before: before,
    change: value - before,
  });
});

test('kinds of errors add up to all', async () => {
  const rows = await rowsOf('errors_by_kind');
  expect(rows.every(({ failures }) => Number(failures) >= 0)).toBe(true);
  const sum = rows.reduce((total, { failures }) => total + Number(failures), 0);
  expect(sum).toBe(Number(await one('SELECT SUM(total_errors) FROM kpi_metrics.daily_kpis')));
});

test('a rate over days weighs each session alike', async () => {
  const [row] = await rowsOf('session_success_of_28_days');
  const expected = await one(`SELECT 100 * SUM(successful_sessions) / SUM(total_sessions) FROM kpi_metrics.daily_kpis
    WHERE day BETWEEN DATE '2025-11-25' AND DATE '2025-12-22'`);
  expect(row).toMatchObject({ days: 26, adjusted_success_rate: expected });
});

test('conversion of an age is what the report of that age said', async () => {
  const row = (await rowsOf('conversion_by_age')).find(({ day }) => day === '2025-12-14');
  const reported = (report: string) =>
    one(
      `SELECT conversion_rate FROM kpi_metrics.daily_funnel WHERE report_date = DATE '${report}' AND period_start_date = DATE '2025-12-14'`,
    );
  expect(row).toMatchObject({
    on_the_day: await reported('2025-12-14'),
    after_3_days: await reported('2025-12-17'),
    after_7_days: await reported('2025-12-21'),
    after_11_days: null,
  });
  expect(Number(row?.on_the_day)).toBeLessThanOrEqual(Number(row?.after_7_days));
});

test('days without a report are a stretch', async () => {
  const rows = await rowsOf('days_without_a_report');
  expect(rows.map((row) => Object.values(row).map((day) => String(day).slice(0, 10)))).toEqual([MISSING_REPORTS]);
});

test('freshness is of each daily table, of weeks and of months', async () => {
  const newest = (report_date: string, names: string[]) =>
    names.map((table_name) => ({ table_name, report_date, report_rows: 12 }));
  const expected = [
    ...newest(
      '2025-12-23',
      publishedTableNames.filter((name) => name.startsWith('daily_')),
    ),
    ...newest('2025-12-21', ['weekly_engagement']),
    ...newest('2025-11-30', ['monthly_engagement']),
  ];
  const rows = await rowsOf('freshness');
  expect(rows).toHaveLength(expected.length);
  expect(rows).toEqual(expect.arrayContaining(expected.map((row) => expect.objectContaining(row))));
});

test('people of weeks, months and of each day are whole', async () => {
  const weeks = await rowsOf('audience_of_weeks');
  expect(weeks).toHaveLength(16); // the twelve of the report of 2025-11-23, and one more each Sunday
  for (const row of [...weeks, ...(await rowsOf('audience'))])
    expect(Number(row.new_users) + Number(row.returning_users) + Number(row.reactivated_users)).toBe(row.active_users);
  expect((await rowsOf('months')).map(({ month }) => month).slice(-2)).toEqual(['2025-10-01', '2025-11-01']);
  const [before, newest] = (await rowsOf('weeks')).slice(-2);
  const change = 100 * (Number(newest?.active_users) / Number(before?.active_users) - 1);
  expect(newest?.change_of_active_users).toBeCloseTo(change, 9);
});

test('retention of a cohort comes from the newest report of each age', async () => {
  const rows = await rowsOf('weekly_retention');
  expect(rows).toHaveLength(16);
  const row = rows.find(({ week_of_first_test }) => week_of_first_test === '2025-11-24');
  const reported = (age: number, report: string) =>
    one(
      `SELECT retention_rate FROM kpi_metrics.weekly_retention WHERE report_date = DATE '${report}' AND cohort_start_date = DATE '2025-11-24' AND age = ${age}`,
    );
  expect(row).toMatchObject({
    after_1_week: await reported(1, '2025-12-21'),
    after_2_weeks: await reported(2, '2025-12-21'),
    after_4_weeks: null,
  });
  expect(rows[0]?.after_11_weeks).toBe(
    await one("SELECT retention_rate FROM kpi_metrics.weekly_retention WHERE report_date = DATE '2025-11-23' AND age = 11"),
  );
});

test('the forecast is of the columns of a query that runs here as well', async () => {
  const [, sql = ''] = starterQueries.find(([name]) => name === 'forecast.bigquery') ?? [];
  const [, history = ''] = /AI\.FORECAST\(\s*\((.*)\),\n/.exec(sql) ?? [];
  const [row] = await query(history);
  const named = [...sql.matchAll(/(?:data|timestamp)_col => '(\w+)'/g)].map(([, name]) => name);
  expect(Object.keys(row ?? {}).sort()).toEqual(named.sort());
});
