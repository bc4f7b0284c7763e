import type { ReportRows } from '../shared/metrics/report';
import { furtherTableNames, reportTableNames } from '../shared/metrics/tables';
import { comebackSource, longSource } from './support/comeback-source';
import { onDuckDb } from './support/duckdb';
import { type ExportedReport, exportReports } from './support/export';
import { randomSource } from './support/random-source';
import { dateReader, endsMonth, isSunday, parseInstant, plusDays, referenceReport } from './support/reference';
import { reportDifferences } from './support/report-differences';
import { sample } from './support/sample';
import { type PartedFormat, type SourceFormat, writeSource } from './support/source-files';
import type { SourceRows } from './support/source-rows';
import { inTemporaryFolder } from './support/temporary-folder';

interface Situation {
  name: string;
  seed: number;
  format: SourceFormat | PartedFormat;
  timeZone: string;
  /** The last of four report dates. */
  date: string;
}

/** The first ones have every format, a date of two stretches of time, clocks that go forward, and a date that never was. */
const situations: Situation[] = [
  { name: 'clocks go back across midnight', seed: 15, format: 'parquet', timeZone: 'America/St_Johns', date: '2010-11-08' },
  { name: 'clocks go forward', seed: 2, format: 'ndjson', timeZone: 'America/New_York', date: '2025-03-11' },
  { name: 'a date is left out', seed: 6, format: 'csv in parts', timeZone: 'Pacific/Apia', date: '2012-01-01' },
  { name: 'no clock change', seed: 1, format: 'csv', timeZone: 'UTC', date: '2025-06-15' },
  { name: 'clocks go back', seed: 3, format: 'parquet', timeZone: 'America/New_York', date: '2025-11-05' },
  { name: 'half an hour forward', seed: 4, format: 'csv', timeZone: 'Australia/Lord_Howe', date: '2025-10-07' },
  { name: 'half an hour back', seed: 5, format: 'ndjson', timeZone: 'Australia/Lord_Howe', date: '2025-04-09' },
  { name: 'a day without midnight', seed: 7, format: 'ndjson in parts', timeZone: 'America/Sao_Paulo', date: '2018-11-06' },
  { name: 'clocks go back to 23:00', seed: 8, format: 'parquet in parts', timeZone: 'America/Sao_Paulo', date: '2018-02-19' },
  { name: 'quarters of an hour, turn of the year', seed: 9, format: 'csv', timeZone: 'Asia/Kathmandu', date: '2026-01-03' },
  { name: 'leap day', seed: 10, format: 'ndjson', timeZone: 'Pacific/Kiritimati', date: '2024-03-01' },
  { name: 'an offset with seconds', seed: 11, format: 'parquet', timeZone: 'Africa/Monrovia', date: '1972-01-08' },
];

const RANGE_DAYS = 4;

test.each(sample(situations, 3))('$name ($timeZone, $format, seed $seed)', async ({ seed, format, timeZone, date }) => {
  const dates = lastDates(date, RANGE_DAYS);
  const [from = date] = dates;
  const rows = randomSource({ seed, timeZone, from, to: date, measurements: 400, emptyText: !format.startsWith('csv') });
  const startedAt = minutesLater(0);
  await inSource(rows, format, async (folder) => {
    const range = await onDuckDb(folder, (engine) => exportReports(engine, { from, to: date, timeZone, startedAt }));
    expect(range.map(({ reportDate }) => reportDate)).toEqual(dates);
    for (const report of range) {
      expect(reportDifferences(report, referenceReport(rows, report.reportDate, timeZone), startedAt)).toEqual([]);
      expectInvariants(report.rows);
    }
    // the last date by itself, then once more, over rows that are there already
    await onDuckDb(folder, async (engine) => {
      for (const minutes of [1, 2]) {
        const [single] = await exportReports(engine, { from: date, to: date, timeZone, startedAt: minutesLater(minutes) });
        expect(single && withoutCreatedAt(single)).toEqual(withoutCreatedAt(range.at(-1)));
        expect(createdAts(single)).toEqual([minutesLater(minutes).toISOString()]);
      }
    });
  });
});

