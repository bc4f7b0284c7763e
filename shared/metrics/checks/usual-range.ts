import { type CalendarDate, daysBetween } from '../calendar';
import { type ErrorKind, eachKind } from '../error-kinds';
import { addPeriods, type Grain, periodStart, periodsBetween } from '../grain';
import { percentage } from '../tables/columns';
import { type Compared, countAt, createSpread, deriveExpected, distanceOf, type Expected, type Sample } from './usual-expected';

/** Counts of a period that figures are judged by. The last two are of the cohort at a fixed age, the same for each period. */
export type JudgedCount =
  | 'all_tests'
  | 'active_users'
  | 'accounts_created'
  | 'total_errors'
  | ErrorKind
  | 'other_errors'
  | 'total_sessions'
  | 'successful_sessions'
  | 'first_try_successes'
  | 'cohort_accounts'
  | 'cohort_accounts_with_tests';

/** A period from its newest report. usual-history.ts makes these from published rows. */
export interface JudgedPeriod {
  start: CalendarDate;
  /** False if its report was made before it was over. */
  isOver: boolean;
  counts: { readonly [Count in JudgedCount]?: number | null };
}

/** How a figure is computed: a count, or a share of one. Kinds of error are counts, judged as a share of the tests. */
interface FigureSource {
  unit: 'count' | 'percent';
  count: JudgedCount;
  of: JudgedCount | null;
}

const ofKind = (kind: ErrorKind | 'other_errors'): FigureSource => ({ unit: 'count', count: kind, of: 'all_tests' });

/** The judged figures, by column name. */
export const judgedFigures = {
  active_users: { unit: 'count', count: 'active_users', of: null },
  all_tests: { unit: 'count', count: 'all_tests', of: null },
  accounts_created: { unit: 'count', count: 'accounts_created', of: null },
  failure_rate: { unit: 'percent', count: 'total_errors', of: 'all_tests' },
  ...eachKind(ofKind),
  other_errors: ofKind('other_errors'),
  adjusted_success_rate: { unit: 'percent', count: 'successful_sessions', of: 'total_sessions' },
  first_try_success_rate: { unit: 'percent', count: 'first_try_successes', of: 'total_sessions' },
  conversion_rate: { unit: 'percent', count: 'cohort_accounts_with_tests', of: 'cohort_accounts' },
} satisfies Record<string, FigureSource>;
export type JudgedFigure = keyof typeof judgedFigures;
export const judgedFigureNames = Object.keys(judgedFigures) as JudgedFigure[];

/** Figures of new accounts. The others are figures of active users, who are judged first. */
const ofAccounts: readonly JudgedFigure[] = ['accounts_created', 'conversion_rate'];

export type Verdict = 'usual' | 'high' | 'low' | 'not judged';

/** Why a figure is not judged; describeReason has the words. */
export type Reason = 'no report' | 'not over' | 'no value' | 'excluded' | 'too new' | 'too few';

/** A figure of one period, its usual range and the verdict. Counts are whole numbers, rates 0 to 100. */
export interface Judgement {
  figure: JudgedFigure;
  unit: 'count' | 'percent';
  value: number | null;
  /** The middle of the usual range. This and the bounds are null if there is too little to compare with. */
  expected: number | null;
  /** The usual range of the chart: about 95 of 100 usual values are in it. */
  low: number | null;
  high: number | null;
  /** A value below noticeLow or above noticeHigh is noticed. */
  noticeLow: number | null;
  noticeHigh: number | null;
  /** Distance of the value from expected, in standard deviations. */
  distance: number | null;
  verdict: Verdict;
  /** Null exactly when judged. */
  reason: Reason | null;
}

export interface JudgeOptions {
  grain: Grain;
  /** First days of periods marked as exceptional: not judged and not used to judge others. */
  excluded?: ReadonlySet<CalendarDate>;
}

/** Number of earlier periods that is enough to judge a period. */
const ENOUGH_HISTORY: Readonly<Record<Grain, number>> = { day: 182, week: 48, month: 48 };

