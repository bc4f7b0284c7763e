import {
  describeReason,
  type JudgedFigure,
  type JudgedPeriod,
  type Judgement,
  type JudgeOptions,
  judgedFigureNames,
  judgePeriod,
  judgePeriods,
} from '../../../../shared/metrics/checks/usual-range';
import type { Grain } from '../../../../shared/metrics/grain';
import { type Counts, dayAt, historyOf, ordinary, scaled } from '../../../support/judged-history';

const days: JudgeOptions = { grain: 'day' };

function judgementOf(periods: JudgedPeriod[], figure: JudgedFigure, options = days): Judgement {
  const last = periods.at(-1)?.start ?? '';
  return judgePeriod(periods, last, options).find((one) => one.figure === figure) as Judgement;
}

/** Verdicts on active users, by index. */
function verdicts(periods: JudgedPeriod[], options = days): string[] {
  return [...judgePeriods(periods, options).values()].map(([users]) => users?.verdict ?? '');
}

const noticedAt = (found: string[]) =>
  found.flatMap((verdict, index) => (verdict === 'high' || verdict === 'low' ? [index] : []));

const weekly = [1.2, 1.25, 1.1, 1.1, 0.95, 0.5, 0.4];
const rhythm = (index: number) => scaled(weekly[index % 7] ?? 1);

/** Days 0 to 59 as usual, then what is given. */
const after = (...changed: Counts[]) => historyOf(60 + changed.length, (index) => changed[index - 60] ?? ordinary);

describe('what is usual', () => {
  test('a steady count has a range of whole numbers around it, as wide as chance makes it', () => {
    // 100 expected, by a level and a share of seven days each: variance 100 + 2 × 100²/701 + 1 = 129.5, deviation 11.4
    expect(judgementOf(after(ordinary), 'active_users')).toMatchObject({
      value: 100,
      expected: 100,
      verdict: 'usual',
      reason: null,
      distance: 0,
      low: 79,
      high: 124,
      noticeLow: 66,
      noticeHigh: 145,
    });
  });

  test('a share is a percentage; its range is as wide as chance makes it', () => {
    // 30 %; the deviation of 45 in 150 is 6.4 tests or 4.2 points
    const judgement = judgementOf(after(ordinary), 'failure_rate');
    expect(judgement).toMatchObject({ value: 30, verdict: 'usual' });
    expect(judgement.expected).toBeCloseTo(30);
    expect(judgement.low).toBeCloseTo(21.7, 0);
    expect(judgement.high).toBeCloseTo(39.3, 0);
  });

  test.each<[string, Counts, JudgedFigure, string]>([
    ['half of the people', { ...ordinary, active_users: 50 }, 'active_users', 'low'],
    ['twice the people', { ...ordinary, active_users: 200 }, 'active_users', 'high'],
    ['a few people less', { ...ordinary, active_users: 90 }, 'active_users', 'usual'],
    ['all of it halved: people', scaled(0.5), 'active_users', 'low'],
    ['all of it halved: the failure rate', scaled(0.5), 'failure_rate', 'usual'],
    ['all of it halved: a kind of error', scaled(0.5), 'test_lines_not_found', 'usual'],
    ['more failures', { ...ordinary, total_errors: 80 }, 'failure_rate', 'high'],
    ['fewer failures', { ...ordinary, total_errors: 10 }, 'failure_rate', 'low'],
    ['more of one kind', { ...ordinary, test_lines_not_found: 40 }, 'test_lines_not_found', 'high'],
    ['a kind that is rare', { ...ordinary, other_errors: 15 }, 'other_errors', 'high'],
    ['sessions that fail', { ...ordinary, successful_sessions: 70 }, 'adjusted_success_rate', 'low'],
    ['first tries that fail', { ...ordinary, first_try_successes: 50 }, 'first_try_success_rate', 'low'],
    ['cohorts that test less', { ...ordinary, cohort_accounts_with_tests: 5 }, 'conversion_rate', 'low'],
  ])('%s', (_, counts, figure, verdict) => {
    expect(judgementOf(after(counts), figure).verdict).toBe(verdict);
  });

  test('it follows the rhythm of the week', () => {
    expect(noticedAt(verdicts(historyOf(70, rhythm)))).toEqual([]);
    // index 61 is a Saturday
    expect(judgementOf(historyOf(62, rhythm), 'active_users')).toMatchObject({ value: 50, expected: 50 });
    const busy = historyOf(62, (index) => (index === 61 ? ordinary : rhythm(index)));
    expect(judgementOf(busy, 'active_users').verdict).toBe('high');
  });

  test.each([1.03, 0.97])('it follows growth by %d a week', (growth) => {
    expect(noticedAt(verdicts(historyOf(200, (index) => scaled(5 * growth ** (index / 7)))))).toEqual([]);
  });

  test('days that differ much by themselves have a wide range', () => {
    const unrest = [0.8, 1.2, 0.9, 1.1, 0.7, 1.3, 1, 0.75, 1.25, 0.95, 1.05];
    const restless = historyOf(90, (index) => scaled(5 * (unrest[index % 11] ?? 1)));
    const calm = historyOf(90, () => scaled(5));
    const width = ({ low, high }: Judgement) => Number(high) - Number(low);
    expect(width(judgementOf(restless, 'active_users'))).toBeGreaterThan(3 * width(judgementOf(calm, 'active_users')));
    expect(noticedAt(verdicts(restless))).toEqual([]);
  });

  test('without weekends', () => {
    const working = historyOf(90, (index) => (index % 7 < 5 ? scaled(2) : scaled(0)));
    expect(noticedAt(verdicts(working))).toEqual([]);
    expect(judgementOf(working.slice(0, 89), 'failure_rate')).toMatchObject({ verdict: 'usual' });
    const halved = historyOf(89, (index) => scaled(index === 88 ? 1 : index % 7 < 5 ? 2 : 0));
    expect(judgementOf(halved, 'active_users').verdict).toBe('low');
  });

  test.each<[Grain, number]>([
    ['week', 20],
    ['month', 20],
  ])('a %s is judged by twelve of them', (grain, length) => {
    const options = { grain };
    const halved = historyOf(length, (index) => (index === length - 1 ? scaled(0.5) : ordinary), grain);
    expect(judgementOf(halved, 'active_users', options)).toMatchObject({ verdict: 'low' });
    expect(judgementOf(historyOf(length, undefined, grain), 'active_users', options).verdict).toBe('usual');
  });

  test('a short month is compared by its days', () => {
    const lengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    const months = historyOf(26, (index) => scaled(lengths[index % 12] ?? 30), 'month'); // the last one is February 2024, of 29 days
    expect(judgementOf(months, 'active_users', { grain: 'month' }).expected).toBe(2900);
  });
});

