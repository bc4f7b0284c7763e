import type { Cohort, DashboardData, Period } from '../../dashboard/data';
import { metricsOfGrain, reportMetrics } from '../../dashboard/history';
import { formatFigure, formatLongPeriod, formatPeriod, formatPeriodWithYear } from '../../dashboard/page/format';
import {
  compare,
  createHistory,
  dayBefore,
  daysLate,
  type History,
  periodsIn,
  smooth,
  windowOf,
} from '../../dashboard/page/history';
import { cards, panelsOf, sections } from '../../dashboard/page/layout';
import { cellOf, exampleOf, readAloud } from '../../dashboard/page/retention';
import {
  type Choices,
  formatState,
  inGrain,
  lackingGrain,
  openingGrain,
  parseState,
  unknownIn,
} from '../../dashboard/page/state';
import { unknownKinds } from '../../dashboard/page/status';
import { ticksOf } from '../../dashboard/page/ticks';
import { addDays } from '../../shared/metrics/calendar';
import { type Grain, grains } from '../../shared/metrics/grain';

/** What of the page needs no browser. */
const metrics = reportMetrics.filter(({ name }) => ['active_users', 'accounts_with_tests', 'conversion_rate'].includes(name));

function day(date: string, of: Partial<Period>): Period {
  return { date, report: date, provisional: false, growing: false, values: [], grown: [], ...of };
}

function historyIn(grain: Grain, periods: Period[], cohorts: Cohort[] = []): History {
  const none = { metrics: [], periods: [], cohorts: [] };
  const data: DashboardData = {
    of: { kind: 'reports', newest: null, gaps: [], annotations: [] },
    isDemo: false,
    timeZone: 'UTC',
    readAt: '',
    date: null,
    version: '',
    grains: { day: none, [grain]: { metrics, periods, cohorts } },
  };
  const history = createHistory(data, grain);
  if (history === null) throw new Error('no periods');
  return history;
}

const historyOf = (...days: Period[]) => historyIn('day', days);