interface LongSituation {
  name: string;
  seed: number;
  format: SourceFormat;
  timeZone: string;
  /** Report dates that end a week, a month, or both, in order. */
  dates: string[];
}

/** In the first one a week ends on a date of two stretches of time; in the second one history has no room for 13 months. */
const longSituations: LongSituation[] = [
  {
    name: 'clocks go back from Sunday to Saturday',
    seed: 32,
    format: 'ndjson',
    timeZone: 'America/St_Johns',
    dates: ['2010-10-31', '2010-11-07', '2010-11-30'],
  },
  {
    name: 'months before 1970',
    seed: 39,
    format: 'parquet',
    timeZone: 'Pacific/Kiritimati',
    dates: ['1970-02-01', '1970-02-28', '1970-05-31'],
  },
  {
    name: 'clocks go forward on the last Sunday of a month',
    seed: 31,
    format: 'csv',
    timeZone: 'Europe/Berlin',
    dates: ['2025-03-30', '2025-03-31', '2025-08-31'],
  },
  {
    name: 'clocks go back at midnight before a Sunday',
    seed: 33,
    format: 'parquet',
    timeZone: 'America/Nuuk',
    dates: ['2024-03-31', '2024-10-27', '2024-10-31'],
  },
  {
    name: 'half an hour forward and back',
    seed: 34,
    format: 'csv',
    timeZone: 'Australia/Lord_Howe',
    dates: ['2025-04-06', '2025-08-31', '2025-10-05'],
  },
  {
    name: 'a date is left out in the last week of a month',
    seed: 35,
    format: 'ndjson',
    timeZone: 'Pacific/Apia',
    dates: ['2011-07-31', '2011-12-31', '2012-01-01'],
  },
  {
    name: 'Sundays without midnight, Saturdays with two',
    seed: 36,
    format: 'parquet',
    timeZone: 'America/Sao_Paulo',
    dates: ['2018-02-18', '2018-09-30', '2018-11-04'],
  },
  {
    name: 'week 53, quarters of an hour',
    seed: 37,
    format: 'csv',
    timeZone: 'Asia/Kathmandu',
    dates: ['2020-12-31', '2021-01-03', '2021-01-31'],
  },
  {
    name: 'an offset with seconds',
    seed: 38,
    format: 'ndjson',
    timeZone: 'Africa/Monrovia',
    dates: ['1972-01-09', '1972-01-31', '1972-04-30'],
  },
  {
    name: 'Sunday goes on when Monday has begun',
    seed: 44,
    format: 'ndjson',
    timeZone: 'Asia/Tehran',
    dates: ['2020-08-31', '2020-09-20', '2020-09-27'],
  },
  {
    name: 'a Sunday that ends a month goes on when the next has begun',
    seed: 45,
    format: 'parquet',
    timeZone: 'Asia/Damascus',
    dates: ['2001-09-23', '2001-09-30', '2001-10-31'],
  },
  {
    name: 'a leap day ends a month',
    seed: 40,
    format: 'csv',
    timeZone: 'UTC',
    dates: ['2024-02-25', '2024-02-29', '2024-03-31'],
  },
];