/** Histories begin only at multiples of this number of periods. */
const HISTORY_STEP: Readonly<Record<Grain, number>> = { day: 28, week: 4, month: 4 };
const ORIGIN: CalendarDate = '2000-01-03';

/**
 * The first period of the history that a period is judged by. Bounds depend on all earlier periods, so two readers get the same bounds only if
 * they begin with the same period. Neighbouring periods share it, so that they can be judged together.
 */
export function historyStart(start: CalendarDate, grain: Grain): CalendarDate {
  const origin = periodStart(ORIGIN, grain);
  const steps = Math.floor((periodsBetween(origin, start, grain) - ENOUGH_HISTORY[grain]) / HISTORY_STEP[grain]);
  return addPeriods(origin, steps * HISTORY_STEP[grain], grain);
}

/** Distances in standard deviations. */
const BAND = 2;
const NOTICE = 3.5;

/** Figures below this in a usual period, rates of a smaller whole, and tests of fewer people are not judged. */
const MIN_COUNT = 10;
const MIN_WHOLE = 20;

/**
 * What a period is compared with. Days have a weekly cycle of seven places. The level is the mean of the newest `depth` usable periods of each
 * place. A place's share of the level comes from its last `shares` periods. At least `minimum` usable periods must exist. `newLevel`: how many of
 * how many last periods, noticed in one direction, make a new level.
 */
const methods = {
  day: { cycle: 7, depth: 1, shares: 8, errors: 56, minimum: 28, newLevel: { noticed: 7, of: 14 } },
  week: { cycle: 1, depth: 4, shares: 12, errors: 12, minimum: 12, newLevel: { noticed: 3, of: 4 } },
  month: { cycle: 1, depth: 4, shares: 12, errors: 12, minimum: 12, newLevel: { noticed: 3, of: 4 } },
} as const;

/** Days are judged only if at least `wanted` of the `of` days before have a report and are not left out. */
export const daysToCompare = { wanted: methods.day.minimum, of: methods.day.cycle * (methods.day.shares + 1) } as const;

/** This many noticed periods in a row at one place of the cycle, such as three Saturdays, become its new share. */
const NEW_SHARE = 3;

/** A level needs at least this many periods of each place; `depth` if that is less. */
const MIN_LEVEL = 3;

/** Judges each period from the first to the last of `periods` (in any order). Judgements are in the order of judgedFigures. */
export function judgePeriods(
  periods: readonly JudgedPeriod[],
  { grain, excluded = new Set() }: JudgeOptions,
): Map<CalendarDate, Judgement[]> {
  const known = new Map(periods.map((period) => [period.start, period]));
  const ordered = [...known.keys()].sort();
  const [first, last] = [ordered[0], ordered.at(-1)];
  if (first === undefined || last === undefined) return new Map();
  const starts = Array.from({ length: periodsBetween(first, last, grain) + 1 }, (_, index) => addPeriods(first, index, grain));
  const days = starts.map((start) => (grain === 'month' ? daysBetween(start, addPeriods(start, 1, grain)) : 1));
  const judges = judgedFigureNames.map((figure) => createJudge(figure, grain));
  const launch = starts.findIndex((start) => Object.values(known.get(start)?.counts ?? {}).some((count) => Number(count) > 0));
  return new Map(
    starts.map((start, index) => {
      const period = known.get(start) ?? null;
      const place = { index, period, days: days[index] ?? 1, isExcluded: excluded.has(start), isBeforeLaunch: index < launch };
      let hasFewPeople = false;
      const judgements = judges.map((judge) => {
        const judgement = judge({ ...place, hasFewPeople });
        if (judgement.figure === 'active_users') hasFewPeople = judgement.reason === 'too few';
        return judgement;
      });
      return [start, judgements];
    }),
  );
}

/** Judges one period. Later periods have no effect. */
export function judgePeriod(periods: readonly JudgedPeriod[], start: CalendarDate, options: JudgeOptions): Judgement[] {
  const before = periods.filter((period) => period.start <= start);
  return judgePeriods(before, options).get(start) ?? judgedFigureNames.map((figure) => notJudged(figure, null, 'no report'));
}