describe('the state in the URL', () => {
  const choices: Choices = { grains: ['day', 'week'], grain: 'day', tables: ['engagement', 'funnel'] };
  const initial = { grain: 'day', date: null, compare: 'week', span: '12-weeks', table: 'engagement' };
  const weeks = { grain: 'week', date: null, compare: 'week', span: 'year', table: 'engagement' };

  test.each([
    ['', initial],
    [
      '#date=2025-12-22&compare=day&span=all&table=funnel',
      { grain: 'day', date: '2025-12-22', compare: 'day', span: 'all', table: 'funnel' },
    ],
    ['#table=daily_funnel', { ...initial, table: 'funnel' }],
    ['#grain=week', weeks],
    ['#grain=week&compare=4-weeks&span=26-weeks', { ...weeks, compare: '4-weeks', span: '26-weeks' }],
    ['#grain=week&compare=day&span=4-weeks', weeks],
    ['#grain=month', initial],
    ['#grain=__proto__&date=<b>&compare=toString&span=constructor&table=users&further=1', initial],
  ])('%s', (fragment, state) => {
    expect(parseState(fragment, choices)).toEqual(state);
  });

  test.each([
    ['', []],
    ['#grain=week&date=2024-02-29&compare=none&span=year&table=daily_funnel&further=1', []],
    ['#date=2025-13-45', ['date']],
    ['#date=2025-02-29&span=', ['date', 'span']],
    ['#grain=week&span=4-weeks', ['span']],
    ['#grain=month&span=4-weeks', ['grain']],
    ['#grain=year&date=&compare=toString&span=constructor&table=users', ['grain', 'date', 'compare', 'span', 'table']],
  ])('%s names what there is not: %s', (fragment, names) => {
    expect(unknownIn(fragment, choices)).toEqual(names);
    const others = new URLSearchParams(fragment.slice(1));
    for (const name of names) others.delete(name);
    expect(parseState(fragment, choices)).toEqual(parseState(`#${others}`, choices));
  });

  test.each([
    ['#grain=month', 'month'],
    ['#grain=week', null],
    ['#grain=decade', null],
    ['', null],
  ])('%s names a grain without periods: %s', (fragment, grain) => {
    expect(lackingGrain(fragment, choices)).toBe(grain);
  });

  test('is written so that it reads the same', () => {
    const ofWeeks: Choices = { ...choices, grain: 'week' };
    for (const [fragment, of] of [
      ['#date=2025-12-22&span=year', choices],
      ['#', choices],
      ['#grain=week&date=2025-12-22&span=all&table=funnel', choices],
      ['#', ofWeeks],
      ['#grain=day&compare=day', ofWeeks],
    ] as const) {
      expect(formatState(parseState(fragment, of), of)).toBe(fragment);
    }
  });

  test.each<[string, Grain, string]>([
    ['#', 'week', '#grain=week'],
    ['#date=2025-12-23&compare=day&span=4-weeks&table=funnel', 'week', '#grain=week&date=2025-12-23&table=funnel'],
    ['#compare=none&span=all', 'week', '#grain=week&compare=none&span=all'],
    ['#grain=week&compare=4-weeks&span=12-weeks', 'day', '#compare=4-weeks'],
    ['#compare=4-weeks&span=year', 'month', '#grain=month&span=year'],
  ])('%s in %ss is %s', (fragment, grain, expected) => {
    const all: Choices = { ...choices, grains: ['day', 'week', 'month'] };
    const state = inGrain(parseState(fragment, all), grain);
    expect(formatState(state, all)).toBe(expected);
    expect(unknownIn(formatState(state, all), all)).toEqual([]);
  });

  test.each<[number, string | null, Grain[], Grain]>([
    [182, null, ['day', 'week', 'month'], 'day'],
    [183, null, ['day', 'week', 'month'], 'week'],
    [183, null, ['day', 'month'], 'day'],
    [183, '2025-12-01', ['day', 'week', 'month'], 'day'],
  ])('a page of %s days, made for the day %s, with %s, opens with %ss', (days, date, known, grain) => {
    expect(openingGrain('2025-01-01', addDays('2025-01-01', days - 1), date, known)).toBe(grain);
  });
});

describe('comparison', () => {
  test('with the day before that', () => {
    const history = historyOf(day('2025-12-15', { values: [8] }), day('2025-12-22', { values: [10] }));
    expect(compare(history, 'active_users', '2025-12-22', '2025-12-15')).toEqual({
      kind: 'change',
      of: 10,
      base: 8,
      with: '2025-12-15',
      age: null,
    });
  });

  test.each<[string, Period[]]>([
    ['no report has the other day', [day('2025-12-22', { values: [10] })]],
    ['the day was not over', [day('2025-12-15', { values: [8] }), day('2025-12-22', { values: [10], provisional: true })]],
    [
      'the day compared with was not over',
      [day('2025-12-15', { values: [8], provisional: true }), day('2025-12-22', { values: [10] })],
    ],
    ['nothing to divide by', [day('2025-12-15', { values: [null] }), day('2025-12-22', { values: [10] })]],
    ['no report has this day', [day('2025-12-15', { values: [8] })]],
  ])('none: %s', (why, days) => {
    expect(compare(historyOf(...days), 'active_users', '2025-12-22', '2025-12-15')).toEqual({ kind: 'none', why });
  });

  test('growing figures are compared at the same age', () => {
    const grown = (counts: number[]) => counts.map((count, age) => ({ age, values: [count, null] }));
    const history = historyOf(
      day('2025-12-15', { values: [0, 9, null], grown: grown([2, 4, 9]) }),
      day('2025-12-22', { values: [0, 5, null], growing: true, grown: grown([3, 5]) }),
    );
    expect(compare(history, 'accounts_with_tests', '2025-12-22', '2025-12-15')).toEqual({
      kind: 'change',
      of: 5,
      base: 4,
      with: '2025-12-15',
      age: 1,
    });
    expect(compare(history, 'conversion_rate', '2025-12-22', '2025-12-15')).toEqual({
      kind: 'none',
      why: 'nothing to divide by',
    });
  });

  test('of weeks: the words are of weeks', () => {
    const weeks = historyIn('week', [day('2025-12-15', { values: [8] })]);
    expect(compare(weeks, 'active_users', '2025-12-15', '2025-12-08')).toEqual({
      kind: 'none',
      why: 'no report has the other week',
    });
  });

  test('growing figures without a report of that age are not compared', () => {
    const history = historyOf(
      day('2025-12-15', { values: [0, 9, null], grown: [{ age: 11, values: [9, null] }] }),
      day('2025-12-22', { values: [0, 5, null], growing: true, grown: [{ age: 1, values: [5, null] }] }),
    );
    expect(compare(history, 'accounts_with_tests', '2025-12-22', '2025-12-15')).toMatchObject({ kind: 'none' });
  });
});

