import type { DashboardData, Day } from '../../dashboard/data';
import { reportMetrics } from '../../dashboard/history';
import { formatFigure } from '../../dashboard/page/format';
import { compare, createHistory, daysLate, type History, smooth, windowOf } from '../../dashboard/page/history';
import { cards, panelsOf, sections } from '../../dashboard/page/layout';
import { formatState, parseState, unknownIn } from '../../dashboard/page/state';
import { unknownKinds } from '../../dashboard/page/status';
import { ticksOf } from '../../dashboard/page/ticks';
import { addDays } from '../../shared/metrics/calendar';

/** What of the page needs no browser. */
const tables = ['daily_engagement', 'daily_funnel'];
const metrics = reportMetrics.filter(({ name }) => ['active_users', 'accounts_with_tests', 'conversion_rate'].includes(name));

function day(date: string, of: Partial<Day>): Day {
  return { date, report: date, provisional: false, growing: false, values: [], grown: [], ...of };
}

function historyOf(...days: Day[]): History {
  const data: DashboardData = {
    of: { kind: 'reports', newest: null, gaps: [] },
    isDemo: false,
    timeZone: 'UTC',
    readAt: '',
    date: null,
    version: '',
    metrics,
    days,
  };
  const history = createHistory(data);
  if (history === null) throw new Error('no days');
  return history;
}

describe('the state in the URL', () => {
  const initial = { date: null, compare: 'week', span: '12-weeks', table: 'daily_engagement' };

  test.each([
    ['', initial],
    [
      '#date=2025-12-22&compare=day&span=all&table=daily_funnel',
      { date: '2025-12-22', compare: 'day', span: 'all', table: 'daily_funnel' },
    ],
    ['#date=<b>&compare=toString&span=constructor&table=users&further=1', initial],
  ])('%s', (fragment, state) => {
    expect(parseState(fragment, tables)).toEqual(state);
  });

  test.each([
    ['', []],
    ['#date=2024-02-29&compare=none&span=year&table=daily_funnel&further=1', []],
    ['#date=2025-13-45', ['date']],
    ['#date=2025-02-29&span=', ['date', 'span']],
    ['#date=&compare=toString&span=constructor&table=users', ['date', 'compare', 'span', 'table']],
  ])('%s names what there is not: %s', (fragment, names) => {
    expect(unknownIn(fragment, tables)).toEqual(names);
    for (const name of names) expect(parseState(fragment, tables)).toMatchObject({ [name]: initial[name as 'date'] });
  });

  test('is written so that it reads the same', () => {
    const state = parseState('#date=2025-12-22&span=year', tables);
    expect(formatState(state)).toBe('#date=2025-12-22&span=year');
    expect(formatState(parseState('', tables))).toBe('#');
  });
});

