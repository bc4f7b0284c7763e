import { createBigQuery } from '../../../../shared/engines/bigquery/engine';
import { judge } from '../../../../shared/export/outcome';
import { type GateSettings, runExport } from '../../../../shared/export/run-export';
import { releaseDefinitions, releaseTable } from '../../../../shared/metrics/tables/release-tables';
import type { ReleasedRow } from '../../../../shared/metrics/tables/released';
import type { ReleaseSettings } from '../../../../shared/platform/config';
import { type CannedFacts, cannedFacts } from '../../../support/canned-facts';
import {
  CANARY,
  configAt,
  destination,
  type Fault,
  type FaultServer,
  startFaultServer,
  storedTable,
} from '../../../support/fault-server';
import { testPace } from '../../../support/pace';
import { referenceRelease } from '../../../support/release-reference';
import { testGate, testRun } from '../../../support/run';

const DATE = '2025-06-15';
const PERIOD = '2025-06-04';
const AFTERWARDS = new Date('2025-06-16T12:00:00.000Z');
const PARTITION = 'daily_metrics$20250604';
const limits: ReleaseSettings = { grain: 'day', minPeople: 11, roundTo: 5 };

let canned: CannedFacts;
let server: FaultServer;

beforeAll(async () => {
  canned = await cannedFacts(DATE, DATE);
});

beforeEach(async () => {
  server = await startFaultServer(canned.facts);
});

afterEach(() => server.close());

async function exportDate(id: string, startedAt = AFTERWARDS, settings = limits, gate: GateSettings = testGate) {
  const engine = createBigQuery({ config: configAt(server), now: () => startedAt, pace: testPace });
  const run = testRun({ id });
  const { timeZone } = canned;
  const { reports } = await runExport([DATE], {
    engine,
    run,
    timeZone,
    gate,
    startedAt,
    now: () => startedAt,
    dryRun: false,
    release: settings,
  });
  return { reports, release: reports[0]?.release ?? null };
}

const row = () => server.partitions.get(PARTITION)?.[0] as ReleasedRow | undefined;
const releaseJobs = () => [...server.jobs.values()].filter((job) => job.kind === 'load' && destination(job) === PARTITION);

test('a period is loaded once, into its own partition of kpi_release, only if that is empty', async () => {
  const { release } = await exportDate('first');
  expect(release).toMatchObject({ period: PERIOD, state: 'released' });
  const [job] = releaseJobs();
  expect(job?.configuration.load).toMatchObject({
    destinationTable: { projectId: 'test', datasetId: 'kpi_release', tableId: PARTITION },
    writeDisposition: 'WRITE_EMPTY',
    createDisposition: 'CREATE_NEVER',
  });
  expect(row()).toMatchObject({
    period_start_date: PERIOD,
    period_end_date: PERIOD,
    revision: 1,
    released_at: AFTERWARDS.toISOString(),
  });
  expect(server.runs[0]).toMatchObject({ released_period: PERIOD, bytes_processed: 3000 });

  const before = JSON.stringify(row());
  const queries = server.count('query');
  const again = await exportDate('second', new Date(AFTERWARDS.getTime() + 60_000));
  expect(again.release).toMatchObject({ state: 'left' });
  expect(JSON.stringify(row())).toBe(before);
  expect(releaseJobs()).toHaveLength(1);
  expect(server.count('query') - queries).toBe(2); // freshness and facts; the people are not counted again
});

test('a report whose date is not over releases nothing, and asks for nothing', async () => {
  const { release } = await exportDate('early', new Date('2025-06-15T12:00:00.000Z'));
  expect([release, releaseJobs(), server.count('query')]).toEqual([null, [], 2]);
});

test('two runs at the same time: the row of the first one stays', async () => {
  const other = {
    period_start_date: PERIOD,
    period_end_date: PERIOD,
    revision: 1,
    released_at: '2025-06-16T11:59:59.000Z',
    all_tests: null,
  };
  server.strike = (kind) => {
    // the other run is between our look and our load
    if (kind === 'load' && !server.partitions.has(PARTITION) && server.partitions.size >= 4)
      server.partitions.set(PARTITION, [other]);
    return null;
  };
  const { release, reports } = await exportDate('slower');
  expect(release).toMatchObject({ state: 'left', row: other });
  expect(judge(reports)).toEqual({ result: 'all' });
  expect(row()).toEqual(other);
});

/** Of the release alone: the four loads of the report go through. */
const releaseMeets = (...faults: Fault[]) => server.play('load', null, null, null, null, ...faults);

test.each<{ name: string; faults: Fault[] }>([
  { name: 'the answer is lost', faults: [{ reset: 'after' }] },
  {
    name: 'the answer is an error, though it was carried out',
    faults: [{ carriedOut: true, status: 503, reason: 'backendError' }],
  },
  { name: 'it breaks down before', faults: [{ reset: 'before' }, { status: 503, reason: 'backendError' }] },
  { name: 'the job fails, and another one succeeds', faults: [{ jobFails: 'backendError' }] },
])('is released by this run where $name', async ({ faults }) => {
  releaseMeets(...faults);
  const { release } = await exportDate('stumbling');
  expect(release).toMatchObject({ state: 'released' });
  expect(row()).toMatchObject({ revision: 1, released_at: AFTERWARDS.toISOString() });
  expect(server.runs[0]).toMatchObject({ released_period: PERIOD });
});

test('a failed job that had written the row is not mistaken for another run', async () => {
  await exportDate('before');
  const released = row();
  server.partitions.delete(PARTITION);
  let failed = false;
  server.strike = (kind) => {
    if (kind !== 'load' || failed || server.count('load') < 10) return null;
    failed = true;
    server.partitions.set(PARTITION, [{ ...released }]);
    return { jobFails: 'backendError' };
  };
  const { release } = await exportDate('after');
  expect([failed, release]).toMatchObject([true, { state: 'released' }]);
  expect(row()).toEqual(released);
});