describe('weeks and months', () => {
  test.each(sample(longSituations, 2))('$name ($timeZone, $format, seed $seed)', async ({ seed, format, timeZone, dates }) => {
    const [first = '', , last = ''] = dates;
    expect(dates.every((date) => isSunday(date) || endsMonth(date))).toBe(true);
    expect(dates.some((date) => isSunday(date)) && dates.some(endsMonth)).toBe(true);
    const monthsBefore = plusDays(first, -425); // 13 months and more
    const from = monthsBefore < '1970-01-04' ? '1970-01-04' : monthsBefore;
    const rows = longSource({ seed, timeZone, from, to: last, people: 40, emptyText: format !== 'csv' });
    await inSource(rows, format, async (folder) => {
      await onDuckDb(folder, async (engine) => {
        for (const date of dates) {
          const startedAt = minutesLater(0);
          const [report] = await exportReports(engine, { from: date, to: date, timeZone, startedAt });
          if (report === undefined) throw new Error(`no report of ${date}`);
          expect(Object.keys(report.further ?? {}).sort()).toEqual([...furtherTableNames].sort());
          expect(reportDifferences(report, referenceReport(rows, date, timeZone), startedAt)).toEqual([]);
          expectFurtherInvariants(report);
        }
      });
    });
  });

  /** Each has both clock changes of its zone, more dates than are written at once, and three Sundays of which the last ends it. */
  const ranges = [
    { timeZone: 'Africa/Casablanca', from: '2024-02-25', to: '2024-04-21', measurements: 400, people: 40, within: [] },
    {
      timeZone: 'Europe/Berlin',
      from: '2024-10-27',
      to: '2025-03-31',
      measurements: 800,
      people: 60,
      within: ['2024-12-31', '2025-03-30'],
    },
  ];

  test.each(sample(ranges, 1))(
    'a range in $timeZone that is counted in pieces says what its dates say one by one',
    async ({ timeZone, from, to, measurements, people, within }) => {
      const comebacks = comebackSource({ seed: 41, timeZone, from: plusDays(from, -420), to, people, emptyText: true });
      const dense = randomSource({ seed: 12, timeZone, from, to, measurements, emptyText: true });
      const rows = {
        users: [...comebacks.users, ...dense.users],
        measurements: [...comebacks.measurements, ...dense.measurements],
      };
      const startedAt = minutesLater(0);
      const alone = [from, ...within, to];
      await inSource(rows, 'parquet', async (folder) => {
        const range = await onDuckDb(folder, (engine) => exportReports(engine, { from, to, timeZone, startedAt }));
        expect(range.length).toBeGreaterThan(50);
        for (const report of range) {
          expectInvariants(report.rows);
          expectFurtherInvariants(report);
        }
        // with twelve periods in each, these leave out no day, week or month
        const checked = range.filter(({ reportDate }, index) => index % 11 === 0 || endsMonth(reportDate) || reportDate === to);
        expect(checked.filter(({ reportDate }) => isSunday(reportDate)).length).toBeGreaterThan(2);
        for (const report of checked)
          expect(reportDifferences(report, referenceReport(rows, report.reportDate, timeZone), startedAt)).toEqual([]);
        const singles = await onDuckDb(folder, async (engine) => {
          const reports: ExportedReport[] = [];
          for (const date of alone) reports.push(...(await exportReports(engine, { from: date, to: date, timeZone, startedAt })));
          return reports;
        });
        expect(range.filter(({ reportDate }) => alone.includes(reportDate))).toEqual(singles);
      });
    },
    240_000,
  );

  test('late rows count in their weeks and months when a range is exported again', async () => {
    const timeZone = 'Asia/Kathmandu';
    const [from, to] = ['2025-08-30', '2025-09-02'];
    const rows = comebackSource({ seed: 43, timeZone, from: '2024-07-15', to, people: 80, emptyText: true });
    const late: SourceRows = {
      users: [...rows.users, { user_id: 'late', created_at: '2025-06-11T08:00:00Z' }],
      measurements: [
        ...rows.measurements,
        ...['2025-06-11T08:00:00Z', '2025-07-31T18:14:59.999999Z', '2025-07-31T18:15:00Z'].map((created_at, index) => ({
          measurement_id: `late ${index}`,
          user_id: 'late',
          session_id: 'late',
          created_at,
          error_type: null,
        })),
      ],
    };
    const [first, again] = [minutesLater(0), minutesLater(1)];
    await inTemporaryFolder(async (folder) => {
      await writeSource(folder, 'ndjson', rows);
      await onDuckDb(folder, async (engine) => {
        const before = await exportReports(engine, { from, to, timeZone, startedAt: first });
        await writeSource(folder, 'ndjson', late);
        const after = await exportReports(engine, { from, to, timeZone, startedAt: again });
        expect(after).toHaveLength(4);
        for (const report of after)
          expect(reportDifferences(report, referenceReport(late, report.reportDate, timeZone), again)).toEqual([]);
        const tests = (reports: ExportedReport[], month: string) =>
          reports[1]?.further?.monthly_engagement?.find((row) => row.period_start_date === month)?.all_tests ?? 0;
        for (const month of ['2025-06-01', '2025-07-01', '2025-08-01'])
          expect(tests(after, month)).toBe(tests(before, month) + 1);
      });
    });
  });

  test.each(sample(['2025-08-31', '2025-08-24', '2025-07-31'], 1))('%s says the same when later rows have come', async (date) => {
    const timeZone = 'America/New_York';
    const rows = comebackSource({ seed: 42, timeZone, from: '2024-06-01', to: '2025-12-31', people: 120, emptyText: true });
    const dateOf = dateReader(timeZone);
    const upTo = <Row extends { created_at: string | null }>(all: Row[]) =>
      all.filter(({ created_at }) => created_at !== null && dateOf(parseInstant(created_at)) <= date);
    const early: SourceRows = { users: upTo(rows.users), measurements: upTo(rows.measurements) };
    expect(early.measurements.length).toBeLessThan(rows.measurements.length * 0.9);
    const startedAt = minutesLater(0);
    const exported = async (source: SourceRows) => {
      let reports: ExportedReport[] = [];
      await inSource(source, 'parquet', async (folder) => {
        reports = await onDuckDb(folder, (engine) => exportReports(engine, { from: date, to: date, timeZone, startedAt }));
      });
      return reports;
    };
    const before = await exported(early);
    expect(before[0]?.further?.daily_audience).toHaveLength(12);
    expect(await exported(rows)).toEqual(before);
  });
});

