import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { views } from '../../shared/metrics/views';
import { runKpi } from '../support/kpi-command';
import { writeSmallSource } from '../support/small-source';
import { inTemporaryFolder } from '../support/temporary-folder';

/** What any DuckDB client sees in a warehouse file: nothing of the program's own connection is there. */
async function query(file: string, ...statements: string[]): Promise<unknown[][]> {
  const instance = await DuckDBInstance.create(file);
  const connection = await instance.connect();
  try {
    let rows: unknown[][] = [];
    for (const sql of statements) rows = (await connection.runAndReadAll(sql)).getRowsJson();
    return rows;
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

const LIST = 'SELECT view_name FROM duckdb_views() WHERE NOT internal ORDER BY view_name';
const allViews = views.map(({ name }) => [name]).sort();
const SUNDAY = '2025-11-30';

const kpi = async (folder: string, ...args: string[]) => {
  const { code, stdout, stderr } = await runKpi(folder, args);
  return { code, text: stdout + stderr };
};

/** With the warehouse that each test begins with a copy of. */
const prepared = mkdtempSync(join(tmpdir(), 'kpi-views-'));
const source = writeSmallSource(prepared);
beforeAll(async () => {
  expect((await exportDate(prepared)).code).toBe(0);
});
afterAll(() => rmSync(prepared, { recursive: true }));
const copyTo = (file: string) => copyFileSync(join(prepared, 'kpi_metrics.duckdb'), file);

const exportDate = (folder: string) =>
  kpi(folder, 'export', '--source', source, '--warehouse', 'kpi_metrics.duckdb', '--date', SUNDAY);

test('an export creates the views, which work under any file name; other commands still work', async () => {
  await inTemporaryFolder(async (folder) => {
    const file = join(folder, 'kpi_metrics.duckdb');
    copyTo(file);
    expect(await query(file, LIST)).toEqual(allViews);
    copyFileSync(file, join(folder, 'other.duckdb'));
    for (const name of ['kpi_metrics', 'other'])
      expect(
        await query(
          join(folder, `${name}.duckdb`),
          `USE ${name}.kpi_metrics`,
          `SELECT (SELECT COUNT(*) FROM latest_report), (SELECT COUNT(*) FROM weekly_kpis), (SELECT COUNT(*) FROM latest_monthly_report),
             (SELECT COUNT(DISTINCT day) FROM kpi_trends)`,
        ),
      ).toEqual([['12', '12', '12', '12']]);
    const warehouse = ['--warehouse', 'kpi_metrics.duckdb'];
    for (const command of ['status', 'doctor', 'gaps', 'show', 'dashboard']) {
      const { code, text } = await kpi(folder, command, ...warehouse);
      expect([command, code === 0 || code === 2, text]).toEqual([command, true, expect.not.stringContaining('UNEXPECTED')]);
    }
    expect((await kpi(folder, 'delete', '--date', SUNDAY, '--yes', ...warehouse)).code).toBe(0);
    expect(await query(file, 'USE kpi_metrics.kpi_metrics', 'SELECT COUNT(*) FROM weekly_kpis')).toEqual([['0']]);
  });
});

test('the next export adds views and missing tables to a file of an older version', async () => {
  await inTemporaryFolder(async (folder) => {
    const file = join(folder, 'kpi_metrics.duckdb');
    copyTo(file);
    await query(
      file,
      'USE kpi_metrics.kpi_metrics',
      ...allViews.map(([name]) => `DROP VIEW ${name}`),
      ...['daily_audience', 'monthly_funnel'].map((name) => `DROP TABLE ${name}`),
    );
    expect(await query(file, LIST)).toEqual([]);
    expect((await exportDate(folder)).code).toBe(0);
    expect(await query(file, LIST)).toEqual(allViews);
  });
});

test("a user's table with the name of a view stays", async () => {
  await inTemporaryFolder(async (folder) => {
    const file = join(folder, 'kpi_metrics.duckdb');
    copyTo(file);
    await query(
      file,
      'USE kpi_metrics.kpi_metrics',
      'DROP VIEW daily_kpis',
      'DROP VIEW kpi_trends',
      'CREATE TABLE daily_kpis AS SELECT 1 AS mine',
    );
    expect((await exportDate(folder)).code).toBe(0);
    expect(await query(file, 'USE kpi_metrics.kpi_metrics', 'SELECT * FROM daily_kpis')).toEqual([[1]]);
    expect(await query(file, LIST)).toEqual(allViews.filter(([name]) => name !== 'daily_kpis' && name !== 'kpi_trends'));
  });
});
