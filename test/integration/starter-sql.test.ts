import { publishedTableDefinitions } from '../../shared/metrics/tables';
import { viewSql, views } from '../../shared/metrics/views';
import { type Emulator, emulatorIsAvailable, inWarehouse, openEmulator } from '../support/bigquery-emulator';
import { caseNames, readCase } from '../support/cases';
import { exportReports } from '../support/export';
import { portableQueries } from '../support/starter-sql';

/** The queries of docs/sql where they are meant for: on views of BigQuery. Their figures are checked in test/docs. */
(emulatorIsAvailable ? describe : describe.skip)('starter queries', () => {
  let emulator: Emulator;
  beforeAll(async () => {
    emulator = await openEmulator();
  }, 200_000);
  afterAll(() => emulator?.close());

  test('all run', async () => {
    const [name = ''] = caseNames();
    const { folder, timeZone } = readCase(name);
    const work = async ({ dataset, newEngine }: Parameters<Parameters<typeof inWarehouse>[2]>[0]) => {
      // a Sunday that ends a month, so that all tables have rows
      await exportReports(newEngine(), { from: '2025-11-30', to: '2025-11-30', timeZone, startedAt: new Date() });
      for (const view of views)
        await emulator.client.query(
          `CREATE VIEW \`${dataset}.${view.name}\` AS ${viewSql(view, (table) => `\`${dataset}.${table}\``)}`,
        );
      const ran: Record<string, number> = {};
      for (const [query, sql] of portableQueries)
        ran[query] = (await emulator.client.query(sql.replaceAll('kpi_metrics.', `${dataset}.`)))[0].length;
      expect(
        Object.entries(ran)
          .filter(([, rows]) => rows === 0)
          .map(([query]) => query),
      ).toEqual(['days_without_a_report']);
    };
    await inWarehouse(emulator, folder, work, { tables: Object.values(publishedTableDefinitions) });
  });
});
