import { addDays, reportWindow } from '../../../../shared/metrics/calendar';
import { checkFreshness, daysUntil, freshnessByDay } from '../../../../shared/metrics/checks/freshness';
import { type DayFacts, indexByDay } from '../../../../shared/metrics/facts/period-facts';
import { onDuckDb } from '../../../support/duckdb';
import { randomSource } from '../../../support/random-source';
import { testRun } from '../../../support/run';
import { writeSource } from '../../../support/source-files';
import { steadyFacts } from '../../../support/steady-facts';
import { inTemporaryFolder } from '../../../support/temporary-folder';

const TODAY = '2025-12-23';
const YESTERDAY = '2025-12-22';

interface Situation {
  /** When the report is made. */
  now?: string;
  reportDate?: string;
  timeZone?: string;
  maxAgeHours?: number;
  /** Newest measurement there is; days after it are empty. */
  newest?: string;
  /** Day of the newest one before the days that are counted. */
  newestDay?: string;
  /** Tests or accounts of single days; all others have 10. */
  tests?: Record<string, number>;
  accounts?: Record<string, number>;
}

/** What is said of a source with ten tests and ten accounts on each day. */
function check({
  now = `${TODAY}T06:00:00Z`,
  reportDate = TODAY,
  timeZone = 'UTC',
  maxAgeHours = 26,
  newest = now,
  newestDay,
  tests = {},
  accounts = {},
}: Situation): string | null {
  const options = { timeZone, now: new Date(now), maxAgeHours, ...(newestDay !== undefined && { newestDay }) };
  const window = reportWindow(reportDate, daysUntil(reportDate, options), timeZone);
  const days = new Map(indexByDay(steadyFacts(window.firstDay, window.lastDay), window));
  const newestHour = Math.floor(Date.parse(newest) / 3_600_000);
  for (const [date, day] of days) {
    const first = Date.parse(date) / 3_600_000;
    const changes: Partial<DayFacts> = {
      tests: tests[date] ?? 10,
      accounts: accounts[date] ?? 10,
      latestHour: newestHour < first ? null : Math.min(first + 23, newestHour),
    };
    Object.assign(day, changes);
  }
  const failure = checkFreshness(reportDate, days, options);
  return failure && `${failure.code} ${failure.message}`;
}

const late = (text: string, date = TODAY, newest?: string) =>
  `SOURCE_NOT_READY the source is late: ${text}; nothing of ${date} was written; ${
    newest === undefined ? '' : `to have the newest day there is: kpi export --date ${newest}; `
  }to publish ${date} as it is: kpi export --date ${date} --allow-stale`;

describe('age', () => {
  test.each<[string, Situation, string | null]>([
    ['fresh', {}, null],
    ['26 hours', { newest: '2025-12-22T04:00:00Z' }, null],
    ['a minute more: within the hour that is known', { newest: '2025-12-22T03:59:00Z' }, null],
    [
      'more than 26 hours even at the end of its hour',
      { newest: '2025-12-22T02:59:59Z' },
      late('expected a measurement of the last 26 hours, the newest is 27 hours old, of 2025-12-22'),
    ],
    [
      'the same, asked for yesterday',
      { newest: '2025-12-22T02:59:59Z', reportDate: YESTERDAY },
      late('expected a measurement of the last 26 hours, the newest is 27 hours old, of 2025-12-22', YESTERDAY),
    ],
    [
      'the same, asked for the day before: it may be as it is',
      { newest: '2025-12-22T02:59:59Z', reportDate: '2025-12-21' },
      null,
    ],
    ['the same, where any age will do', { newest: '2025-12-22T02:59:59Z', maxAgeHours: 0 }, null],
    [
      'of an hour and a half',
      { newest: '2025-12-23T03:00:00Z', maxAgeHours: 1.5 },
      late('expected a measurement of the last 1.5 hours, the newest is 2 hours old, of 2025-12-23'),
    ],
    [
      'no measurement at all',
      { newest: '2025-11-01T00:00:00Z' },
      late('expected a measurement of the last 26 hours, of the last 13 days there is none'),
    ],
    [
      'the newest measurement days ago: that day can be had',
      { newest: '2025-12-20T12:30:00Z' },
      late('expected a measurement of the last 26 hours, the newest is 65 hours old, of 2025-12-20', TODAY, '2025-12-20'),
    ],
    [
      'months ago, as the whole source says',
      { newest: '2025-08-01T00:00:00Z', newestDay: '2025-08-01' },
      late('expected a measurement of the last 26 hours, the newest is of 2025-08-01', TODAY, '2025-08-01'),
    ],
    [
      'of the last hour',
      { newest: '2025-12-23T03:00:00Z', maxAgeHours: 1 },
      late('expected a measurement of the last hour, the newest is 2 hours old, of 2025-12-23'),
    ],
    ['yesterday, late in the evening, of a source that is fresh', { now: '2025-12-23T23:59:00Z', reportDate: YESTERDAY }, null],
    [
      'yesterday, late in the evening, of a source that stopped yesterday at 20:00',
      { now: '2025-12-23T23:59:00Z', newest: '2025-12-22T20:00:00Z', reportDate: YESTERDAY },
      late('expected a measurement of the last 26 hours, the newest is 27 hours old, of 2025-12-22', YESTERDAY),
    ],
    ['a measurement of the future', { newest: '2025-12-23T23:00:00Z' }, null],
    [
      'today is the date in the report time zone',
      { now: '2025-12-23T11:00:00Z', timeZone: 'Pacific/Kiritimati', reportDate: '2025-12-24', newest: '2025-12-21T10:00:00Z' },
      late('expected a measurement of the last 26 hours, the newest is 48 hours old, of 2025-12-21', '2025-12-24', '2025-12-21'),
    ],
    [
      'and so is what is neither today nor yesterday',
      { now: '2025-12-23T11:00:00Z', timeZone: 'Pacific/Kiritimati', reportDate: '2025-12-22', newest: '2025-12-21T10:00:00Z' },
      null,
    ],
  ])('%s', (_, situation, said) => {
    expect(check(situation)).toBe(said);
  });
});

