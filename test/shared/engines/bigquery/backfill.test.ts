import { createBigQuery } from '../../../../shared/engines/bigquery/engine';
import { judge } from '../../../../shared/export/outcome';
import { type ExportOptions, runExport } from '../../../../shared/export/run-export';
import { datesBetween } from '../../../../shared/metrics/calendar';
import { type CannedFacts, cannedFacts, publishedDifferences } from '../../../support/canned-facts';
import { configAt, type FaultServer, startFaultServer } from '../../../support/fault-server';
import { testPace } from '../../../support/pace';
import { testGate, testRun } from '../../../support/run';
import { sample } from '../../../support/sample';

/** More than are recorded at once; a year where every input is tried. */
const [DATES = []] = sample([datesBetween('2025-04-15', '2025-06-14'), datesBetween('2024-06-15', '2025-06-14')], 1).slice(-1);
const CHUNKS = Math.ceil(DATES.length / 50); // each is recorded, and looked at, by itself
const STARTED_AT = new Date('2025-06-20T12:00:00.000Z'); // no date is recent: so thin a source would be late

function engineAt(server: FaultServer, betweenReportsMs: number) {
  const pace = { ...testPace, betweenReportsMs };
  return createBigQuery({ config: configAt(server), now: () => STARTED_AT, pace });
}

/** Works against a server whose sources hold what the reports of `dates` need. */
async function onServer(
  dates: readonly string[],
  betweenReportsMs: number,
  work: (place: { server: FaultServer; canned: CannedFacts; options: Omit<ExportOptions, 'run'> }) => Promise<void>,
): Promise<void> {
  const canned = await cannedFacts(String(dates[0]), String(dates.at(-1)));
  const server = await startFaultServer(canned.facts);
  try {
    const engine = engineAt(server, betweenReportsMs);
    const { timeZone } = canned;
    const options = { engine, timeZone, startedAt: STARTED_AT, now: () => STARTED_AT, dryRun: false, gate: testGate };
    await work({ server, canned, options });
  } finally {
    await server.close();
  }
}

test('a backfill on BigQuery: four loads a date, a record for fifty, and one query as for one date', async () => {
  await onServer(DATES, 0, async ({ server, canned, options }) => {
    const counts = () => (['dataset', 'table', 'query', 'look', 'load', 'record'] as const).map((kind) => server.count(kind));
    await runExport(DATES.slice(-1), { ...options, run: testRun({ id: 'one' }) });
    expect(counts()).toEqual([1, 5, 1, 3, 4, 1]);
    const { reports } = await runExport(DATES, { ...options, run: testRun({ id: 'backfill' }) });
    expect(judge(reports)).toEqual({ result: 'all' });
    expect(counts()).toEqual([1, 5, 2, 5 + CHUNKS, 4 + 4 * DATES.length, 1 + CHUNKS]);
    for (const date of [DATES[0], DATES[DATES.length - 51], DATES.at(-1)].map(String))
      expect(publishedDifferences(server, canned, date, STARTED_AT)).toEqual([]);
  });
});

test('the loads of all runs share one limit', async () => {
  const dates = DATES.slice(-2);
  await onServer(dates, 150, async ({ server, options }) => {
    const begin = Date.now();
    await Promise.all(dates.map((date) => runExport([date], { ...options, run: testRun({ id: `run-${date}` }) })));
    await runExport(dates, { ...options, run: testRun({ id: 'range' }) });
    expect(server.count('load')).toBe(16);
    expect(Date.now() - begin).toBeGreaterThanOrEqual(3 * 150); // four reports, and a timer may be late but never early
  });
});
