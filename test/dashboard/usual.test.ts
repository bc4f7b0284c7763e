import type { DashboardData } from '../../dashboard/data';
import type { MetricName } from '../../dashboard/metrics';
import { createHistory } from '../../dashboard/page/history';
import { usualText } from '../../dashboard/page/usual';
import { readReleased, readReports } from '../../dashboard/read';
import type { Engine } from '../../shared/engines/engine';
import { openEarlier } from '../../shared/export/earlier';
import { addDays, type CalendarDate, endOf, localDate } from '../../shared/metrics/calendar';
import { historyStart, type Judgement } from '../../shared/metrics/checks/usual-range';
import { type Grain, grainAdverbs, grains, periodEnd, periodStart, periodStarts } from '../../shared/metrics/grain';
import type { Report } from '../../shared/metrics/report';
import { type PublishedTable, publishedTableDefinitions, reportTableNames } from '../../shared/metrics/tables';
import type { Annotation } from '../../shared/metrics/tables/annotations';
import { readJudged } from '../../shared/operate/judged';
import { testRun } from '../support/run';

const timeZone = 'Europe/Berlin';
const now = new Date('2025-12-24T06:00:00Z');
const [first, last]: [CalendarDate, CalendarDate] = ['2025-03-01', '2025-12-23'];
const days = Array.from({ length: 298 }, (_, index) => addDays(first, index));
const annotations: Annotation[] = [
  { date: '2024-01-01', until: null, text: 'Before all figures', exclude: false },
  { date: '2025-10-20', until: '2025-10-22', text: 'Outage of a partner', exclude: true },
  { date: '2025-12-01', until: null, text: 'Version 2', exclude: false },
];

/** Always the same number from 0 to 1 for a text. */
function chance(text: string): number {
  let hash = 2166136261;
  for (const letter of text) hash = Math.imul(hash ^ letter.charCodeAt(0), 16777619);
  hash = Math.imul(hash ^ (hash >>> 15), 2246822507);
  return ((hash ^ (hash >>> 13)) >>> 0) / 2 ** 32;
}

/** Counts of a period: uneven, each eleventh one an incident. Accounts take their first tests over time. */
function countsOf(grain: Grain, start: CalendarDate, age: number): Record<string, number> {
  const size = { day: 1, week: 6, month: 25 }[grain];
  const about = (count: number, of: string) => Math.round(size * count * (0.9 + 0.2 * chance(`${grain} ${start} ${of}`)));
  const incident = chance(`${grain} ${start} incident`);
  const users = about(incident < 0.05 ? 45 : 100, 'users');
  const kinds = { camera_too_far: about(incident > 0.95 ? 40 : 9, 'far'), test_lines_not_found: about(11, 'lines') };
  return {
    active_users: users,
    all_tests: users + about(40, 'tests'),
    accounts_created: about(30, 'accounts'),
    ...kinds,
    total_errors: kinds.camera_too_far + kinds.test_lines_not_found + about(3, 'others'),
    total_sessions: users,
    successful_sessions: Math.round(users * 0.8),
    first_try_successes: Math.round(users * 0.7),
    accounts_with_tests: about(10, 'converted') + age,
  };
}

function rowsOf(grain: Grain, report: CalendarDate, base: string): object[] {
  const { columns } = publishedTableDefinitions[`${grainAdverbs[grain]}_${base}` as PublishedTable];
  return periodStarts(report, grain).map((period, age) => {
    const counts = { ...countsOf(grain, period, age), period_start_date: period, period_end_date: periodEnd(period, grain) };
    const stamped = { ...counts, report_date: report, created_at: `${addDays(report, 1)}T05:00:00.000Z` } as Record<
      string,
      unknown
    >;
    return Object.fromEntries(columns.map(({ name }) => [name, stamped[name] ?? 0]));
  });
}

const tables = new Map<string, { report_date: CalendarDate }[]>(
  grains.flatMap((grain) =>
    ['engagement', 'advanced_metrics', 'errors', 'funnel'].map((base) => {
      const reports = days.filter((day) => grain === 'day' || periodEnd(periodStart(day, grain), grain) === day);
      return [`${grainAdverbs[grain]}_${base}`, reports.flatMap((day) => rowsOf(grain, day, base) as never[])] as const;
    }),
  ),
);

