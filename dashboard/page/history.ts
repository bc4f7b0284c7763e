import { addDays, type CalendarDate, daysBetween } from '../../shared/metrics/calendar';
import { addPeriods, type Grain, periodEnd, periodStart, periodsBetween } from '../../shared/metrics/grain';
import type { Cohort, DashboardData, Metric, Outside, Period } from '../data';
import type { MetricName } from '../metrics';

export type KnownMetric = Metric & { name: MetricName; place: number };

/** The days, weeks or months of the data, by first day. */
export interface History {
  grain: Grain;
  data: DashboardData;
  metrics: ReadonlyMap<MetricName, KnownMetric>;
  cohorts: readonly Cohort[];
  first: CalendarDate;
  last: CalendarDate;
  /** The newest period that was over when its report was made; the newest of all, if none was. */
  newestOver: CalendarDate;
  period(date: CalendarDate): Period | undefined;
  /** null if the period has no such figure; undefined if no report has the period. */
  value(date: CalendarDate, metric: MetricName): number | null | undefined;
  /** Whether the figure may still change: the period isn't over, or its accounts may still take their first test. */
  isOpen(date: CalendarDate, metric: MetricName): boolean;
  /** The usual range and verdict for a figure of a period; null if unknown. */
  usual(date: CalendarDate, metric: MetricName): Usual | null;
  /** A period in a sentence or two; null if unknown. */
  sentence(date: CalendarDate): string | null;
}

/** The usual range of a figure. */
export interface Range {
  low: number;
  high: number;
}

/** The usual range of a figure, and the verdict. A figure that is not judged may have a range. */
export interface Usual {
  range: Range | null;
  /** null: in its usual range, or not judged. */
  outside: Outside | null;
  /** Why it is not judged; null exactly when it is. */
  notJudged: string | null;
}

/** Returns null if there are no periods of the grain. */
export function createHistory(data: DashboardData, grain: Grain): History | null {
  const { metrics: known, periods, cohorts, usual } = data.grains[grain] ?? { metrics: [], periods: [], cohorts: [] };
  const [first, last] = [periods[0], periods.at(-1)];
  if (first === undefined || last === undefined) return null;
  const byDate = new Map(periods.map((period) => [period.date, period]));
  const places = new Map(periods.map(({ date }, place) => [date, place]));
  const metrics = new Map(
    known.map((metric, place) => {
      const name = metric.name as MetricName;
      return [name, { ...metric, name, place }];
    }),
  );
  return {
    grain,
    data,
    metrics,
    cohorts,
    first: first.date,
    last: last.date,
    newestOver: periods.findLast(({ provisional }) => !provisional)?.date ?? last.date,
    period: (date) => byDate.get(date),
    value: (date, name) => {
      const place = metrics.get(name)?.place;
      const period = byDate.get(date);
      return period === undefined || place === undefined ? undefined : (period.values[place] ?? null);
    },
    isOpen: (date, name) => {
      const period = byDate.get(date);
      return period !== undefined && (period.provisional || (period.growing && metrics.get(name)?.grows === true));
    },
    usual: (date, name) => {
      const [place, figure] = [places.get(date), usual?.figures[name]];
      if (usual === undefined || figure === undefined || place === undefined) return null;
      const [low = -1, high = 0] = [figure.low[place], figure.high[place]];
      if (low < 0) return { range: null, outside: null, notJudged: usual.reasons[-1 - low] ?? '' };
      const why = figure.notJudged[place];
      const notJudged = why === undefined ? null : (usual.reasons[why] ?? '');
      return { range: { low, high }, outside: figure.outside[place] ?? null, notJudged };
    },
    sentence: (date) => {
      const [pattern, ...numbers] = usual?.sentences[places.get(date) ?? -1]?.split(' ') ?? [];
      return usual?.patterns[Number(pattern)]?.replaceAll('#', () => numbers.shift() ?? '') ?? null;
    },
  };
}

/** First days of the periods from `first` to `last`, both included. */
export function periodsFrom(first: CalendarDate, last: CalendarDate, grain: Grain): CalendarDate[] {
  return Array.from({ length: periodsBetween(first, last, grain) + 1 }, (_, index) => addPeriods(first, index, grain));
}

/** The `periods` periods to show: up to the newest one, or up to the chosen one if that is older than these. */
export function windowOf({ first, last, grain }: History, chosen: CalendarDate, periods: number): CalendarDate[] {
  const length = Math.min(periods, periodsBetween(first, last, grain) + 1);
  const from = addPeriods(last, 1 - length, grain);
  const end = chosen < from ? chosen : last;
  const start = addPeriods(end, 1 - length, grain);
  return periodsFrom(start < first ? first : start, end, grain);
}