test.each([
  [3, '2025-12-22', ['2025-12-20', '2025-12-22']],
  [3, '2025-12-10', ['2025-12-08', '2025-12-10']],
  [3, '2025-12-01', ['2025-12-01', '2025-12-01']],
  [Number.POSITIVE_INFINITY, '2025-12-22', ['2025-12-01', '2025-12-22']],
])('%s days with %s among them', (days, chosen, ends) => {
  const shown = windowOf(historyOf(day('2025-12-01', {}), day('2025-12-22', {})), chosen, days);
  expect([shown[0], shown.at(-1)]).toEqual(ends);
});

test.each<[Grain, string[], string, number, string[]]>([
  ['week', ['2025-10-06', '2025-12-15'], '2025-12-15', 4, ['2025-11-24', '2025-12-01', '2025-12-08', '2025-12-15']],
  ['week', ['2025-10-06', '2025-12-15'], '2025-10-13', 2, ['2025-10-06', '2025-10-13']],
  ['month', ['2024-12-01', '2025-02-01'], '2025-02-01', Number.POSITIVE_INFINITY, ['2024-12-01', '2025-01-01', '2025-02-01']],
])('%ss of %s, %s among them, %s: %s', (grain, known, chosen, periods, expected) => {
  const history = historyIn(
    grain,
    known.map((date) => day(date, {})),
  );
  expect(windowOf(history, chosen, periods)).toEqual(expected);
});

test.each<[Grain, string, string, string[]]>([
  ['day', '2025-12-01', '2025-12-03', ['2025-12-01', '2025-12-02', '2025-12-03']],
  ['week', '2025-12-03', '2025-12-10', ['2025-12-01', '2025-12-08']],
  ['month', '2025-10-31', '2025-12-01', ['2025-10-01', '2025-11-01', '2025-12-01']],
  ['week', '2020-01-01', '2025-10-07', ['2025-09-29', '2025-10-06']],
  ['week', '2026-03-01', '2026-03-02', ['2025-12-29']],
])('the %ss that hold %s to %s: %s', (grain, from, to, expected) => {
  const ends = { day: ['2025-11-01', '2025-12-31'], week: ['2025-09-29', '2025-12-29'], month: ['2025-01-01', '2025-12-01'] }[
    grain
  ];
  const history = historyIn(
    grain,
    ends.map((date) => day(date, {})),
  );
  expect(periodsIn(history, from, to)).toEqual(expected);
});

test.each<[string, number, Grain, string]>([
  ['2025-12-23', 7, 'day', '2025-12-16'],
  ['2025-12-24', 1, 'week', '2025-12-17'],
  ['2025-12-21', 52, 'week', '2024-12-22'],
  ['2025-12-10', 1, 'month', '2025-11-10'],
  ['2025-12-31', 1, 'month', '2025-11-30'],
  ['2025-03-31', 13, 'month', '2024-02-29'],
])('%s, %s periods of a %s before: %s', (date, periods, grain, expected) => {
  expect(dayBefore(date, periods, grain)).toBe(expected);
});