describe('comparison', () => {
  test('with the day before that', () => {
    const history = historyOf(day('2025-12-15', { values: [8] }), day('2025-12-22', { values: [10] }));
    expect(compare(history, 'active_users', '2025-12-22', 7)).toEqual({
      kind: 'change',
      of: 10,
      base: 8,
      with: '2025-12-15',
      age: null,
    });
  });

  test.each<[string, Day[]]>([
    ['no report has the other day', [day('2025-12-22', { values: [10] })]],
    ['the day was not over', [day('2025-12-15', { values: [8] }), day('2025-12-22', { values: [10], provisional: true })]],
    [
      'the day compared with was not over',
      [day('2025-12-15', { values: [8], provisional: true }), day('2025-12-22', { values: [10] })],
    ],
    ['nothing to divide by', [day('2025-12-15', { values: [null] }), day('2025-12-22', { values: [10] })]],
    ['no report has this day', [day('2025-12-15', { values: [8] })]],
  ])('none: %s', (why, days) => {
    expect(compare(historyOf(...days), 'active_users', '2025-12-22', 7)).toEqual({ kind: 'none', why });
  });

  test('what grows, as both days stood at the same age', () => {
    const grown = (counts: number[]) => counts.map((count, age) => ({ age, values: [count, null] }));
    const history = historyOf(
      day('2025-12-15', { values: [0, 9, null], grown: grown([2, 4, 9]) }),
      day('2025-12-22', { values: [0, 5, null], growing: true, grown: grown([3, 5]) }),
    );
    expect(compare(history, 'accounts_with_tests', '2025-12-22', 7)).toEqual({
      kind: 'change',
      of: 5,
      base: 4,
      with: '2025-12-15',
      age: 1,
    });
    expect(compare(history, 'conversion_rate', '2025-12-22', 7)).toEqual({ kind: 'none', why: 'nothing to divide by' });
  });

  test('what grows, where no report has the other day at that age', () => {
    const history = historyOf(
      day('2025-12-15', { values: [0, 9, null], grown: [{ age: 11, values: [9, null] }] }),
      day('2025-12-22', { values: [0, 5, null], growing: true, grown: [{ age: 1, values: [5, null] }] }),
    );
    expect(compare(history, 'accounts_with_tests', '2025-12-22', 7)).toMatchObject({ kind: 'none' });
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
  const names = new Set<string>(reportMetrics.map(({ name }) => name));
  const shown = [
    ...cards,
    ...sections.flatMap(({ panels, kinds }) =>
      [...panels, ...(kinds ? panelsOf(kinds) : [])].flatMap(({ series, total }) => [...series, ...(total ? [total] : [])]),
    ),
  ];
  expect(shown.filter((metric) => !names.has(metric))).toEqual([]);
});

describe('unknown kinds of error', () => {
  const counted = reportMetrics.filter(({ name }) => ['total_errors', 'other_errors'].includes(name));
  const at = (total: number, other: number) => counted.map(({ name }) => (name === 'total_errors' ? total : other));
  const dataOf = (...values: number[][]) => ({
    ...historyOf(...values.map((of, index) => day(addDays('2025-12-01', index), { values: of }))).data,
    metrics: counted,
  });

  test('of the last 12 days, so many of so many failed tests', () => {
    const days = Array.from({ length: 13 }, (_, index) => at(100, index === 0 ? 100 : 1));
    expect(unknownKinds(dataOf(...days))).toEqual([['Unknown kinds of error', '12 of 1,200 failed tests of the last 12 days']]);
  });

  test('none: nothing is said', () => {
    expect(unknownKinds(dataOf(at(5, 0)))).toEqual([]);
  });
});

describe('the days that are named below a chart', () => {
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
    const ticks = ticksOf(addDays('2025-12-23', 1 - days), '2025-12-23', room);
    expect(ticks.map(({ label }) => label.replace('\u00a0', ' '))).toEqual(labels);
  });

  test.each([1, 2, 3, 5, 12, 28, 84, 131, 365, 730, 3000])(
    '%s days: in order, each among them, never more than there is room',
    (days) => {
      const [first, last] = [addDays('2026-02-03', 1 - days), '2026-02-03'];
      for (const room of [1, 2, 3, 5, 8, 13, 20]) {
        const dates = ticksOf(first, last, room).map(({ date }) => date);
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
    expect(smooth(counts, 'active_users', dates, { days: 2, parts: undefined })).toEqual([null, 4.5, 3]);
  });

  test('are the rate of all of them, where its parts are known', () => {
    const rates = history([10, 1, 10], [90, 90, 100], [0, 0, null]);
    const parts = { part: 'accounts_with_tests', whole: 'active_users' } as const;
    expect(smooth(rates, 'conversion_rate', dates, { days: 2, parts })).toEqual([null, 91, 100]);
  });

  test('are nothing where a day is missing, or may still change', () => {
    const open = historyOf(day('2025-12-20', { values: [1] }), day('2025-12-22', { values: [1], provisional: true }));
    expect(smooth(open, 'active_users', dates, { days: 1, parts: undefined })).toEqual([1, null, null]);
  });
});
