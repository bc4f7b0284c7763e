import { emulatorIsAvailable, inWarehouse, openEmulator } from '../support/bigquery-emulator';
import { readCase } from '../support/cases';
import { Deployment, project, until } from '../support/deployment';
import { freePort } from '../support/free-port';
import { type RunningProxy, startProxy } from '../support/proxy';
import { hasPubsubEmulator, openPubsubEmulator } from '../support/pubsub-emulator';
import { reportDifferences } from '../support/report-differences';

/** A message, the function as a process, and BigQuery: nothing between them is left out but Google's own servers. */
const available = emulatorIsAvailable && hasPubsubEmulator;
if (!available)
  process.stderr.write('The whole way needs emulators of BigQuery and of Pub/Sub; see the other tests of this folder.\n');

(available ? describe : describe.skip)('from a message to BigQuery', () => {
  const { folder, reportDate, timeZone, expected } = readCase('session_across_midnight');

  test('the rows that were worked out by hand arrive; while BigQuery is down, a replay repairs it', async () => {
    const [bigQuery, pubsub] = [openEmulator(), openPubsubEmulator(project)];
    await inWarehouse(bigQuery, folder, async ({ dataset, newEngine }) => {
      const port = await freePort();
      const deployment = new Deployment(pubsub, 'bigquery', {
        KPI_WAREHOUSE: `bigquery:test.${dataset}`,
        KPI_SOURCE: `test.${dataset}`,
        KPI_LOCATION: 'US',
        KPI_TIME_ZONE: timeZone,
        KPI_BIGQUERY_ENDPOINT: `http://127.0.0.1:${port}`,
      });
      const published = () => newEngine().readReports(reportDate, reportDate);
      let proxy: RunningProxy | undefined;
      try {
        await deployment.deploy();
        await deployment.publish({ data: reportDate });
        await until('it is forwarded', async () => (await deployment.waiting()).length > 0);
        expect(new Set(deployment.logged('export failed').map(({ code }) => code))).toEqual(new Set(['UNAVAILABLE']));
        expect((await published()).daily_funnel).toEqual([]);

        proxy = await startProxy(String(bigQuery.endpoint), undefined, port);
        expect(await deployment.replay('--run')).toMatchObject({
          code: 0,
          stdout: expect.stringContaining('1 waiting, 1 exported'),
        });
        const replayed = (await published()).daily_funnel;
        expect(replayed).toHaveLength(12);

        await deployment.publish({ data: JSON.stringify({ date: reportDate }) });
        await until('it is exported', () => deployment.logged('report exported').length > 0);
        const rows = await published();
        expect(rows.daily_funnel[0]?.created_at).not.toBe(replayed[0]?.created_at);
        const startedAt = new Date(rows.daily_funnel[0]?.created_at ?? '');
        const report = { reportDate, rows, rejectedRows: expected.rejectedRows, unclassifiedErrors: expected.unclassifiedErrors };
        expect(reportDifferences(report, expected, startedAt)).toEqual([]);
      } finally {
        await deployment.remove();
        await proxy?.close();
      }
    });
  });
});