async function inSource(rows: SourceRows, format: Situation['format'], work: (folder: string) => Promise<void>): Promise<void> {
  await inTemporaryFolder(async (folder) => {
    await writeSource(folder, format, rows);
    await work(folder);
  });
}

/** What holds of every report, whatever the source. The rows of a table begin with the report date. */
function expectInvariants(rows: ReportRows): void {
  for (const table of reportTableNames) expect(rows[table]).toHaveLength(12);
  const broken: string[] = [];
  const hold = (period: string, what: string, holds: boolean) => {
    if (!holds) broken.push(`${period}: ${what}`);
  };
  rows.daily_engagement.forEach((engagement, age) => {
    const period = engagement.period_start_date;
    const sessions = rows.daily_advanced_metrics[age];
    const errors = rows.daily_errors[age];
    const funnel = rows.daily_funnel[age];
    const before = rows.daily_engagement[age + 1];
    if (sessions === undefined || errors === undefined || funnel === undefined) throw new Error(`${period}: a table has no row`);
    const { total_errors, no_period_history, camera_too_far, camera_too_close } = errors;
    const { analysis_error, test_lines_not_found, test_not_found } = errors;
    const classified =
      no_period_history + camera_too_far + camera_too_close + analysis_error + test_lines_not_found + test_not_found;
    const tries = sessions.first_try_successes + sessions.second_try_successes + sessions.third_plus_try_successes;
    const { error_gini_coefficient: gini } = sessions;
    hold(
      period,
      'errors are the tests that did not succeed',
      total_errors === engagement.all_tests - engagement.successful_tests,
    );
    hold(period, 'known kinds are among the errors', classified <= total_errors);
    hold(period, 'successful users are active', engagement.successful_test_users <= engagement.active_users);
    hold(period, 'active users have a test each', engagement.active_users <= engagement.all_tests);
    hold(period, 'active users are testers', engagement.active_users <= engagement.total_active_users_to_date);
    hold(period, 'sessions have a test each', sessions.total_sessions <= engagement.all_tests);
    hold(period, 'each successful session has one first success', tries === sessions.successful_sessions);
    hold(period, 'successful sessions are sessions', sessions.successful_sessions <= sessions.total_sessions);
    hold(period, 'Gini is NULL exactly when nothing failed', (gini === null) === (total_errors === 0));
    hold(period, 'Gini lies between 0 and 1', gini === null || (gini >= 0 && gini < 1));
    hold(period, 'accounts with tests are accounts', funnel.accounts_with_tests <= funnel.accounts_created);
    if (before === undefined) return;
    const created = engagement.total_users_to_date - before.total_users_to_date;
    hold(period, 'users to date grow by the accounts created', created === funnel.accounts_created);
    hold(period, 'testers to date never get fewer', engagement.total_active_users_to_date >= before.total_active_users_to_date);
  });
  expect(broken).toEqual([]);
}

