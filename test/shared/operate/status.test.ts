import type { Engine, ReportState } from '../../../shared/engines/engine';
import { reportTableNames } from '../../../shared/metrics/tables';
import type { ExportRun } from '../../../shared/metrics/tables/export_runs';
import { type DeadLetters, readStatus, type StatusOptions } from '../../../shared/operate/status';
import { Failure } from '../../../shared/platform/failure';
import { testRun } from '../../support/run';

const NOW = new Date('2025-12-24T09:00:00Z');

/** Made at 06:00 of the day after, unless told. */
function reportOf(reportDate: string, at = new Date(Date.parse(reportDate) + 30 * 3_600_000).toISOString()): ReportState[] {
  const createdAt = new Date(at);
  return reportTableNames.map((table) => ({
    reportDate,
    table,
    rows: 12,
    firstCreatedAt: createdAt,
    lastCreatedAt: createdAt,
  }));
}

function runOf(report_date: string, changes: Partial<ExportRun> = {}): ExportRun {
  return { report_date, status: 'succeeded', time_zone: 'UTC', error_code: null, request_id: 'r', ...changes } as ExportRun;
}

interface Given {
  reports?: object;
  states?: ReportState[];
  runs?: ExportRun[];
  letters?: DeadLetters | Failure;
}

function statusOf(
  { reports = {}, states = [], runs = [], letters = { waiting: 0, asOf: NOW } }: Given,
  options: Partial<StatusOptions> = {},
) {
  const engine = {
    readReportStates: async (from: string, to: string) =>
      states.filter(({ reportDate }) => reportDate >= from && reportDate <= to),
    furtherTables: async () => new Set(),
    prepare: async () => new Map(),
    readReports: async () => reports,
    readAnnotations: async () => [],
    readRuns: async ({ newest }: { newest?: number }) => runs.slice(0, newest),
  } as unknown as Engine;
  const countDeadLetters = async () => {
    if (letters instanceof Failure) throw letters;
    return letters;
  };
  const defaults = { timeZone: 'UTC', isDemo: false, now: NOW, newestRuns: 10, countDeadLetters };
  return readStatus(engine, { ...defaults, ...options }, testRun());
}

const well = [...reportOf('2025-12-22'), ...reportOf('2025-12-23'), ...reportOf('2025-12-24', '2025-12-24T06:00:00Z')];

test('nothing needs attention if the daily runs succeeded', async () => {
  const { attention, newest, gaps } = await statusOf({ states: well, runs: [runOf('2025-12-24')] });
  expect(attention).toEqual([]);
  expect(newest).toEqual({
    reportDate: '2025-12-24',
    createdAt: new Date('2025-12-24T06:00:00Z'),
    isProvisional: true,
    tables: 4,
  });
  expect(gaps).toEqual({ from: '2025-12-22', to: '2025-12-23', gaps: [] });
});

test('how the newest day was that is over', async () => {
  const row = { report_date: '2025-12-23', period_start_date: '2025-12-23', period_end_date: '2025-12-23' };
  const daily_engagement = [{ ...row, created_at: '2025-12-24T06:00:00Z', active_users: 96, all_tests: 300 }];
  const { figures, attention } = await statusOf({ states: well, reports: { daily_engagement } });
  expect(figures).toEqual({
    day: '2025-12-23',
    sentence: 'Tuesday had 96 active users. This is not judged: there are fewer than 4 weeks to compare with.',
    unusualValues: null,
  });
  expect(attention).toEqual([]);
});

test('a report is provisional until its day is over in the report time zone', async () => {
  const states = reportOf('2025-12-23', '2025-12-24T06:00:00Z');
  expect((await statusOf({ states })).newest?.isProvisional).toBe(false);
  expect((await statusOf({ states }, { timeZone: 'America/Los_Angeles' })).newest?.isProvisional).toBe(true);
});

test.each<[string, Given, RegExp[]]>([
  ['an empty warehouse', {}, [/no report in the warehouse; run: kpi export/]],
  [
    'a date left out',
    { states: [...reportOf('2025-12-21'), ...well.slice(4)] },
    [/^1 of 3 dates, 2025-12-21 to 2025-12-23, has a gap; run: kpi gaps$/],
  ],
  ['a schedule that stopped', { states: reportOf('2025-12-20') }, [/^3 of 4 dates, 2025-12-20 to 2025-12-23, have gaps/]],
  [
    'a newest report that is not whole',
    { states: well.slice(0, -1) },
    [/3 of 4 tables hold the report of 2025-12-24; run: kpi export --date 2025-12-24/],
  ],
  [
    'a failed run that a release by command came after',
    {
      states: well,
      runs: [
        runOf('2025-12-23', { request_id: 'release-r' }),
        runOf('2025-12-23', { status: 'failed', error_code: 'UNAVAILABLE' }),
      ],
    },
    [/the last run of 2025-12-23 ended as failed \(UNAVAILABLE/],
  ],
  [
    'a release by command that failed, of a date that an earlier run has exported',
    {
      states: well,
      runs: [runOf('2025-12-23', { request_id: 'release-r', status: 'failed', error_code: 'QUALITY_GATE' }), runOf('2025-12-23')],
    },
    [/the last release of 2025-12-23 ended as failed \(QUALITY_GATE/],
  ],
  [
    'a digest that was not sent, of a date that was exported',
    {
      states: well,
      runs: [
        runOf('2025-12-23', { request_id: 'digest-2025-12-23', status: 'failed', error_code: 'BAD_CONFIG' }),
        runOf('2025-12-23'),
      ],
    },
    [/the last digest of 2025-12-23 ended as failed \(BAD_CONFIG/],
  ],
  [
    'a digest that was sent, of a date whose export failed afterwards',
    {
      states: well,
      runs: [
        runOf('2025-12-23', { request_id: 'digest-2025-12-23' }),
        runOf('2025-12-23', { status: 'failed', error_code: 'UNAVAILABLE' }),
      ],
    },
    [/the last run of 2025-12-23 ended as failed \(UNAVAILABLE/],
  ],
  [
    'a failed run, and no better one after it',
    { states: well, runs: [runOf('2025-12-23'), runOf('2025-12-24', { status: 'failed', error_code: 'SOURCE_CONTRACT' })] },
    [/the last run of 2025-12-24 ended as failed \(SOURCE_CONTRACT/],
  ],
  [
    'a failed run that a later one has mended',
    { states: well, runs: [runOf('2025-12-24'), runOf('2025-12-24', { status: 'partial' })] },
    [],
  ],
  [
    'runs in another time zone',
    { states: well, runs: [runOf('2025-12-24', { time_zone: 'Asia/Tokyo' })] },
    [/days of Asia\/Tokyo/],
  ],
  ['dead letters', { states: well, letters: { waiting: 2, asOf: NOW } }, [/^2 dead letters wait; run: kpi replay$/]],
  ['no project to ask for dead letters', { states: well, letters: { waiting: null, reason: 'no project' } }, []],
  [
    'dead letters that may not be counted',
    { states: well, letters: new Failure('ACCESS_DENIED', 'Monitoring refused') },
    [/^dead letters are not counted: Monitoring refused \(ACCESS_DENIED\); to see them, run: kpi replay$/],
  ],
])('%s', async (_, given, expected) => {
  expect((await statusOf(given)).attention).toEqual(expected.map((line) => expect.stringMatching(line)));
});

test('gaps are searched from the first report to yesterday', async () => {
  const { gaps } = await statusOf({ states: [...reportOf('2025-10-01'), ...well] });
  expect([gaps.from, gaps.to, gaps.gaps.length]).toEqual(['2025-10-01', '2025-12-23', 81]);
});
