import { addDays, type CalendarDate, datesBetween, daysBetween } from '../../shared/metrics/calendar';
import type { DashboardData, Day, Metric } from '../data';
import type { MetricName } from '../metrics';

export type KnownMetric = Metric & { name: MetricName; place: number };

/** The days of the data, found by their date. */
export interface History {
  data: DashboardData;
  metrics: ReadonlyMap<MetricName, KnownMetric>;
  first: CalendarDate;
  last: CalendarDate;
  /** The newest day that was over when its report was made; the newest of all, if none was. */
  newestOver: CalendarDate;
  day(date: CalendarDate): Day | undefined;
  /** null: there is no such figure; undefined: no report has the day. */
  value(date: CalendarDate, metric: MetricName): number | null | undefined;
  /** The figure may still change: the day isn't over, or its accounts may still take their first test. */
  isOpen(date: CalendarDate, metric: MetricName): boolean;
}

/** null where there are no days. */
export function createHistory(data: DashboardData): History | null {
  const [first, last] = [data.days[0], data.days.at(-1)];
  if (first === undefined || last === undefined) return null;
  const days = new Map(data.days.map((day) => [day.date, day]));
  const metrics = new Map(
    data.metrics.map((metric, place) => {
      const name = metric.name as MetricName;
      return [name, { ...metric, name, place }];
    }),
  );
  return {
    data,
    metrics,
    first: first.date,
    last: last.date,
    newestOver: data.days.findLast((day) => !day.provisional)?.date ?? last.date,
    day: (date) => days.get(date),
    value: (date, name) => {
      const place = metrics.get(name)?.place;
      const day = days.get(date);
      return day === undefined || place === undefined ? undefined : (day.values[place] ?? null);
    },
    isOpen: (date, name) => {
      const day = days.get(date);
      return day !== undefined && (day.provisional || (day.growing && metrics.get(name)?.grows === true));
    },
  };
}

/** The days to show: so many, up to the newest one, or up to the chosen one if that is older than these. */
export function windowOf({ first, last }: History, chosen: CalendarDate, days: number): CalendarDate[] {
  const length = Math.min(days, daysBetween(first, last) + 1);
  const from = addDays(last, 1 - length);
  const end = chosen < from ? chosen : last;
  const start = addDays(end, 1 - length);
  return datesBetween(start < first ? first : start, end);
}

/** The date, or the end of the range that is nearer to it. */
export function within(date: CalendarDate, first: CalendarDate, last: CalendarDate): CalendarDate {
  return [date, first, last].sort()[1] ?? date;
}

export type Comparison =
  | {
      kind: 'change';
      of: number;
      base: number;
      with: CalendarDate /** Days after which both were counted; null: both are final. */;
      age: number | null;
    }
  | { kind: 'none'; why: string };

/** A figure of a day beside that of `days` before. What grows is compared as it stood at the same age. */
export function compare(history: History, metric: MetricName, date: CalendarDate, days: number): Comparison {
  const before = addDays(date, -days);
  const none = (why: string): Comparison => ({ kind: 'none', why });
  const day = history.day(date);
  if (day === undefined) return none('no report has this day');
  if (day.provisional) return none('the day was not over');
  if (history.metrics.get(metric)?.grows && history.data.of.kind === 'reports')
    return compareAtSameAge(history, metric, day, before);
  const [of, base] = [history.value(date, metric), history.value(before, metric)];
  if (base === undefined) return none('no report has the other day');
  if (history.day(before)?.provisional) return none('the day compared with was not over');
  if (typeof of !== 'number' || base === null)
    return none(history.data.of.kind === 'release' ? 'hidden' : 'nothing to divide by');
  return { kind: 'change', of, base, with: before, age: null };
}

function compareAtSameAge(history: History, metric: MetricName, day: Day, before: CalendarDate): Comparison {
  const growing = [...history.metrics.values()].filter(({ grows }) => grows);
  const place = growing.findIndex(({ name }) => name === metric);
  const newest = day.grown.at(-1);
  const then = history.day(before)?.grown.find(({ age }) => age === newest?.age);
  if (newest === undefined || then === undefined) return { kind: 'none', why: 'no report has the other day at this age' };
  const [of, base] = [newest.values[place] ?? null, then.values[place] ?? null];
  if (of === null || base === null) return { kind: 'none', why: 'nothing to divide by' };
  return { kind: 'change', of, base, with: before, age: day.growing ? newest.age : null };
}

/** How late the newest report is at an instant, by the date in the report time zone: 0 on time, 1 a day late. */
export function daysLate(newest: CalendarDate, today: CalendarDate): number {
  return Math.max(0, daysBetween(newest, today) - 1);
}

/** A rate as its parts: so many of so many. */
export interface Parts {
  part: MetricName;
  whole: MetricName;
}

/**
 * For each of the dates, which follow each other, the mean of a figure over so many days up to it; with parts, the rate of all these
 * days together. null where one of the days lacks the figure or may still change it.
 */
export function smooth(
  history: History,
  metric: MetricName,
  dates: readonly CalendarDate[],
  { days, parts }: { days: number; parts: Parts | undefined },
): (number | null)[] {
  const [first, last] = [dates[0], dates.at(-1)];
  if (first === undefined || last === undefined) return [];
  const terms = datesBetween(addDays(first, 1 - days), last).map((date) => {
    const value = history.value(date, parts?.part ?? metric);
    const of = parts === undefined ? 1 : history.value(date, parts.whole);
    return typeof value !== 'number' || typeof of !== 'number' || history.isOpen(date, metric) ? null : { value, of };
  });
  return dates.map((_, index) => {
    let [sum, whole] = [0, 0];
    for (const term of terms.slice(index, index + days)) {
      if (term === null) return null;
      sum += term.value;
      whole += term.of;
    }
    return whole === 0 ? null : ((parts === undefined ? 1 : 100) * sum) / whole;
  });
}