test.each<[string, Grain, string, string, string]>([
  ['2025-12-22', 'day', 'Mon, Dec 22', 'Mon, Dec 22, 2025', 'Monday, December 22, 2025'],
  ['2025-12-15', 'week', 'Dec 15–21', 'Dec 15–21, 2025', 'Week of December 15 – 21, 2025'],
  ['2025-12-29', 'week', 'Dec 29 – Jan 4', 'Dec 29 – Jan 4, 2026', 'Week of December 29, 2025 – January 4, 2026'],
  ['2025-12-01', 'month', 'Dec 2025', 'Dec 2025', 'December 2025'],
])('%s as a %s is %s, %s, %s', (date, grain, short, withYear, long) => {
  const texts = [formatPeriod, formatPeriodWithYear, formatLongPeriod].map((format) => format(date, grain));
  expect(texts.map((text) => text.replaceAll(/[\u00a0\u2009\u202f]/g, ' '))).toEqual([short, withYear, long]);
});

describe('retention', () => {
  const cohorts: Cohort[] = [
    { date: '2025-11-24', users: 1, retained: [1, 1, 0, 1, 0] },
    { date: '2025-12-01', users: 0, retained: [0, 0, 0, 0] },
    { date: '2025-12-08', users: 29, retained: [29, 18] },
    { date: '2025-12-22', users: 1200, retained: [1200] },
  ];
  const weeks = ['2025-11-24', '2025-12-01', '2025-12-08', '2025-12-15', '2025-12-22'].map((date) => day(date, {}));
  const history = historyIn('week', weeks, cohorts);
  const cohort = (index: number) => cohorts[index] as Cohort;

  test.each<[string, number, number, object]>([
    ['known', 2, 1, { kind: 'known', retained: 18, rate: (100 * 18) / 29, provisional: false }],
    ['of nobody', 1, 0, { kind: 'known', retained: 0, rate: null, provisional: false }],
    ['in no report', 2, 2, { kind: 'missing' }],
    ['not over', 3, 1, { kind: 'later' }],
  ])('a cell: %s', (_, index, age, cell) => {
    expect(cellOf(history, cohort(index), age)).toEqual(cell);
  });

  test('a cell of a week that was not over is provisional', () => {
    const open = historyIn('week', [...weeks.slice(0, -1), day('2025-12-22', { provisional: true })], cohorts);
    expect(cellOf(open, cohort(3), 0)).toMatchObject({ provisional: true });
    expect(cellOf(open, cohort(2), 1)).toMatchObject({ provisional: false });
    expect(exampleOf(open, cohorts)).toEqual({ cohort: cohort(0), age: 3 });
  });

  test.each<[string, Cohort[], { cohort: Cohort; age: number } | null]>([
    ['four periods later where there is one', cohorts, { cohort: cohort(0), age: 4 }],
    ['as late as there is one of somebody', cohorts.slice(1), { cohort: cohort(2), age: 1 }],
    ['none without a later period', cohorts.slice(3), null],
    ['none of nobody', cohorts.slice(1, 2), null],
  ])('the example: %s', (_, shown, example) => {
    expect(exampleOf(history, shown)).toEqual(example);
  });

  test.each([
    [0, 4, 'Of the 1 person whose first test was in Nov 24–30, 0 (0.0 %) took a test 4 weeks later, in Dec 22–28.'],
    [2, 1, 'Of the 29 people whose first test was in Dec 8–14, 18 (62.1 %) took a test a week later, in Dec 15–21.'],
  ])('read aloud', (index, age, text) => {
    expect(readAloud(history, cohort(index), age).replaceAll(/[\u00a0\u202f]/g, ' ')).toBe(text);
  });
});

test('the newest day that is over is what the page opens with', () => {
  expect(historyOf(day('2025-12-21', {}), day('2025-12-22', { provisional: true })).newestOver).toBe('2025-12-21');
  expect(historyOf(day('2025-12-22', { provisional: true })).newestOver).toBe('2025-12-22');
});

