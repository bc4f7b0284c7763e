import { datesBetween } from '../../shared/calendar';
import type { Engine, TableOutcome } from '../../shared/engine';
import { Failure } from '../../shared/failure';
import { judge } from '../../shared/outcome';
import { type ExportOptions, runExport } from '../../shared/run-export';
import { reportTableNames } from '../../shared/tables';
import type { ExportRun } from '../../shared/tables/export_runs';
import { testGate, testRun } from '../support/run';

const DATES = datesBetween('2025-01-01', '2025-04-30');

/** An engine whose tables take everything and whose sources are empty, unless changed; and what was asked of it. */
function createEngine(changes: Partial<Engine> = {}) {
  const published: string[][] = [];
  const records: ExportRun[][] = [];
  const windows: string[] = [];
  const engine: Engine = {
    prepare: async () => new Map(),
    readFacts: async ({ firstDay, lastDay }) => {
      windows.push(`${firstDay} ${lastDay}`);
      return { facts: { activity: [], sessions: [], intake: [], users: [], people: [] }, bytesProcessed: 7 };
    },
    readReleaseFacts: async () => ({
      facts: { release_tests: [], release_errors: [], release_sessions: [] },
      bytesProcessed: 3,
    }),
    price: null,
    reportsAtOnce: 4,
    publish: async (reports) => {
      published.push(reports.map(({ reportDate }) => reportDate));
      return reports.map(() => reportTableNames.map((table): TableOutcome => ({ table, rows: 12 })));
    },
    appendRuns: async (rows) => void records.push([...rows]),
    deleteReports: async () => [],
    readRelease: async () => [],
    putRelease: async () => null,
    readRows: async () => [],
    readReportStates: async () => [],
    readRuns: async () => [],
    inspectSource: async () => ({ bytes: null, counts: null }),
    inspectWarehouse: async () => [],
    close: async () => {},
    ...changes,
  };
  return { engine, published, records, windows };
}

function run(engine: Engine, changes: Partial<ExportOptions> = {}, dates = DATES) {
  const startedAt = new Date('2026-01-01T00:00:00Z');
  const options = { engine, run: testRun(), timeZone: 'UTC', gate: testGate, startedAt, now: () => startedAt, dryRun: false };
  return runExport(dates, { ...options, ...changes });
}

test('a range is counted once, published a few dates at a time and recorded many at a time', async () => {
  const { engine, published, records, windows } = createEngine();
  const { reports } = await run(engine);
  expect(judge(reports)).toEqual({ result: 'all' });
  expect(windows).toEqual(['2024-12-20 2025-04-30']);
  expect(published.flat()).toEqual(DATES);
  expect(Math.max(...published.map((group) => group.length))).toBe(4);
  expect(records.map((rows) => rows.length)).toEqual([50, 50, 20]);
  expect(records.flat().map(({ report_date, status }) => [report_date, status])).toEqual(
    DATES.map((date) => [date, 'succeeded']),
  );
});

test('dates that fail do not hold back the others', async () => {
  const { engine, records } = createEngine();
  const failing: Engine = {
    ...engine,
    reportsAtOnce: 1,
    publish: async (reports, run) => {
      if (reports[0]?.reportDate === '2025-02-03') throw new Failure('UNAVAILABLE', 'a fault of the test');
      return engine.publish(reports, run);
    },
  };
  const { reports } = await run(failing);
  const failed = reports.filter((report) => judge([report]).result !== 'all').map(({ reportDate }) => reportDate);
  expect(failed).toEqual(['2025-02-03']);
  expect(judge(reports).result).toBe('some');
  expect(records.flat().filter(({ status }) => status === 'failed')).toEqual([
    expect.objectContaining({ report_date: '2025-02-03', error_code: 'UNAVAILABLE' }),
  ]);
});

test('what fails everywhere for one reason fails as a whole', async () => {
  const { engine, records } = createEngine({
    publish: async () => {
      throw new Failure('SCHEMA_DRIFT', 'a fault of the test');
    },
    reportsAtOnce: 50,
  });
  await expect(run(engine, {}, DATES.slice(0, 20))).rejects.toMatchObject({ code: 'SCHEMA_DRIFT' });
  expect(records.flat().map(({ status }) => status)).toEqual(Array(20).fill('failed'));
});

test('stopped, it finishes and records the dates in hand, and leaves the others without a record', async () => {
  const stop = new AbortController();
  const { engine, published, records } = createEngine();
  const { reports } = await run(engine, {
    stop: stop.signal,
    onReport: ({ reportDate }) => {
      if (reportDate === '2025-01-10') stop.abort();
    },
  });
  expect(published.flat()).toEqual(DATES.slice(0, 12)); // three groups of four
  expect(records.flat().map(({ report_date }) => report_date)).toEqual(DATES.slice(0, 12));
  expect(reports).toHaveLength(DATES.length);
  expect(judge(reports)).toMatchObject({ result: 'some', failure: { code: 'TIMEOUT' } });
});

test('stopped while it counts, it ends at once', async () => {
  const stop = new AbortController();
  const { engine, published } = createEngine({
    readFacts: (_, { signal }) =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(new Failure('TIMEOUT', 'stopped')));
        stop.abort();
      }),
  });
  await expect(run(engine, { stop: stop.signal })).rejects.toMatchObject({ code: 'TIMEOUT' });
  expect(published).toEqual([]);
});

test('what had been published can not be read: the export goes on, and does not say what it revised', async () => {
  const { engine, records } = createEngine({
    readRows: async () => {
      throw new Failure('UNAVAILABLE', 'a fault of the test');
    },
  });
  expect(judge((await run(engine)).reports)).toEqual({ result: 'all' });
  expect(new Set(records.flat().map(({ revised_values }) => revised_values))).toEqual(new Set([null]));
});