test('the report stays if the release is refused, and the failure quotes no data', async () => {
  releaseMeets({ status: 403, reason: 'accessDenied' });
  const { reports, release } = await exportDate('refused');
  expect(judge(reports)).toMatchObject({ result: 'some', failure: { code: 'ACCESS_DENIED', kind: 'retryable' } });
  expect(release?.failure?.message).not.toContain(CANARY);
  expect(server.runs[0]).toMatchObject({ status: 'succeeded', error_code: 'ACCESS_DENIED', released_period: null });
  expect((await exportDate('repeat')).release).toMatchObject({ state: 'released' });
});

test('a table whose partitions expire is refused: its periods would be released twice', async () => {
  const table = server.tables.get('daily_metrics');
  if (table) table.timePartitioning.expirationMs = '1000000000';
  const { release } = await exportDate('expiring');
  expect(release).toMatchObject({ state: 'failed', failure: { code: 'SCHEMA_DRIFT' } });
  expect(row()).toBeUndefined();
});

describe('a table of a version without grains', () => {
  const byDate = releaseTable('day', ['period_date']);

  test('keeps its form with further days, and is read as a table of days', async () => {
    server.tables.set('daily_metrics', storedTable(byDate.definition));
    const older = { period_date: '2025-06-03', revision: 1, released_at: '2025-06-15T12:00:00.000Z', all_tests: 40 };
    server.partitions.set('daily_metrics$20250603', [older]);
    const { release } = await exportDate('further');
    expect(release).toMatchObject({ period: PERIOD, state: 'released' });
    expect(Object.keys(row() ?? {})).toEqual(byDate.definition.columns.map(({ name }) => name));
    expect(row()).toMatchObject({ period_date: PERIOD, revision: 1 });
    expect(server.partitions.get('daily_metrics$20250603')).toEqual([older]);
    const engine = createBigQuery({ config: configAt(server), now: () => AFTERWARDS, pace: testPace });
    const rows = await engine.readRelease('day', '2025-06-01', '2025-06-30');
    expect(rows.map(({ period_start_date, period_end_date }) => [period_start_date, period_end_date])).toEqual([
      ['2025-06-03', '2025-06-03'],
      [PERIOD, PERIOD],
    ]);
    expect((await exportDate('again')).release).toMatchObject({ state: 'left' });
  });
});

describe('by week', () => {
  const weeks: ReleaseSettings = { grain: 'week', minPeople: 11, roundTo: 5 };
  const [WEEK, WEEK_END, PARTITION] = ['2025-05-26', '2025-06-01', 'weekly_metrics$20250526'];
  let ofWeeks: CannedFacts;
  /** The random rows end some days before. */
  const exportWeek = (id: string, at = AFTERWARDS) => exportDate(id, at, weeks, { ...testGate, allowStale: true });

  beforeAll(async () => {
    ofWeeks = await cannedFacts(WEEK, DATE, canned.timeZone, 'week');
  });

  beforeEach(async () => {
    await server.close();
    server = await startFaultServer(ofWeeks.facts); // without weekly tables of reports: a release needs none
    server.tables.set('weekly_metrics', storedTable(releaseDefinitions.week));
  });

  test('the second week before is loaded once, into its own partition, equal to an independent computation', async () => {
    const { release } = await exportWeek('first');
    expect(release).toMatchObject({ period: WEEK, state: 'released' });
    expect(server.partitions.get(PARTITION)).toEqual([
      {
        period_start_date: WEEK,
        period_end_date: WEEK_END,
        revision: 1,
        released_at: AFTERWARDS.toISOString(),
        ...referenceRelease(ofWeeks.source, ofWeeks.timeZone, 'week')(WEEK).release(11, 5),
      },
    ]);
    const [job] = [...server.jobs.values()].filter((one) => one.kind === 'load' && destination(one) === PARTITION);
    expect(job?.configuration.load).toMatchObject({ writeDisposition: 'WRITE_EMPTY', createDisposition: 'CREATE_NEVER' });

    const out = JSON.stringify(server.partitions.get(PARTITION));
    const again = await exportWeek('second', new Date(AFTERWARDS.getTime() + 60_000));
    expect([again.release?.state, JSON.stringify(server.partitions.get(PARTITION))]).toEqual(['left', out]);
    expect([...server.jobs.keys()].filter((id) => id.includes('_release_facts_'))).toHaveLength(1);
  });

  test('is refused where days are released, before anything is counted for it; the report stands', async () => {
    server.partitions.set('daily_metrics$20250604', [{ period_start_date: '2025-06-04' }]);
    const { release, reports } = await exportWeek('other');
    expect(release?.failure).toMatchObject({
      code: 'BAD_CONFIG',
      message: expect.stringContaining('is week, but kpi_release holds released days; expected day'),
    });
    expect(judge(reports)).toMatchObject({ result: 'some' });
    expect([...server.jobs.keys()].filter((id) => id.includes('_release_'))).toEqual([]);
    expect(server.partitions.has(PARTITION)).toBe(false);
  });

  test('an empty table of another grain is no fault', async () => {
    expect(server.tables.has('daily_metrics')).toBe(true);
    expect((await exportWeek('beside')).release).toMatchObject({ state: 'released' });
  });

  test('a table that does not exist yet is named', async () => {
    server.tables.delete('weekly_metrics');
    const { release } = await exportWeek('unmade');
    expect(release?.failure).toMatchObject({ code: 'NOT_FOUND', message: expect.stringContaining('weekly_metrics') });
  });
});