describe('a day of zeros', () => {
  const week = (count: number) =>
    Object.fromEntries(Array.from({ length: 7 }, (_, index) => [addDays(YESTERDAY, -1 - index), count]));

  test.each<[string, Situation, string | null]>([
    ['after a busy week', { tests: { [YESTERDAY]: 0 } }, late('expected tests on 2025-12-22, got 0 after 7 days of 10 or more')],
    [
      'of accounts',
      { accounts: { ...week(5), [YESTERDAY]: 0 } },
      late('expected accounts on 2025-12-22, got 0 after 7 days of 5 or more'),
    ],
    [
      'is not published of yesterday either',
      { tests: { [YESTERDAY]: 0 }, reportDate: YESTERDAY },
      late('expected tests on 2025-12-22, got 0 after 7 days of 10 or more', YESTERDAY),
    ],
    [
      'also where any age will do',
      { tests: { [YESTERDAY]: 0 }, maxAgeHours: 0 },
      late('expected tests on 2025-12-22, got 0 after 7 days of 10 or more'),
    ],
    ['of reports before yesterday is believed', { tests: { [YESTERDAY]: 0 }, reportDate: '2025-12-21' }, null],
    ['after a week with a quiet day is believed', { tests: { [YESTERDAY]: 0, '2025-12-15': 4 } }, null],
    [
      'after a quiet day more than a week ago is not',
      { tests: { [YESTERDAY]: 0, '2025-12-14': 0 } },
      late('expected tests on 2025-12-22, got 0 after 7 days of 10 or more'),
    ],
    ['today, which is not over, is believed', { tests: { [TODAY]: 0 }, accounts: { [TODAY]: 0 } }, null],
    ['the day before yesterday is believed', { tests: { '2025-12-21': 0 } }, null],
    ['with a single test is none', { tests: { [YESTERDAY]: 1 } }, null],
  ])('%s', (_, situation, said) => {
    expect(check(situation)).toBe(said);
  });
});

test.each([
  ['2025-12-23', '2025-12-23'],
  ['2025-12-22', '2025-12-23'],
  ['2025-12-21', '2025-12-21'],
])('reports up to %s are judged by the days until %s', (to, until) => {
  expect(daysUntil(to, { timeZone: 'UTC', now: new Date('2025-12-23T06:00:00Z') })).toBe(until);
});

test.each([
  ['UTC', '2025-12-23'],
  ['Europe/Berlin', '2025-10-30'],
  ['America/St_Johns', '2010-11-08'],
])('the newest rows tell of each day what the full count tells (%s)', (timeZone, date) =>
  inTemporaryFolder(async (folder) => {
    const source = randomSource({ seed: 3, timeZone, from: date, to: date, measurements: 600, emptyText: true });
    await writeSource(folder, 'ndjson', source);
    const window = reportWindow(date, date, timeZone);
    const { newest, days } = await onDuckDb(folder, async (engine) => ({
      newest: freshnessByDay((await engine.readFreshness(window, testRun())).rows, window),
      days: indexByDay((await engine.readFacts(window, testRun())).facts, window),
    }));
    const tests = [...days].map(([day, { tests, latestHour }]) => [day, tests, latestHour]);
    expect([...newest].map(([day, { tests, latestHour }]) => [day, tests, latestHour])).toEqual(tests);
    expect(tests.filter(([, count]) => count)).not.toEqual([]);
    // a user with rows on two days counts on both: never fewer than the accounts of the day
    for (const [day, { accounts }] of days) expect(newest.get(day)?.accounts).toBeGreaterThanOrEqual(accounts);
  }),
);
