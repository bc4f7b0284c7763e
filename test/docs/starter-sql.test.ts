import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Database, openDatabase, quoteText, type Value } from '../../shared/engines/duckdb/connection';
import { ended, startKpi } from '../support/kpi-command';
import { biViews, starterQueries } from '../support/starter-sql';

/** The queries of docs/sql on reports of the demo data, with two days that no report tells of. */
const folder = mkdtempSync(join(tmpdir(), 'kpi-starter-sql-'));
const MISSING_REPORTS = ['2025-12-05', '2025-12-06'];
let database: Database;

beforeAll(async () => {
  const warehouse = join(folder, 'warehouse.duckdb');
  const at = ['--source', 'demo', '--warehouse', warehouse, '--json'];
  expect((await ended(startKpi(folder, ['export', '--from', '2025-11-23', '--to', '2025-12-23', ...at]))).code).toBe(0);
  database = await openDatabase();
  await database.run(`ATTACH ${quoteText(warehouse)} AS warehouse`);
  await database.run('USE warehouse');
  for (const table of ['daily_engagement', 'daily_advanced_metrics', 'daily_errors', 'daily_funnel'])
    await database.run(
      `DELETE FROM kpi_metrics.${table} WHERE period_start_date IN (${MISSING_REPORTS.map(quoteText).join(', ')})`,
    );
  for (const [name, sql] of biViews((table) => `kpi_metrics.${table}`))
    await database.run(`CREATE VIEW kpi_metrics.${name} AS ${sql}`);
});
afterAll(() => {
  database?.close();
  rmSync(folder, { recursive: true });
});

const rowsOf = (name: string) => {
  const [, sql = ''] = starterQueries.find(([query]) => query === name) ?? [];
  return database.rows(sql);
};
const one = async (sql: string) => Object.values((await database.rows(sql))[0] ?? {})[0] as Value;

test.each(starterQueries)('%s says what it answers, and answers', async (name, sql) => {
  expect(sql).toMatch(/^-- [A-Z].*[.:]/);
  const rows = await database.rows(sql);
  expect([name, rows.length]).toEqual([name, expect.any(Number)]);
  expect(rows.length).toBeGreaterThan(0);
});

test.each(starterQueries)('%s is in docs/bi.md', (name) => {
  expect(readFileSync(join(__dirname, '../../docs/bi.md'), 'utf8')).toContain(`(sql/${name}.sql)`);
});

test('headline figures are of the newest day that is over, with the weekday before', async () => {
  const rows = await rowsOf('newest_day_against_a_week_before');
  expect(rows).toHaveLength((await one('SELECT COUNT(*) FROM kpi_metrics.metric_definitions')) as number);
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

test('freshness is of all four tables', async () => {
  expect(await rowsOf('freshness')).toEqual(
    ['daily_engagement', 'daily_advanced_metrics', 'daily_errors', 'daily_funnel'].map((table_name) =>
      expect.objectContaining({ table_name, report_date: '2025-12-23', report_rows: 12 }),
    ),
  );
});