test.each<[Grain]>([['week'], ['month']])('after a steep beginning the growth of a %s is not expected to go on', (grain) => {
  const beginning = [0, 0, 0, 0, 0.02, 0.38, 0.78, 1.16, 1.64, 2.05, 2.57, 2.95, 3.37, 3.57, 4, 4.5, 5.2, 5.5, 5.7, 6];
  const all = historyOf(48, (index) => scaled(beginning[index] ?? 6 + index / 20), grain);
  for (const one of [...judgePeriods(all, { grain }).values()].slice(24)) {
    const { value, expected } = one[0] as Judgement;
    expect(Number(expected) / Number(value)).toBeGreaterThan(0.8);
    expect(Number(expected) / Number(value)).toBeLessThan(1.25);
  }
});

describe('what a day is compared with', () => {
  test('later days change nothing', () => {
    const all = historyOf(90, (index) => scaled(index === 70 ? 0.3 : 1 + (index % 5) / 20));
    const whole = judgePeriods(all, days);
    for (const index of [40, 70, 71, 89]) expect(judgePeriod(all, dayAt(index), days)).toEqual(whole.get(dayAt(index)));
  });

  test('the order of periods has no effect', () => {
    const all = historyOf(60, rhythm);
    expect(judgePeriods([...all].reverse(), days)).toEqual(judgePeriods(all, days));
  });

  test('a noticed day is no measure for the days after it', () => {
    const bounds = (periods: JudgedPeriod[]) => judgementOf(periods, 'active_users');
    const incident = [scaled(0.2), scaled(0.2), scaled(0.2)];
    expect(noticedAt(verdicts(after(...incident, ordinary)))).toEqual([60, 61, 62]);
    expect(bounds(after(...incident, ordinary))).toEqual(bounds(after(ordinary, ordinary, ordinary, ordinary)));
  });

  test('nor is a day that a reader excluded, and it is not judged', () => {
    const lowDay = scaled(0.75);
    const excluded = { grain: 'day' as const, excluded: new Set([dayAt(60)]) };
    expect(judgementOf(after(lowDay, ordinary), 'active_users', excluded)).toMatchObject({ expected: 100 });
    expect(judgementOf(after(lowDay, ordinary), 'active_users').expected).toBeLessThan(100);
    expect(judgementOf(after(scaled(0.2)), 'active_users', excluded)).toMatchObject({
      verdict: 'not judged',
      reason: 'excluded',
      value: 20,
      expected: 100,
    });
  });

  test('nor is a day that was not over', () => {
    const periods = after(scaled(0.75), ordinary).map((day, index) => ({ ...day, isOver: index !== 60 }));
    expect(judgementOf(periods, 'active_users')).toMatchObject({ expected: 100 });
  });

  test('a lasting new level is noticed for seven days and is usual from then on', () => {
    const found = verdicts(historyOf(120, (index) => scaled(index < 60 ? 1 : 0.4)));
    expect(noticedAt(found)).toEqual([60, 61, 62, 63, 64, 65, 66]);
  });

  test('also where weekends are too quiet to be noticed', () => {
    const found = verdicts(historyOf(150, (index) => scaled(index % 7 < 5 ? (index < 70 ? 1 : 2) : 0.02)));
    expect(Math.max(...noticedAt(found))).toBeLessThan(90);
    expect(noticedAt(found)[0]).toBe(70);
  });

  test('a weekday that stays different becomes usual', () => {
    const found = verdicts(historyOf(150, (index) => scaled(index >= 70 && index % 7 === 5 ? 0.3 : 1)));
    expect(noticedAt(found)).toEqual([75, 82, 89]);
  });

  test('after a gap of months the history starts again', () => {
    const gap = [...historyOf(60), ...historyOf(240, () => scaled(3)).slice(200)];
    expect(noticedAt(verdicts(gap))).toEqual([]);
    expect(judgePeriod(gap, dayAt(227), days)[0]).toMatchObject({ verdict: 'not judged', reason: 'too new' });
    expect(judgementOf(gap, 'active_users')).toMatchObject({ verdict: 'usual', expected: 300 });
  });

  test('a new level of weeks', () => {
    const found = verdicts(
      historyOf(40, (index) => scaled(index < 20 ? 1 : 0.4), 'week'),
      { grain: 'week' },
    );
    expect(noticedAt(found)).toEqual([20, 21, 22]);
  });
});

