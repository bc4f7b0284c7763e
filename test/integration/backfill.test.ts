import { findGaps } from '../../shared/export/gaps';
import { judge } from '../../shared/export/outcome';
import { runExport } from '../../shared/export/run-export';
import { datesBetween } from '../../shared/metrics/calendar';
import { type Emulator, emulatorIsAvailable, openEmulator, openWarehouse, type Warehouse } from '../support/bigquery-emulator';
import { ended, startKpi } from '../support/kpi-command';
import { type CountingProxy, startCountingProxy } from '../support/proxy';
import { randomSource } from '../support/random-source';
import { testGate, testRun } from '../support/run';
import { sample } from '../support/sample';
import { writeSource } from '../support/source-files';
import { inTemporaryFolder } from '../support/temporary-folder';

const TIME_ZONE = 'Europe/Berlin';
const FROM = '2024-07-01';
const TODAY = '2025-07-02';
/** The emulator takes its time over each load. A year is in test/shared/engines/bigquery/backfill.test.ts, in memory. */
const RANGE = sample(datesBetween(FROM, '2024-08-29'), 2);
/** Dates of which the first ones come through at first; in the second range, as many as are recorded together. */
const RESUMED = [
  { dates: datesBetween('2025-01-01', '2025-01-02'), atFirst: 1 },
  { dates: datesBetween('2025-02-01', '2025-04-01'), atFirst: 50 },
];

if (!emulatorIsAvailable)
  process.stderr.write(
    'There is no BigQuery emulator here; name one in BIGQUERY_TEST_ENDPOINT to run the backfill against it.\n',
  );

(emulatorIsAvailable && !process.env.KPI_TEST_PROJECT ? describe : describe.skip)('a backfill', () => {
  let emulator: Emulator;
  let warehouse: Warehouse;
  let proxy: CountingProxy;

  beforeAll(async () => {
    emulator = openEmulator();
    proxy = await startCountingProxy(String(emulator.endpoint));
    emulator = { ...emulator, endpoint: proxy.endpoint };
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
      warehouse = await openWarehouse(emulator, folder);
    });
  });

  afterAll(async () => {
    await warehouse?.remove();
    await proxy?.close();
  });

  async function expectNoGaps(dates: readonly string[]): Promise<void> {
    const search = { from: String(dates[0]), to: String(dates.at(-1)), timeZone: TIME_ZONE, today: TODAY };
    expect((await findGaps(warehouse.newEngine(), search, testRun())).gaps).toEqual([]);
  }

  test('a range takes four loads per date, one record and one check per fifty, and the queries of one date', async () => {
    const { asked } = proxy;
    const { newEngine } = warehouse;
    const startedAt = new Date(`${TODAY}T00:00:00Z`);
    const options = { timeZone: TIME_ZONE, startedAt, now: () => startedAt, dryRun: false, gate: testGate };
    const before = { ...asked };
    await runExport([FROM], { ...options, engine: newEngine(), run: testRun({ id: `one-${Date.now()}` }) });
    const ofOneDate = asked.queries - before.queries;
    asked.loads.length = 0;
    const { queries, records } = asked;

    const { reports } = await runExport(RANGE, { ...options, engine: newEngine(), run: testRun({ id: `range-${Date.now()}` }) });
    expect(judge(reports)).toEqual({ result: 'all' });
    expect(asked.queries - queries).toBe(ofOneDate + Math.ceil(RANGE.length / 50) - 1); // a look at each fifty that are in
    expect(asked.records - records).toBe(Math.ceil(RANGE.length / 50));
    expect(asked.loads).toHaveLength(4 * RANGE.length);
    expect(new Set(asked.loads).size).toBe(4 * RANGE.length);
    await expectNoGaps(RANGE);
  });

  test.each(sample(RESUMED, 1))(
    'failed in part, resumed and killed, and resumed again: complete, and nothing twice, $atFirst',
    async ({ dates, atFirst }) => {
      const { dataset, newEngine } = warehouse;
      const args = ['export', '--from', String(dates[0]), '--to', String(dates.at(-1)), '--time-zone', TIME_ZONE];
      const place = { KPI_WAREHOUSE: `bigquery:test.${dataset}`, KPI_SOURCE: `test.${dataset}`, KPI_LOCATION: 'US' };
      const env = { ...place, KPI_BIGQUERY_ENDPOINT: proxy.endpoint };
      const recorded = async () => {
        const runs = await newEngine().readRuns({});
        const done = runs.flatMap(({ report_date, status }) => (status === 'succeeded' ? report_date : []));
        return done.filter((date) => dates.includes(date)).sort();
      };
      const [first, others] = [dates.slice(0, atFirst), dates.slice(atFirst)];

      proxy.refuses = (table) => others.some((date) => table.endsWith(`$${date.replaceAll('-', '')}`));
      expect((await ended(startKpi('.', args, env))).code).toBe(2);
      proxy.refuses = () => false;
      expect(await recorded()).toEqual(first);

      // its reports are in then, but not recorded
      const child = startKpi('.', [...args, '--resume'], env);
      proxy.onRecord = () => child.kill('SIGKILL');
      expect((await ended(child)).signal).toBe('SIGKILL');
      proxy.onRecord = null;
      expect(await recorded()).toEqual(first);
      await expectNoGaps(dates);

      const resumed = await ended(startKpi('.', [...args, '--resume', '--json'], env));
      expect([
        resumed.code,
        JSON.parse(resumed.stdout).reports.map((report: { reportDate: string }) => report.reportDate),
      ]).toEqual([0, others]);
      await expectNoGaps(dates);
      expect(await recorded()).toEqual(dates);
    },
  );
});