/** The periods with the days from `from` to `to`, as far as there are reports. */
export function periodsIn({ first, last, grain }: History, from: CalendarDate, to: CalendarDate): CalendarDate[] {
  const [start, end] = [from, to].map((day) => within(periodStart(day, grain), first, last)) as [CalendarDate, CalendarDate];
  return periodsFrom(start, end, grain);
}

/** The day with the place of `day` in the period `periods` earlier; its last day if that period is shorter. */
export function dayBefore(day: CalendarDate, periods: number, grain: Grain): CalendarDate {
  const start = periodStart(day, grain);
  const before = addPeriods(start, -periods, grain);
  return [addDays(before, daysBetween(start, day)), periodEnd(before, grain)].sort()[0] ?? before;
}

/** Clamps a date to the range. */
export function within(date: CalendarDate, first: CalendarDate, last: CalendarDate): CalendarDate {
  return [date, first, last].sort()[1] ?? date;
}

export type Comparison =
  | {
      kind: 'change';
      of: number;
      base: number;
      with: CalendarDate;
      /** Periods after which both were counted; null: both are final. */
      age: number | null;
    }
  | { kind: 'none'; why: string };

/** Compares a figure with that of an earlier period. Growing figures are compared at the same age. */
export function compare(history: History, metric: MetricName, date: CalendarDate, before: CalendarDate): Comparison {
  const { grain } = history;
  const none = (why: string): Comparison => ({ kind: 'none', why });
  const period = history.period(date);
  if (period === undefined) return none(`no report has this ${grain}`);
  if (period.provisional) return none(`the ${grain} was not over`);
  if (history.metrics.get(metric)?.grows && history.data.of.kind === 'reports')
    return compareAtSameAge(history, metric, period, before);
  const [of, base] = [history.value(date, metric), history.value(before, metric)];
  if (base === undefined)
    return none(history.data.of.kind === 'release' ? `the other ${grain} is not released` : `no report has the other ${grain}`);
  if (history.period(before)?.provisional) return none(`the ${grain} compared with was not over`);
  if (typeof of !== 'number' || base === null)
    return none(history.data.of.kind === 'release' ? 'hidden' : 'nothing to divide by');
  return { kind: 'change', of, base, with: before, age: null };
}

function compareAtSameAge(history: History, metric: MetricName, period: Period, before: CalendarDate): Comparison {
  const growing = [...history.metrics.values()].filter(({ grows }) => grows);
  const place = growing.findIndex(({ name }) => name === metric);
  const newest = period.grown.at(-1);
  const then = history.period(before)?.grown.find(({ age }) => age === newest?.age);
  if (newest === undefined || then === undefined)
    return { kind: 'none', why: `no report has the other ${history.grain} at this age` };
  const [of, base] = [newest.values[place] ?? null, then.values[place] ?? null];
  if (of === null || base === null) return { kind: 'none', why: 'nothing to divide by' };
  return { kind: 'change', of, base, with: before, age: period.growing ? newest.age : null };
}

/** How late the newest report is at an instant, by the date in the report time zone: 0 on time, 1 a day late. */
export function daysLate(newest: CalendarDate, today: CalendarDate): number {
  return Math.max(0, daysBetween(newest, today) - 1);
}

/** The two counts of a rate. */
export interface Parts {
  part: MetricName;
  whole: MetricName;
}

/**
 * For each of the consecutive dates, the mean of a figure over the given number of periods up to it; with parts, the rate over all these periods.
 * Null if one of them lacks the figure or may still change it.
 */
export function smooth(
  history: History,
  metric: MetricName,
  dates: readonly CalendarDate[],
  { periods, parts }: { periods: number; parts: Parts | undefined },
): (number | null)[] {
  const [first, last] = [dates[0], dates.at(-1)];
  if (first === undefined || last === undefined) return [];
  const terms = periodsFrom(addPeriods(first, 1 - periods, history.grain), last, history.grain).map((date) => {
    const value = history.value(date, parts?.part ?? metric);
    const of = parts === undefined ? 1 : history.value(date, parts.whole);
    return typeof value !== 'number' || typeof of !== 'number' || history.isOpen(date, metric) ? null : { value, of };
  });
  return dates.map((_, index) => {
    let [sum, whole] = [0, 0];
    for (const term of terms.slice(index, index + periods)) {
      if (term === null) return null;
      sum += term.value;
      whole += term.of;
    }
    return whole === 0 ? null : ((parts === undefined ? 1 : 100) * sum) / whole;
  });
}