describe('not judged', () => {
  const reasonOf = (periods: JudgedPeriod[], figure: JudgedFigure, grain: Grain = 'day') => {
    const judgement = judgementOf(periods, figure, { grain });
    return [judgement.verdict, judgement.reason, describeReason(judgement, grain)];
  };

  test.each<[string, JudgedPeriod[], JudgedFigure, string, string]>([
    [
      'a day that is not over',
      after(scaled(0.2)).map((day, index) => ({ ...day, isOver: index < 60 })),
      ...(['active_users', 'not over', 'the day was not over when the report was made'] as const),
    ],
    ['27 days before it', historyOf(28), 'active_users', 'too new', 'there are fewer than 4 weeks to compare with'],
    ['3 people a day', historyOf(90, () => scaled(0.03)), 'active_users', 'too few', 'fewer than 10 a day are too few to judge'],
    [
      '4 tests a day',
      historyOf(90, () => scaled(0.03)),
      'failure_rate',
      'too few',
      'fewer than 20 tests, or 10 people a day, are too few to judge',
    ],
    [
      '1 account a day',
      historyOf(90, () => scaled(0.03)),
      'conversion_rate',
      'too few',
      'fewer than 20 new accounts are too few to judge',
    ],
    [
      '3 people with ten tests each',
      historyOf(90, () => ({ ...scaled(0.2), active_users: 3 })),
      ...(['failure_rate', 'too few', 'fewer than 20 tests, or 10 people a day, are too few to judge'] as const),
    ],
    ['zeros', historyOf(90, () => scaled(0)), 'active_users', 'too few', 'fewer than 10 a day are too few to judge'],
    ['a share of nothing', historyOf(90, () => scaled(0)), 'failure_rate', 'no value', 'there are no tests'],
    ['no sessions', after({ ...ordinary, total_sessions: 0 }), 'adjusted_success_rate', 'no value', 'there are no sessions'],
    ['a count that is NULL', after({ ...ordinary, all_tests: null }), 'all_tests', 'no value', 'there is no figure'],
    ['no counts at all', after({}), 'conversion_rate', 'no value', 'there are no new accounts'],
  ])('%s', (_, periods, figure, reason, words) => {
    expect(reasonOf(periods, figure)).toEqual(['not judged', reason, words]);
  });

  test('a day without a report, between others and after them', () => {
    const holey = after(ordinary, ordinary).filter((_, index) => index !== 60);
    for (const missing of [dayAt(60), dayAt(80)]) {
      const found = judgePeriod(holey, missing, days);
      expect(found.map(({ figure }) => figure)).toEqual(judgedFigureNames);
      expect(found.every(({ reason, value, low }) => reason === 'no report' && value === null && low === null)).toBe(true);
    }
    expect(judgementOf(holey, 'active_users').verdict).toBe('usual');
    expect(judgePeriods([], days)).toEqual(new Map());
  });

  test('28 days are enough, and 12 weeks', () => {
    expect(verdicts(historyOf(40)).indexOf('usual')).toBe(28);
    expect(verdicts(historyOf(40, undefined, 'week'), { grain: 'week' }).indexOf('usual')).toBe(12);
    expect(reasonOf(historyOf(12, undefined, 'week'), 'active_users', 'week')[2]).toBe(
      'there are fewer than 12 weeks to compare with',
    );
  });
});