test.each([
  [-1, 0],
  [0, 0],
  [1, 0],
  [2, 1],
  [9, 8],
])('%s days after the newest report, %s are missing', (days, late) => {
  expect(daysLate('2025-12-22', addDays('2025-12-22', days))).toBe(late);
});

test.each([
  [1204, 'count', '1,204'],
  [76.46, 'percent', '76.5\u202f%'],
  [0.744, 'points', '+0.74\u202fpp'],
  [-2.2, 'points', '−2.20\u202fpp'],
  [1.145, 'ratio', '1.15'],
] as const)('%s in %s is %s', (value, unit, text) => {
  expect(formatFigure(value, unit)).toBe(text);
});

test('cards and panels show metrics that there are', () => {
  const names = new Set<string>(grains.flatMap((grain) => metricsOfGrain(grain).map(({ name }) => name)));
  const shown = [
    ...cards,
    ...sections.flatMap(({ panels, kinds }) =>
      [...panels, ...(kinds ? panelsOf(kinds) : [])].flatMap(({ series, total }) => [...series, ...(total ? [total] : [])]),
    ),
  ];
  expect(shown.filter((metric) => !names.has(metric))).toEqual([]);
});

describe('a figure that may still change', () => {
  const open = (of: Partial<Period>) => {
    const history = historyOf(day('2025-12-21', {}), day('2025-12-22', of));
    return [...history.metrics.values()].filter(({ name }) => history.isOpen('2025-12-22', name)).map(({ name }) => name);
  };

  test('is one that grows, of a day that is young', () => {
    expect(open({ growing: true })).toEqual(['accounts_with_tests', 'conversion_rate']);
  });

  test('is any, of a day that is not over; and none, of one that is old', () => {
    expect(open({ growing: true, provisional: true })).toEqual(metrics.map(({ name }) => name));
    expect(open({})).toEqual([]);
  });

  test('grows in the funnel alone, of days, weeks and months', () => {
    for (const grain of grains)
      expect(metricsOfGrain(grain).flatMap(({ name, grows }) => (grows ? name : []))).toEqual([
        'accounts_with_tests',
        'conversion_rate',
      ]);
  });
});

describe('unknown kinds of error', () => {
  const counted = reportMetrics.filter(({ name }) => ['total_errors', 'other_errors'].includes(name));
  const at = (total: number, other: number) => counted.map(({ name }) => (name === 'total_errors' ? total : other));
  const dataOf = (...values: number[][]) => ({
    periods: values.map((of, index) => day(addDays('2025-12-01', index), { values: of })),
    metrics: counted,
  });

  test('of the last 12 days, so many of so many failed tests', () => {
    const days = Array.from({ length: 13 }, (_, index) => at(100, index === 0 ? 100 : 1));
    expect(unknownKinds(dataOf(...days))).toEqual([['Unknown kinds of error', '12 of 1,200 failed tests of the last 12 days']]);
  });

  test('without any, nothing is printed', () => {
    expect(unknownKinds(dataOf(at(5, 0)))).toEqual([]);
  });
});

