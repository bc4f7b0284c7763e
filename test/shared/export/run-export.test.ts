import type { Engine, TableOutcome } from '../../../shared/engines/engine';
import { judge } from '../../../shared/export/outcome';
import { type ExportOptions, runExport } from '../../../shared/export/run-export';
import { datesBetween } from '../../../shared/metrics/calendar';
import type { Facts } from '../../../shared/metrics/facts/facts';
import { furtherTableNames, furtherTables, reportTableNames } from '../../../shared/metrics/tables';
import type { ExportRun } from '../../../shared/metrics/tables/export_runs';
import { Failure } from '../../../shared/platform/failure';
import { onDuckDb } from '../../support/duckdb';
import { exportReports } from '../../support/export';
import { testGate, testRun } from '../../support/run';
import { writeSmallSource } from '../../support/small-source';
import { anAccountBefore, noFacts, steadyFacts, steadyReleaseFacts } from '../../support/steady-facts';
import { inTemporaryFolder } from '../../support/temporary-folder';

const DATES = datesBetween('2025-01-01', '2025-04-30');

/** An engine whose tables take everything and whose source holds one old account, unless changed; and what was asked of it. */
function createEngine(changes: Partial<Engine> = {}) {
  const published: string[][] = [];
  const records: ExportRun[][] = [];
  const windows: string[] = [];
  const engine: Engine = {
    prepare: async () => new Map(),
    furtherTables: async () => new Set(),
    readFurther: async () => ({}),
    readAnnotations: async () => [],
    replaceAnnotations: async () => {},
    readFacts: async ({ firstDay, lastDay }) => {
      windows.push(`${firstDay} ${lastDay}`);
      return { facts: { ...noFacts, people: [anAccountBefore(firstDay)] }, bytesProcessed: 7 };
    },
    readReleaseFacts: async () => ({
      facts: { release_tests: [], release_errors: [], release_sessions: [] },
      bytesProcessed: 3,
    }),
    readSpan: async () => [],
    readFreshness: async () => ({ rows: [], bytesProcessed: null }),
    price: null,
    groups: { reports: 4, atOnce: 1 },
    repair: async () => {},
    publish: async (reports) => {
      published.push(reports.map(({ reportDate }) => reportDate));
      return reports.map(() => reportTableNames.map((table): TableOutcome => ({ table, rows: 12 })));
    },
    appendRuns: async (rows) => void records.push([...rows]),
    deleteReports: async () => [],
    readRelease: async () => [],
    writeRelease: async () => null,
    readReports: async () => ({ daily_engagement: [], daily_advanced_metrics: [], daily_errors: [], daily_funnel: [] }),
    readReportStates: async () => [],
    readRuns: async () => [],
    inspectSource: async () => ({ bytes: null, counts: null }),
    inspectWarehouse: async () => [],
    readIdentity: async () => null,
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

test('weeks have the same figures where the tables of other grains beside the core are missing', async () => {
  const tables = furtherTableNames.filter((table) => furtherTables[table].grain === 'week');
  const exported = (changes: Partial<Engine>) =>
    inTemporaryFolder((folder) =>
      onDuckDb(writeSmallSource(folder), async (engine) => {
        const startedAt = new Date('2026-01-01T00:00:00Z');
        const dates = { from: '2025-11-02', to: '2025-11-09', timeZone: 'UTC', startedAt };
        return (await exportReports({ ...engine, ...changes }, dates)).map(({ further }) => further);
      }),
    );
  const all = await exported({});
  expect(all.at(-1)?.weekly_engagement?.[1]).toMatchObject({ period_start_date: '2025-10-27', all_tests: 1 });
  const ofWeeks = all.map((further) => Object.fromEntries(tables.map((table) => [table, further?.[table]])));
  expect(await exported({ furtherTables: async () => new Set(tables) })).toEqual(ofWeeks);
});

test('dates far apart are counted by themselves, so that years between them are not read', async () => {
  const { engine, published, windows } = createEngine();
  const dates = ['2020-01-15', '2020-02-20', '2025-06-15'];
  const { reports } = await run(engine, {}, dates);
  expect(judge(reports)).toEqual({ result: 'all' });
  expect(windows).toEqual(['2020-01-03 2020-02-20', '2025-06-03 2025-06-15']);
  expect(published.flat()).toEqual(dates);
});

test('the first window that cannot be counted ends the run', async () => {
  const { engine, published, records } = createEngine();
  const failing: Engine = {
    ...engine,
    readFacts: async (window, run) => {
      if (window.lastDay === '2025-06-15') throw new Failure('BYTES_LIMIT', 'a fault of the test');
      return engine.readFacts(window, run);
    },
  };
  const { reports } = await run(failing, {}, ['2020-01-15', '2025-06-15', '2025-12-15']);
  expect(reports.map(({ tables }) => tables[0]?.failure?.code)).toEqual([undefined, 'BYTES_LIMIT', 'BYTES_LIMIT']);
  expect(published.flat()).toEqual(['2020-01-15']);
  expect(records.flat().map(({ status }) => status)).toEqual(['succeeded', 'failed', 'failed']);
});

test('the next group starts when one ends; outcomes are in the order of dates', async () => {
  let running = 0;
  let most = 0;
  let slowIsDone = () => {};
  const slow = new Promise<void>((resolve) => {
    slowIsDone = resolve;
  });
  const { engine, published } = createEngine({ groups: { reports: 1, atOnce: 3 } });
  const sliding: Engine = {
    ...engine,
    publish: async (reports, run) => {
      most = Math.max(most, ++running);
      if (reports[0]?.reportDate === DATES[0]) await slow;
      if (reports[0]?.reportDate === DATES[9]) slowIsDone(); // all others have been published while the first was on its way
      await new Promise(setImmediate);
      running--;
      return engine.publish(reports, run);
    },
  };
  const { reports } = await run(sliding, {}, DATES.slice(0, 10));
  expect(reports.map(({ reportDate }) => reportDate)).toEqual(DATES.slice(0, 10));
  expect([most, published.flat().at(-1)]).toEqual([3, DATES[0]]);
});

test('dates that fail do not hold back the others', async () => {
  const { engine, records } = createEngine();
  const failing: Engine = {
    ...engine,
    groups: { reports: 1, atOnce: 1 },
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

test('a reason that fails all dates fails the run', async () => {
  const { engine, records } = createEngine({
    publish: async () => {
      throw new Failure('SCHEMA_DRIFT', 'a fault of the test');
    },
    groups: { reports: 50, atOnce: 1 },
  });
  await expect(run(engine, {}, DATES.slice(0, 20))).rejects.toMatchObject({ code: 'SCHEMA_DRIFT' });
  expect(records.flat().map(({ status }) => status)).toEqual(Array(20).fill('failed'));
});

test('finishes and records started dates if it is stopped; the others have no record', async () => {
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

test('ends at once if it is stopped while it counts', async () => {
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

test('if earlier reports cannot be read, the export continues without a count of revisions', async () => {
  const { engine, records } = createEngine({
    readReports: async () => {
      throw new Failure('UNAVAILABLE', 'a fault of the test');
    },
  });
  expect(judge((await run(engine)).reports)).toEqual({ result: 'all' });
  expect(new Set(records.flat().map(({ revised_values }) => revised_values))).toEqual(new Set([null]));
});

describe('dates before the source begins', () => {
  const holding = (facts: Partial<Facts>, firstDay: string | null = null) =>
    createEngine({
      readFacts: async () => ({ facts: { ...noFacts, ...facts }, bytesProcessed: 7 }),
      readSpan: async () => [{ source: 'users', first_day: firstDay, last_day: firstDay, newest_rows: 0, source_rows: 0 }],
    });
  const day = '2025-01-04';
  const dates = datesBetween('2025-01-01', '2025-01-05');

  test.each<[string, Partial<Facts>]>([
    [
      'an account',
      {
        people: [{ role: 'account', day, first_test_day: null, people: 1 }],
        users: [{ day, outcome: 'account', source_rows: 1 }],
      },
    ],
    [
      'a test, of a row that counts for nothing else',
      {
        people: [{ role: 'tester', day, first_test_day: null, people: 1 }],
        intake: [{ day, outcome: 'rejected', source_rows: 1, latest_hour: 0 }],
      },
    ],
  ])('of a range that comes to %s, one failure stands for them, and the others are exported without them', async (_, facts) => {
    const { engine, published, records } = holding(facts);
    const { reports } = await run(engine, {}, dates);
    const failures = reports.map(({ tables }) => tables[0]?.failure);
    expect(new Set(failures.slice(0, 3)).size).toBe(1);
    expect(failures[0]).toMatchObject({
      code: 'BAD_REQUEST',
      message: 'the source holds no account and no test up to 2025-01-03; its first date is 2025-01-04',
    });
    expect(published.flat()).toEqual(['2025-01-04', '2025-01-05']);
    expect(records.flat().map(({ report_date }) => report_date)).toEqual(['2025-01-04', '2025-01-05']);
    expect(judge(reports)).toMatchObject({ result: 'some', failure: { code: 'BAD_REQUEST' } });
  });

  test.each<[string, string | null, Facts['misdated'], object]>([
    [
      'the source begins later',
      '2025-03-01',
      [],
      { code: 'BAD_REQUEST', message: expect.stringMatching(/first date is 2025-03-01$/) },
    ],
    [
      'the source is empty',
      null,
      [],
      { code: 'BAD_REQUEST', message: expect.stringMatching(/up to 2025-01-05; nor any later$/) },
    ],
    [
      'all of its rows have impossible times',
      null,
      [{ source: 'users', source_rows: 1 }],
      { code: 'SOURCE_CONTRACT', message: expect.stringMatching(/^users holds 1 row whose created_at is before 1970/) },
    ],
  ])('%s: nothing is written', async (_, firstDay, misdated, failure) => {
    const { engine, published } = holding({ misdated }, firstDay);
    await expect(run(engine, {}, dates)).rejects.toMatchObject(failure);
    expect(published).toEqual([]);
  });
});

describe('a release', () => {
  const DATE = '2025-06-12';
  const PERIOD = '2025-06-01';

  /** Exports a date with its release; the periods that were written. */
  async function released(
    changes: Partial<Engine> = {},
    change: (facts: Facts) => void = () => {},
    options: Partial<ExportOptions> = {},
  ) {
    const written: string[] = [];
    const { engine } = createEngine({
      readFacts: async ({ firstDay, lastDay }) => {
        const facts = steadyFacts(firstDay, lastDay);
        change(facts);
        return { facts, bytesProcessed: null };
      },
      readReleaseFacts: async () => ({ facts: steadyReleaseFacts(PERIOD, PERIOD), bytesProcessed: null }),
      writeRelease: async ({ period_start_date }) => {
        written.push(period_start_date);
        return null;
      },
      ...changes,
    });
    const settings = { grain: 'day', minPeople: 11, roundTo: 5 } as const;
    const outcome = await run(engine, { release: settings, ...options }, [DATE]).catch(({ code }) => code as string);
    return { written, release: typeof outcome === 'string' ? outcome : (outcome.reports[0]?.release ?? null) };
  }

  test('comes with the report that the period is mature in', async () => {
    expect(await released()).toMatchObject({ written: [PERIOD], release: { period: PERIOD, state: 'released' } });
  });

  test.each([
    ['before the date of that report is over, does not come', '2025-06-12T23:59:59Z', []],
    ['as soon as it is over, comes', '2025-06-13T00:00:00Z', [PERIOD]],
  ])('%s', async (_, startedAt, expected) => {
    const gate = { ...testGate, allowStale: true };
    expect((await released({}, undefined, { startedAt: new Date(startedAt), gate })).written).toEqual(expected);
  });

  test('does not come where a table of that report is not in', async () => {
    const failure = new Failure('UNAVAILABLE', 'a fault of the test');
    const publish: Engine['publish'] = async (reports) =>
      reports.map(() =>
        reportTableNames.map(
          (table): TableOutcome => (table === 'daily_funnel' ? { table, rows: 0, failure } : { table, rows: 12 }),
        ),
      );
    expect(await released({ publish })).toEqual({ written: [], release: null });
  });

  test('does not come where the gate refuses that report', async () => {
    const tooMany = ({ activity }: Facts) => {
      for (const row of activity) if (row.day === '2025-06-05') row.tests++;
    };
    expect(await released({}, tooMany)).toEqual({ written: [], release: 'QUALITY_GATE' });
  });
});