test.each<[string, (index: number) => Counts]>([
  ['zeros', () => scaled(0)],
  ['constants', () => ordinary],
  ['nothing', () => ({})],
  ['ones', () => scaled(0.01)],
  ['zeros and many in turn', (index) => scaled(index % 2 === 0 ? 0 : 50)],
  ['many once', (index) => scaled(index === 50 ? 1000 : 0)],
  ['all fail', () => ({ ...ordinary, total_errors: 150, successful_sessions: 0 })],
  ['none fails', () => ({ ...ordinary, total_errors: 0, successful_sessions: 110 })],
  ['tables of two runs: more errors than tests', (index) => ({ ...ordinary, all_tests: index % 9 === 0 ? 30 : 150 })],
  ['NULL now and then', (index) => (index % 3 === 0 ? { ...ordinary, all_tests: null } : ordinary)],
])('%s: numbers are numbers, ranges hold and are whole or percentages', (_, countsOf) => {
  const all = (['day', 'week', 'month'] as const).flatMap((grain) => [
    ...[...judgePeriods(historyOf(80, countsOf, grain), { grain }).values()].flat(),
  ]);
  expect(all.filter((judgement) => !isSound(judgement))).toEqual([]);
});

function isSound({ unit, value, expected, low, high, noticeLow, noticeHigh, distance, verdict, reason }: Judgement): boolean {
  const numbers = [noticeLow, low, expected, high, noticeHigh];
  const isNumber = [...numbers, value, distance].every((number) => number === null || Number.isFinite(number));
  if (!isNumber || (reason === null) !== (verdict !== 'not judged')) return false;
  const bounds = numbers.filter((number) => number !== null);
  if (bounds.length < numbers.length) return bounds.length === 0 && reason !== null;
  const isInOrder = bounds.every((bound, index) => bound >= (bounds[index - 1] ?? 0));
  return isInOrder && (unit === 'percent' ? Number(noticeHigh) <= 100 : bounds.every(Number.isInteger));
}

test('steady zeros and constants are never noticed', () => {
  for (const counts of [scaled(0), scaled(0.03), ordinary, scaled(10)]) {
    const all = [
      ...judgePeriods(
        historyOf(100, () => counts),
        days,
      ).values(),
    ].flat();
    expect(all.filter(({ verdict }) => verdict === 'high' || verdict === 'low')).toEqual([]);
  }
});

test('days of zeros before the launch are no history', () => {
  const product = (zeros: number) => historyOf(zeros + 40, (index) => (index < zeros ? scaled(0) : ordinary));
  const launched = verdicts(product(0));
  expect(verdicts(product(30))).toEqual([...Array(30).fill('not judged'), ...launched]);
  expect(launched.indexOf('usual')).toBe(28);
});