describe('day labels below a chart', () => {
  test.each([
    [1, 8, ['Dec 23\n2025']],
    [2, 8, ['Dec 22\n2025', 'Dec 23']],
    [
      12,
      12,
      [
        'Dec 12\n2025',
        'Dec 13',
        'Dec 14',
        'Dec 15',
        'Dec 16',
        'Dec 17',
        'Dec 18',
        'Dec 19',
        'Dec 20',
        'Dec 21',
        'Dec 22',
        'Dec 23',
      ],
    ],
    [12, 8, ['Dec 13\n2025', 'Dec 15', 'Dec 17', 'Dec 19', 'Dec 21', 'Dec 23']],
    [84, 8, ['Oct 14\n2025', 'Oct 28', 'Nov 11', 'Nov 25', 'Dec 9', 'Dec 23']],
    [84, 3, ['Oct 28\n2025', 'Nov 25', 'Dec 23']],
    [365, 8, ['Jan\n2025', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']],
    [365, 3, ['Jan\n2025', 'Apr', 'Jul', 'Oct']],
    [84, 1, ['Dec 23\n2025']],
    [730, 6, ['Jan\n2024', 'Apr', 'Jul', 'Oct', 'Jan\n2025', 'Apr', 'Jul', 'Oct']],
  ])('of %s days, with room for %s', (days, room, labels) => {
    const ticks = ticksOf(addDays('2025-12-23', 1 - days), '2025-12-23', room, 'day');
    expect(ticks.map(({ label }) => label.replace('\u00a0', ' '))).toEqual(labels);
  });

  test.each<[string, string, number, Grain, string[]]>([
    ['2025-11-24', '2025-12-15', 8, 'week', ['Nov 24\n2025', 'Dec 1', 'Dec 8', 'Dec 15']],
    ['2025-09-01', '2025-12-15', 8, 'week', ['Sep 8\n2025', 'Sep 22', 'Oct 6', 'Oct 20', 'Nov 3', 'Nov 17', 'Dec 1', 'Dec 15']],
    ['2024-12-30', '2025-12-15', 4, 'week', ['Jan\n2025', 'Mar', 'May', 'Jul', 'Sep', 'Nov']],
    ['2025-10-01', '2025-12-01', 8, 'month', ['Oct\n2025', 'Nov', 'Dec']],
    ['2024-01-01', '2025-12-01', 3, 'month', ['Jan\n2024', 'Jul', 'Jan\n2025', 'Jul']],
    ['2025-12-01', '2025-12-01', 1, 'month', ['Dec\n2025']],
  ])('from %s to %s, with room for %s %ss', (first, last, room, grain, labels) => {
    expect(ticksOf(first, last, room, grain).map(({ label }) => label.replace('\u00a0', ' '))).toEqual(labels);
  });

  test.each([1, 2, 3, 5, 12, 28, 84, 131, 365, 730, 3000])(
    '%s days: in order, each among them, never more than there is room',
    (days) => {
      const [first, last] = [addDays('2026-02-03', 1 - days), '2026-02-03'];
      for (const room of [1, 2, 3, 5, 8, 13, 20]) {
        const dates = ticksOf(first, last, room, 'day').map(({ date }) => date);
        expect(dates).toEqual([...new Set(dates)].sort());
        expect(dates.filter((date) => date < first || date > last)).toEqual([]);
        expect(dates.length).toBeLessThanOrEqual(days > 130 ? room * 1.5 : room);
        if (days <= 130) expect(dates.at(-1)).toBe(last);
      }
    },
  );
});

describe('days together', () => {
  const dates = ['2025-12-20', '2025-12-21', '2025-12-22'];
  const history = (...values: (number | null)[][]) =>
    historyOf(...values.map((of, index) => day(dates[index] ?? '', { values: of })));

  test('are the mean of a count', () => {
    const counts = history([3, 0, null], [6, 0, null], [0, 0, null]);
    expect(smooth(counts, 'active_users', dates, { periods: 2, parts: undefined })).toEqual([null, 4.5, 3]);
  });

  test('are the rate of all of them, where its parts are known', () => {
    const rates = history([10, 1, 10], [90, 90, 100], [0, 0, null]);
    const parts = { part: 'accounts_with_tests', whole: 'active_users' } as const;
    expect(smooth(rates, 'conversion_rate', dates, { periods: 2, parts })).toEqual([null, 91, 100]);
  });

  test('are nothing where a day is missing, or may still change', () => {
    const open = historyOf(day('2025-12-20', { values: [1] }), day('2025-12-22', { values: [1], provisional: true }));
    expect(smooth(open, 'active_users', dates, { periods: 1, parts: undefined })).toEqual([1, null, null]);
  });
});
