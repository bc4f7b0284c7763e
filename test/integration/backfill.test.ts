import { findGaps } from '../../shared/export/gaps';
import { judge } from '../../shared/export/outcome';
import { runExport } from '../../shared/export/run-export';
import { datesBetween } from '../../shared/metrics/calendar';
import { type Emulator, emulatorIsAvailable, inWarehouse, openEmulator } from '../support/bigquery-emulator';
import { type Asked, startCountingProxy } from '../support/counting-proxy';
import { ended, startKpi } from '../support/kpi-command';
import { randomSource } from '../support/random-source';
import { testGate, testRun } from '../support/run';
import { writeSource } from '../support/source-files';
import { inTemporaryFolder } from '../support/temporary-folder';

const TIME_ZONE = 'Europe/Berlin';
const FROM = '2024-07-01';
const YEAR = datesBetween(FROM, '2025-06-30');
/** The emulator takes its time over each load: a year only where it is asked for (test/shared/engines/bigquery/backfill.test.ts has it in memory). */
const RANGE = YEAR.slice(0, Number(process.env.KPI_TEST_BACKFILL_DATES ?? 60));
const SIXTY = YEAR.slice(0, 60);

if (!emulatorIsAvailable)
  process.stderr.write(
    'There is no BigQuery emulator here; name one in BIGQUERY_TEST_ENDPOINT to run the backfill against it.\n',
  );

(emulatorIsAvailable && !process.env.KPI_TEST_PROJECT ? describe : describe.skip)('a backfill', () => {
  let emulator: Emulator;
  let asked: Asked;
  let close: () => Promise<void>;

  beforeAll(async () => {
    emulator = await openEmulator();
    const proxy = await startCountingProxy(String(emulator.endpoint));
    ({ asked, close } = proxy);
    emulator = { ...emulator, endpoint: proxy.endpoint };
  }, 200_000);

  afterAll(async () => {
    await close?.();
    await emulator?.close();
  });

  async function inYear(work: Parameters<typeof inWarehouse<void>>[2]): Promise<void> {
    const rows = randomSource({
      seed: 61,
      timeZone: TIME_ZONE,
      from: FROM,
      to: '2025-06-30',
      measurements: 2000,
      emptyText: true,
    });
    await inTemporaryFolder(async (folder) => {
      await writeSource(folder, 'ndjson', rows);
      await inWarehouse(emulator, folder, work);
    });
  }

  test('a long range: four loads a date, a record and a look for fifty, and else as many queries as for one date', async () => {
    await inYear(async ({ newEngine }) => {
      const startedAt = new Date('2025-07-02T00:00:00Z');
      const options = { timeZone: TIME_ZONE, startedAt, now: () => startedAt, dryRun: false, gate: testGate };
      const before = { ...asked };
      await runExport([FROM], { ...options, engine: newEngine(), run: testRun({ id: `one-${Date.now()}` }) });
      const ofOneDate = asked.queries - before.queries;
      asked.loads.length = 0;
      const { queries, records } = asked;

      const engine = newEngine();
      const { reports } = await runExport(RANGE, { ...options, engine, run: testRun({ id: `range-${Date.now()}` }) });
      expect(judge(reports)).toEqual({ result: 'all' });
      expect(asked.queries - queries).toBe(ofOneDate + Math.ceil(RANGE.length / 50) - 1); // a look at each fifty that are in
      expect(asked.records - records).toBe(Math.ceil(RANGE.length / 50));
      expect(asked.loads).toHaveLength(4 * RANGE.length);
      expect(new Set(asked.loads).size).toBe(4 * RANGE.length);
      const search = { from: FROM, to: String(RANGE.at(-1)), timeZone: TIME_ZONE, today: '2025-07-02' };
      expect((await findGaps(engine, search, testRun())).gaps).toEqual([]);
    });
  }, 600_000);

  test('killed and resumed: complete, and nothing twice', async () => {
    await inYear(async ({ newEngine, dataset }) => {
      const args = ['export', '--from', FROM, '--to', String(SIXTY.at(-1)), '--time-zone', TIME_ZONE];
      const place = { KPI_WAREHOUSE: `bigquery:test.${dataset}`, KPI_SOURCE: `test.${dataset}`, KPI_LOCATION: 'US' };
      const env = { ...place, KPI_BIGQUERY_ENDPOINT: String(emulator.endpoint) };
      const child = startKpi('.', args, env);
      let seen = 0;
      child.stderr?.on('data', (chunk) => {
        seen += String(chunk).split('"report exported"').length - 1;
        if (seen > 50) child.kill('SIGKILL'); // the first fifty are recorded, some more are in
      });
      expect((await ended(child)).signal).toBe('SIGKILL');

      const resumed = await ended(startKpi('.', [...args, '--resume', '--json'], env));
      expect([
        resumed.code,
        JSON.parse(resumed.stdout).reports.map((report: { reportDate: string }) => report.reportDate),
      ]).toEqual([0, SIXTY.slice(50)]);
      const engine = newEngine();
      const search = { from: FROM, to: String(SIXTY.at(-1)), timeZone: TIME_ZONE, today: '2025-07-02' };
      expect((await findGaps(engine, search, testRun())).gaps).toEqual([]);
      const runs = await engine.readRuns({});
      expect(runs.map(({ report_date }) => report_date).sort()).toEqual(SIXTY);
    });
  }, 300_000);
});