/** `there are fewer than 4 weeks to compare with`, after `because`. */
export function describeReason({ figure, reason }: Judgement, grain: Grain): string {
  const { unit, of } = judgedFigures[figure] as FigureSource;
  const whole = of?.replace('cohort_', 'new ').replace('total_', '').replace('all_', '') ?? '';
  const texts: Record<Reason, string> = {
    'no report': 'there is no report',
    'not over': `the ${grain} was not over when the report was made`,
    'no value': unit === 'percent' ? `there are no ${whole}` : 'there is no figure',
    excluded: `the ${grain} is marked as exceptional`,
    'too new': `there are fewer than ${grain === 'day' ? '4 weeks' : `12 ${grain}s`} to compare with`,
    'too few':
      of === null
        ? `fewer than ${MIN_COUNT} a ${grain} are too few to judge`
        : ofAccounts.includes(figure)
          ? `fewer than ${MIN_WHOLE} ${whole} are too few to judge`
          : `fewer than ${MIN_WHOLE} ${whole}, or ${MIN_COUNT} people a ${grain}, are too few to judge`,
  };
  return reason === null ? '' : texts[reason];
}

interface Seen extends Compared {
  index: number;
  /** 1: noticed high, -1: noticed low, 0: not noticed. */
  direction: number;
}

/** A period, its place in the cycle and its number of days. */
interface PlacedPeriod {
  index: number;
  period: JudgedPeriod | null;
  days: number;
  isExcluded: boolean;
  /** All counts of this and all earlier periods are 0: there was no product yet. */
  isBeforeLaunch: boolean;
  /** It has too few active users. Then their tests are not judged either, however many there are. */
  hasFewPeople: boolean;
}

type Judge = (placed: PlacedPeriod) => Judgement;

/** Judges one figure, period after period, each by the earlier ones alone. */
function createJudge(figure: JudgedFigure, grain: Grain): Judge {
  const { count: part, of } = judgedFigures[figure] as FigureSource;
  const { cycle, depth, minimum, ...method } = methods[grain];
  const places = Array.from({ length: cycle }, (): Place => ({ level: [], share: [] }));
  const errors = createSpread(method.errors);
  /** The recent usable periods, including noticed ones. */
  const seen: Seen[] = [];

  const isOfPeople = !ofAccounts.includes(figure);

  return ({ index, period, days, isExcluded, isBeforeLaunch, hasFewPeople }) => {
    if (period === null) return notJudged(figure, null, 'no report');
    const count = period.counts[part] ?? null;
    const whole = of === null ? days : (period.counts[of] ?? null);
    const value = figureOf(figure, count, whole);
    if (!period.isOver) return notJudged(figure, value, 'not over');
    if (count === null || whole === null) return notJudged(figure, value, 'no value');
    if (isBeforeLaunch) return notJudged(figure, value, 'too new');

    const place = places[index % cycle] as Place;
    const spread = errors.get();
    const oldest = index - cycle * (method.shares + depth);
    while ((seen[0]?.index ?? oldest) < oldest) seen.shift();
    if (seen.length === 0) for (const one of places) Object.assign(one, { level: [], share: [] }); // after a long gap the history starts again
    const level = levelOf(places, depth);
    const atLevel = level === null ? null : whole * (level.count / level.whole);
    const ofWhole = of === null ? null : whole;
    const expected =
      level === null || atLevel === null ? null : deriveExpected({ atLevel, level, share: place.share, whole: ofWhole, spread });
    const distance = expected === null ? null : distanceOf(count, expected);
    const isKnown = seen.length >= minimum;
    const direction = isKnown && distance !== null && Math.abs(distance) > NOTICE * spread ? Math.sign(distance) : 0;
    const isFew = (of === null ? (atLevel ?? 0) < MIN_COUNT : whole < MIN_WHOLE) || (isOfPeople && hasFewPeople);
    const reason = isExcluded ? 'excluded' : !isKnown || expected === null ? 'too new' : isFew ? 'too few' : null;

    if (!isExcluded) {
      const one = { index, count, whole, atLevel, direction };
      seen.push(one);
      if (direction === 0) {
        keepNewest(place.level, one, depth);
        if (atLevel !== null) keepNewest(place.share, one, method.shares);
        if (distance !== null && expected !== null && expected.count >= 1) errors.add(distance);
      } else learn(one);
    }
    if (value === null) return notJudged(figure, value, 'no value');
    if (expected === null || !isKnown || isFew) return notJudged(figure, value, reason ?? 'too new');
    const at = (deviations: number) => valueAt(figure, expected, deviations * spread);
    const [low, high, noticeLow, noticeHigh] = [at(-BAND), at(BAND), at(-NOTICE), at(NOTICE)];
    const bounds = { expected: middleOf(figure, expected), low, high, noticeLow, noticeHigh };
    const verdict = reason !== null ? 'not judged' : value > noticeHigh ? 'high' : value < noticeLow ? 'low' : 'usual';
    return { ...notJudged(figure, value, reason), ...bounds, distance: (distance ?? 0) / spread, verdict };
  };

  /** Adds a period to the history. Noticed periods are left out until enough recent ones are in the same direction: then they are the level. */
  function learn({ index, direction }: Seen): void {
    const alike = seen.filter((one) => one.direction === direction && one.index > index - method.newLevel.of);
    if (alike.length >= method.newLevel.noticed) {
      for (const one of alike) {
        const place = places[one.index % cycle] as Place;
        const others = place.level.filter((other) => cycle > 1 || other.index > (alike[0]?.index ?? 0));
        place.level = [...others, one].sort((left, right) => left.index - right.index).slice(-depth);
        one.direction = 0;
      }
      // for weeks and months the share is growth, which is unknown at a new level
      for (const place of cycle === 1 ? places : []) place.share = place.level.map((one) => ({ ...one, atLevel: one.count }));
    }
    const atPlace = seen.filter((one) => one.index % cycle === index % cycle).slice(-NEW_SHARE);
    if (cycle === 1 || atPlace.length < NEW_SHARE || atPlace.some((one) => one.direction !== direction)) return;
    (places[index % cycle] as Place).share = atPlace;
  }
}

