import { type Emulator, emulatorIsAvailable, inWarehouse, openEmulator } from '../support/bigquery-emulator';
import { readCase } from '../support/cases';
import { Deployment, project, until } from '../support/deployment';
import { freePort } from '../support/free-port';
import { hasPubsubEmulator, openPubsubEmulator, type PubsubEmulator } from '../support/pubsub-emulator';
import { reportDifferences } from '../support/report-differences';

/** A message, the function as a process, and BigQuery: nothing between them is left out but Google's own servers. */
const available = emulatorIsAvailable && hasPubsubEmulator;
if (!available)
  process.stderr.write('The whole way needs emulators of BigQuery and of Pub/Sub; see the other tests of this folder.\n');

(available ? describe : describe.skip)('from a message to BigQuery', () => {
  const { folder, reportDate, timeZone, expected } = readCase('session_across_midnight');
  let bigQuery: Emulator;
  let pubsub: PubsubEmulator;

  beforeAll(async () => {
    [bigQuery, pubsub] = await Promise.all([openEmulator(), openPubsubEmulator(project)]);
  }, 200_000);

  afterAll(() => Promise.all([bigQuery?.close(), pubsub?.stop()]));

  test('the rows that were worked out by hand arrive; while BigQuery is down, a replay repairs it', async () => {
    await inWarehouse(bigQuery, folder, async ({ dataset, newEngine }) => {
      const settings = {
        KPI_WAREHOUSE: `bigquery:test.${dataset}`,
        KPI_SOURCE: `test.${dataset}`,
        KPI_LOCATION: 'US',
        KPI_TIME_ZONE: timeZone,
      };
      const up = { ...settings, KPI_BIGQUERY_ENDPOINT: String(bigQuery.endpoint) };
      const published = () => newEngine().readReports(reportDate, reportDate);

      const down = new Deployment(pubsub, 'bigquery-down', {
        ...settings,
        KPI_BIGQUERY_ENDPOINT: `http://127.0.0.1:${await freePort()}`,
      });
      try {
        await down.deploy();
        await down.publish({ data: reportDate });
        await until('it is forwarded', async () => (await down.waiting()).length > 0);
        expect(new Set(down.logged('export failed').map(({ code }) => code))).toEqual(new Set(['UNAVAILABLE']));
        expect((await published()).daily_funnel).toEqual([]);
        down.env.KPI_BIGQUERY_ENDPOINT = up.KPI_BIGQUERY_ENDPOINT;
        expect(await down.replay('--run')).toMatchObject({ code: 0, stdout: expect.stringContaining('1 waiting, 1 exported') });
        expect((await published()).daily_funnel).toHaveLength(12);
      } finally {
        await down.remove();
      }

      const deployment = new Deployment(pubsub, 'bigquery', up);
      try {
        await deployment.deploy();
        await deployment.publish({ data: JSON.stringify({ date: reportDate }) });
        await until('it is exported', () => deployment.logged('report exported').length > 0);
        const rows = await published();
        const startedAt = new Date(rows.daily_funnel[0]?.created_at ?? '');
        const report = { reportDate, rows, rejectedRows: expected.rejectedRows, unclassifiedErrors: expected.unclassifiedErrors };
        expect(reportDifferences(report, expected, startedAt)).toEqual([]);
      } finally {
        await deployment.remove();
      }
    });
  });
});