/** A warehouse that holds these rows. */
const asked: string[] = [];
const engine = {
  readReports: async (from, to) => read(reportTableNames, from, to),
  readFurther: async (names, from, to) => read(names, from, to),
  readReportStates: async () => [],
  readAnnotations: async () => {
    asked.push('annotations');
    return annotations;
  },
  readRelease: async () => [],
} as Partial<Engine> as Engine;

/** The states of the reports up to a date. */
const statesUntil = (newest: CalendarDate) => async () =>
  days.filter((day) => day <= newest).map((reportDate) => ({ table: 'daily_engagement', reportDate })) as never;

function read(names: readonly string[], from: CalendarDate, to: CalendarDate): never {
  const within = ({ report_date }: { report_date: CalendarDate }) => report_date >= from && report_date <= to;
  return Object.fromEntries(names.map((name) => [name, (tables.get(name) ?? []).filter(within)])) as never;
}

const options = { timeZone, isDemo: false, date: null, now, run: testRun() };
let data: DashboardData;
beforeAll(async () => {
  data = await readReports(engine, options);
});

/** What a judgement comes to on the page. */
function shown({ low, high, verdict, value, reason, unit }: Judgement) {
  const round = (bound: number) => (unit === 'count' ? bound : Number(bound.toFixed(1)));
  const beyond = value === null || low === null || high === null ? 0 : value > high ? 1 : value < low ? -1 : 0;
  const outside = verdict === 'not judged' || beyond === 0 ? null : verdict === 'usual' ? beyond : 2 * beyond;
  return {
    range: low === null || high === null ? null : { low: round(low), high: round(high) },
    outside,
    isJudged: reason === null,
  };
}

test.each<[Grain, number, number]>([
  ['day', 0, 20],
  ['day', 20, 40],
  ['day', 40, 60],
  ['week', 0, 12],
  ['month', 0, 6],
])('of %ss at random, %s to %s, the page says what `kpi status` says: sentence, ranges and verdicts', async (grain, from, to) => {
  const history = createHistory(data, grain);
  const starts = data.grains[grain]?.periods.map(({ date }) => date) ?? [];
  const chosen = starts.toSorted((one, other) => chance(`order ${one}`) - chance(`order ${other}`)).slice(from, to);
  expect(chosen).toHaveLength(to - from);
  const sentences = new Set<string>();
  for (const start of chosen) {
    const judged = await readJudged(engine, { grain, timeZone, now, date: start });
    expect([start, history?.sentence(start)]).toEqual([start, judged?.sentence]);
    sentences.add(judged?.sentence.replaceAll(/\d+/g, '') ?? '');
    for (const judgement of judged?.judgements ?? []) {
      const usual = history?.usual(start, judgement.figure as MetricName);
      const onPage = { range: usual?.range, outside: usual?.outside, isJudged: usual?.notJudged === null };
      expect([start, judgement.figure, onPage]).toEqual([start, judgement.figure, shown(judgement)]);
    }
  }
  if (grain === 'day') expect(sentences.size).toBeGreaterThan(7);
});

test('the newest day that is over: page, status, and the log of the export of its report', async () => {
  const known = { ...engine, readReportStates: statesUntil(last) };
  const status = await readJudged(known, { grain: 'day', timeZone, now, date: null });
  expect(status?.start).toBe(last);
  expect(createHistory(data, 'day')?.sentence(last)).toBe(status?.sentence);
  const { judge } = await openEarlier([last], { engine, run: testRun(), timeZone, startedAt: endOf(last, timeZone) });
  const report = { reportDate: last, rows: read(reportTableNames, last, last) } as Partial<Report> as Report;
  const logged = judge([report]).get(last);
  expect(logged?.start).toBe(last);
  expect(status).toMatchObject({ ...logged });
});

test('each judged day has its own history', async () => {
  // the first day of a step: the day before begins earlier
  const at = days.find((day) => historyStart(day, 'day') > historyStart(addDays(day, -1), 'day') && day > '2025-11-15') ?? '';
  const early = new Date(endOf(addDays(at, -1), timeZone).getTime() + 3_600_000);
  expect(localDate(early, timeZone)).toBe(at);
  const before = addDays(at, -1);
  const upTo = (to: CalendarDate) => (to < before ? to : before);
  const readReports = async (from: CalendarDate, to: CalendarDate) => read(reportTableNames, from, upTo(to));
  const then = { ...engine, readReports, readReportStates: statesUntil(at) };
  const status = await readJudged(then, { grain: 'day', timeZone, now: early, date: null });
  expect(status).toEqual(await readJudged(then, { grain: 'day', timeZone, now: early, date: before }));
  expect(status?.start).toBe(before);
});

