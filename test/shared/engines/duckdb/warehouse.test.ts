import { join } from 'node:path';
import { openDatabase, quoteText, toEngineFailure } from '../../../../shared/engines/duckdb/connection';
import { openDuckDb } from '../../../../shared/engines/duckdb/engine';
import type { Access, Engine } from '../../../../shared/engines/engine';
import { indexByDay } from '../../../../shared/metrics/facts/period-facts';
import { deriveReport, type Report } from '../../../../shared/metrics/report';
import { reportTableNames } from '../../../../shared/metrics/tables';
import { holdWarehouse } from '../../../support/hold-warehouse';
import { testRun } from '../../../support/run';
import { steadyFacts } from '../../../support/steady-facts';
import { inTemporaryFolder } from '../../../support/temporary-folder';

const DATE = '2025-12-23';
const days = indexByDay(steadyFacts('2025-12-11', DATE), { firstDay: '2025-12-11', lastDay: DATE });
const reportMadeAt = (instant: string): Report => deriveReport(days, DATE, new Date(instant));
const report = reportMadeAt('2025-12-24T06:00:00.000Z');

async function withWarehouse<Result>(file: string, access: Access, work: (engine: Engine) => Promise<Result>): Promise<Result> {
  const config = { engine: 'duckdb', warehouse: file, source: null } as const;
  const engine = await openDuckDb({ config, access, now: new Date(), waiting: { forMs: 0 } });
  try {
    return await work(engine);
  } finally {
    await engine.close();
  }
}

const inWarehouse = (work: (file: string) => Promise<void>) =>
  inTemporaryFolder(async (folder) => {
    const file = join(folder, 'warehouse.duckdb');
    await withWarehouse(file, 'export', (engine) => engine.publish([report], testRun()));
    await work(file);
  });

test('no table is written if the last one cannot be written', () =>
  inWarehouse(async (file) => {
    const later = reportMadeAt('2025-12-25T06:00:00.000Z');
    for (const row of later.rows.daily_funnel) Object.assign(row, { accounts_created: null });
    const found = await withWarehouse(file, 'export', async (engine) => {
      await expect(engine.publish([later], testRun())).rejects.toMatchObject({ code: 'UNEXPECTED' });
      return engine.readReports(DATE, DATE);
    });
    expect(found).toEqual(report.rows);
    expect(await withWarehouse(file, 'read', (engine) => engine.readReports(DATE, DATE))).toEqual(report.rows);
  }));

test('no table is written if the last one differs from its definition', () =>
  inWarehouse(async (file) => {
    const onFile = async (sql: string) => {
      const database = await openDatabase();
      await database.run(`ATTACH ${quoteText(file)} AS warehouse`);
      return database.rows(sql).finally(() => database.close());
    };
    await onFile('ALTER TABLE warehouse.kpi_metrics.daily_funnel DROP COLUMN accounts_created CASCADE');
    await withWarehouse(file, 'export', async (engine) => {
      const publishing = engine.publish([reportMadeAt('2025-12-25T06:00:00.000Z')], testRun());
      await expect(publishing).rejects.toMatchObject({ code: 'SCHEMA_DRIFT' });
    });
    const found = await onFile('SELECT DISTINCT created_at FROM warehouse.kpi_metrics.daily_engagement');
    expect(found).toEqual([{ created_at: '2025-12-24T06:00:00.000Z' }]);
  }));

test('the first and the last row of each table of a report are reported', () =>
  inWarehouse(async (file) => {
    const database = await openDatabase();
    await database.run(`ATTACH ${quoteText(file)} AS warehouse`);
    await database.run(
      "UPDATE warehouse.kpi_metrics.daily_funnel SET created_at = '2025-12-25T06:00:00Z' WHERE period_start_date = '2025-12-20'",
    );
    database.close();
    const states = await withWarehouse(file, 'read', (engine) => engine.readReportStates(DATE, DATE));
    const found = states.map(({ table, rows, firstCreatedAt, lastCreatedAt }) => [
      ...[table, rows, firstCreatedAt.toISOString(), lastCreatedAt.toISOString()],
    ]);
    const [first, last] = ['2025-12-24T06:00:00.000Z', '2025-12-25T06:00:00.000Z'];
    const expected = reportTableNames.map((table) => [table, 12, first, table === 'daily_funnel' ? last : first]);
    expect(found.sort()).toEqual(expected.sort());
  }));

test('a warehouse that another process reads can be read, but not written', () =>
  inWarehouse(async (file) => {
    const release = await holdWarehouse(file, 'READ_ONLY');
    try {
      for (const access of ['read', 'read-if-exists'] as const)
        expect(await withWarehouse(file, access, (engine) => engine.readReports(DATE, DATE))).toEqual(report.rows);
      for (const access of ['write', 'export'] as const)
        await expect(withWarehouse(file, access, async () => {})).rejects.toMatchObject({ code: 'BUSY' });
    } finally {
      await release();
    }
  }));

test('a query that is interrupted was stopped: that is no fault of the program', async () => {
  const database = await openDatabase();
  try {
    const query = database.rows('SELECT count(*) FROM range(1000000000000) AS a WHERE hash(range) = 1');
    const interrupting = setInterval(() => database.interrupt(), 5); // one that comes before the query begins does nothing
    const failure = await query.then(() => null, toEngineFailure).finally(() => clearInterval(interrupting));
    expect(failure).toMatchObject({ code: 'TIMEOUT', kind: 'retryable', message: 'the run was stopped before it had finished' });
  } finally {
    database.close();
  }
});