/** The known periods at one place of the cycle, oldest first. */
interface Place {
  /** The periods of the level. */
  level: Seen[];
  /** The periods that give the usual share of the level. */
  share: Seen[];
}

function keepNewest(list: Seen[], one: Seen, count: number): void {
  list.push(one);
  if (list.length > count) list.shift();
}

/** All periods of the level as one sample; null if a place has too few. */
function levelOf(places: readonly Place[], depth: number): Sample | null {
  const all: Sample = { count: 0, whole: 0 };
  for (const { level } of places) {
    if (level.length < Math.min(depth, MIN_LEVEL)) return null;
    for (const { count, whole } of level) {
      all.count += count;
      all.whole += whole;
    }
  }
  return all.whole === 0 ? null : all;
}

/** The outermost value of a figure within `distance` of the expected one. */
function valueAt(figure: JudgedFigure, expected: Expected, distance: number): number {
  const count = Math.min(Math.max(countAt(distance, expected), 0), expected.whole ?? Number.POSITIVE_INFINITY);
  if (judgedFigures[figure].unit === 'count') return distance < 0 ? Math.ceil(count) : Math.floor(count);
  return figureOf(figure, count, expected.whole) ?? 0;
}

function middleOf(figure: JudgedFigure, { count, whole }: Expected): number {
  return judgedFigures[figure].unit === 'count' ? Math.round(count) : (figureOf(figure, count, whole) ?? 0);
}

/** Computes a figure from its counts; null without a count, and if the whole is 0. */
function figureOf(figure: JudgedFigure, count: number | null, whole: number | null): number | null {
  const { unit, of } = judgedFigures[figure] as FigureSource;
  if (count === null || (of !== null && (whole === null || whole === 0))) return null;
  return unit === 'count' ? count : percentage(count, whole ?? 0);
}

function notJudged(figure: JudgedFigure, value: number | null, reason: Reason | null): Judgement {
  const bounds = { expected: null, low: null, high: null, noticeLow: null, noticeHigh: null, distance: null };
  return { figure, unit: judgedFigures[figure].unit, value, ...bounds, verdict: 'not judged', reason };
}