test('days that are marked as exceptional are not judged, and say so', () => {
  const history = createHistory(data, 'day');
  expect(history?.usual('2025-10-21', 'active_users')).toMatchObject({
    range: { low: expect.any(Number), high: expect.any(Number) },
    outside: null,
    notJudged: 'the day is marked as exceptional',
  });
  expect(createHistory(data, 'week')?.usual('2025-10-20', 'active_users')?.notJudged).toBe('the week is marked as exceptional');
});

test('annotations of days that the page shows are in it; without their history, days are not judged', () => {
  expect(data.of).toMatchObject({ annotations: annotations.slice(1) });
  const history = createHistory(data, 'day');
  expect(history?.usual(first, 'active_users')).toEqual({
    range: null,
    outside: null,
    notJudged: 'there are fewer than 4 weeks to compare with',
  });
  expect(history?.sentence(first)).toMatch(/^Saturday had \d+ active users\. This is not judged: there are fewer than 4 weeks/);
});

test('a year adds no more than 70 kB', () => {
  const sizes = grains.map((grain) => JSON.stringify(data.grains[grain]?.usual).length);
  const periods = grains.reduce((sum, grain) => sum + (data.grains[grain]?.periods.length ?? 0), 0);
  expect((sizes.reduce((sum, size) => sum + size, 0) / periods) * (365 + 63 + 23)).toBeLessThan(70_000);
});

test('a release has no usual ranges, and does not read annotations', async () => {
  asked.length = 0;
  const released = await readReleased(engine, {
    ...options,
    release: { grain: 'day', minPeople: 10, roundTo: 5 } as never,
    publication: {},
  });
  expect(asked).toEqual([]);
  expect(JSON.stringify(released)).not.toMatch(/usual|annotations|sentence/);
});

test('a release of weeks has weeks alone', async () => {
  const rows = [{ period_start_date: '2025-12-01', period_end_date: '2025-12-07', active_users: 30 }];
  const { data: released, release } = await readReleased(
    { ...engine, readRelease: async () => rows as never },
    {
      ...options,
      release: { grain: 'week', minPeople: 20, roundTo: 10 } as never,
      publication: { title: 'Weekly figures' },
    },
  );
  expect(released.of).toMatchObject({ kind: 'release', grain: 'week', minPeople: 20, roundTo: 10, title: 'Weekly figures' });
  expect(released.grains.day.periods).toEqual([]);
  expect(released.grains.week?.periods.map(({ date }) => date)).toEqual(['2025-12-01']);
  expect(release).toMatchObject({ grain: 'week', rows, limits: { minPeople: 20, roundTo: 10 } });
});

describe('in words', () => {
  const text = (grain: Grain, metric: MetricName, date: CalendarDate) => {
    const history = createHistory(data, grain);
    const said = history === null ? null : usualText(history, metric, date);
    return said === null ? null : said.replaceAll(/[\u00a0\u202f]/g, ' ').replaceAll(/[\d.]+/g, '#');
  };

  test.each<[Grain, MetricName, CalendarDate, string | null]>([
    ['day', 'active_users', '2025-12-23', 'usual for a Tuesday: # to #'],
    ['day', 'failure_rate', '2025-12-21', 'usual for a Sunday: # to # %'],
    ['day', 'conversion_rate', '2025-12-21', 'at the end of the day # %, usual for a Sunday: # to # %'],
    ['day', 'active_users', '2025-10-21', 'not judged; usual for a Tuesday: # to #'],
    ['day', 'active_users', '2025-03-02', 'not judged'],
    ['day', 'stickiness', '2025-12-21', null],
    ['week', 'all_tests', '2025-12-15', 'usual: # to #'],
  ])('%s %s of %s', (grain, metric, date, expected) => {
    expect(text(grain, metric, date)).toBe(expected);
  });
});
