import { type Emulator, emulatorIsAvailable, inWarehouse, openEmulator } from '../support/bigquery-emulator';
import { caseNames, readCase } from '../support/cases';
import { exportReports } from '../support/export';
import { biViews, starterQueries } from '../support/starter-sql';

/** The queries of docs/sql where they are meant for: on views of BigQuery. Their figures are checked in test/docs. */
(emulatorIsAvailable ? describe : describe.skip)('starter queries', () => {
  let emulator: Emulator;
  beforeAll(async () => {
    emulator = await openEmulator();
  }, 200_000);
  afterAll(() => emulator?.close());

  test('all run', async () => {
    const [name = ''] = caseNames();
    const { folder, reportDate, timeZone } = readCase(name);
    await inWarehouse(emulator, folder, async ({ dataset, newEngine }) => {
      await exportReports(newEngine(), { from: reportDate, to: reportDate, timeZone, startedAt: new Date() });
      for (const [view, sql] of biViews((table) => `\`${dataset}.${table}\``))
        await emulator.client.query(`CREATE VIEW \`${dataset}.${view}\` AS ${sql}`);
      const ran: Record<string, number> = {};
      for (const [query, sql] of starterQueries)
        ran[query] = (await emulator.client.query(sql.replaceAll('kpi_metrics.', `${dataset}.`)))[0].length;
      expect(
        Object.entries(ran)
          .filter(([, rows]) => rows === 0)
          .map(([query]) => query),
      ).toEqual(['days_without_a_report']);
    });
  });
});