/** What holds of the tables of a report among each other. */
function expectFurtherInvariants({ rows, further = {} }: ExportedReport): void {
  const broken: string[] = [];
  const hold = (where: string, what: string, holds: boolean) => {
    if (!holds) broken.push(`${where}: ${what}`);
  };
  further.daily_audience?.forEach((day, age) => {
    const where = `day ${day.period_start_date}`;
    hold(where, 'active as in daily_engagement', day.active_users === rows.daily_engagement[age]?.active_users);
    hold(where, 'parts', day.new_users + day.returning_users + day.reactivated_users === day.active_users);
    hold(
      where,
      'longer windows hold more',
      day.active_users <= day.active_users_7d && day.active_users_7d <= day.active_users_28d,
    );
  });
  const grains = [
    {
      grain: 'week',
      engagement: further.weekly_engagement,
      audience: further.weekly_audience,
      retention: further.weekly_retention,
    },
    {
      grain: 'month',
      engagement: further.monthly_engagement,
      audience: further.monthly_audience,
      retention: further.monthly_retention,
    },
  ];
  for (const { grain, engagement = [], audience = [], retention = [] } of grains)
    audience.forEach((period, age) => {
      const where = `${grain} ${period.period_start_date}`;
      const before = audience[age + 1];
      const cohort = retention.filter((row) => row.cohort_start_date === period.period_start_date);
      const comers = retention.filter((row) => row.period_start_date === period.period_start_date);
      const retained = comers.reduce((total, row) => total + row.retained_users, 0);
      const testers = engagement[age]?.total_active_users_to_date ?? 0;
      hold(where, 'active as in engagement', period.active_users === engagement[age]?.active_users);
      hold(where, 'parts', period.new_users + period.returning_users + period.reactivated_users === period.active_users);
      hold(where, 'new users are the cohort at age 0', cohort[0]?.retained_users === period.new_users);
      hold(where, 'the cohorts of a period are active in it', retained <= period.active_users);
      hold(where, 'a cohort has one size', new Set(cohort.map((row) => row.cohort_users)).size === 1);
      if (before === undefined) return;
      const testersBefore = engagement[age + 1]?.total_active_users_to_date ?? 0;
      hold(where, 'return or lapse', period.returning_users + period.lapsed_users === before.active_users);
      hold(where, 'testers grow by the cohort', testers - testersBefore === cohort[0]?.cohort_users);
    });
  expect(broken).toEqual([]);
}

function lastDates(date: string, days: number): string[] {
  const midnight = Date.parse(`${date}T00:00:00Z`);
  return Array.from({ length: days }, (_, index) =>
    new Date(midnight - (days - 1 - index) * 86_400_000).toISOString().slice(0, 10),
  );
}

function minutesLater(minutes: number): Date {
  return new Date(Date.UTC(2030, 0, 1, 0, minutes));
}

function withoutCreatedAt(report: ExportedReport | undefined): unknown {
  return JSON.parse(JSON.stringify(report, (name, value) => (name === 'created_at' ? undefined : value)));
}

function createdAts(report: ExportedReport | undefined): string[] {
  const rows = reportTableNames.flatMap((table): { created_at: string }[] => report?.rows[table] ?? []);
  return [...new Set(rows.map((row) => row.created_at))];
}
