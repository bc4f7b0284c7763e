import { formatCount, formatHours, formatMany } from '../../platform/counts';
import { Failure } from '../../platform/failure';
import { addDays, type CalendarDate, datesBetween, localDate, type Window } from '../calendar';
import type { FactRow } from '../facts/facts';
import type { DayFacts } from '../facts/period-facts';

/** What is needed to see that a source is late, by day. */
export type Freshness = ReadonlyMap<CalendarDate, Pick<DayFacts, 'tests' | 'accounts' | 'latestHour'>>;

export interface FreshnessOptions {
  timeZone: string;
  now: Date;
  /** Hours; 0: any age. */
  maxAgeHours: number;
  /** Day of the newest measurement at all, used if `days` have none; null if none exists or it is unknown. */
  newestDay?: CalendarDate | null;
}

/** A day without rows is refused only if each of the BUSY_DAYS days before had at least BUSY_COUNT. */
const BUSY_DAYS = 7;
const BUSY_COUNT = 5;

/**
 * Returns SOURCE_NOT_READY if figures of today or yesterday would be too low because the source is late; null otherwise, and for other dates.
 * There are two signs:
 *
 * - The newest measurement is older than maxAgeHours. Its time is cut to the hour and the end of that hour is used, so a fresh source is never
 *   refused, and a late one may pass for up to an hour longer.
 * - Yesterday has no test or no account, but each of the seven days before had five or more. This also applies if the age is not checked,
 *   because the other source table may be late.
 *
 * `days` must reach up to daysUntil. Without today's rows, a source that is quiet in the evening would look older than it is.
 */
export function checkFreshness(
  reportDate: CalendarDate,
  days: Freshness,
  { timeZone, now, maxAgeHours, newestDay = null }: FreshnessOptions,
): Failure | null {
  if (!isRecent(reportDate, { timeZone, now })) return null;
  const yesterday = addDays(localDate(now, timeZone), -1);
  const newest = newestDayOf(days) ?? newestDay;
  const ways = [
    ...(newest !== null && newest < yesterday ? [`to have the newest day there is: kpi export --date ${newest}`] : []),
    `to publish ${reportDate} as it is: kpi export --date ${reportDate} --allow-stale`,
  ];
  const late = (text: string) =>
    new Failure('SOURCE_NOT_READY', `the source is late: ${text}; nothing of ${reportDate} was written; ${ways.join('; ')}`);

  const hours = [...days.values()].flatMap(({ latestHour }) => latestHour ?? []);
  const age = now.getTime() / 3_600_000 - (Math.max(...hours) + 1);
  if (maxAgeHours > 0 && age > maxAgeHours) {
    const found =
      newest === null
        ? `of the last ${days.size} days there is none`
        : `the newest is ${hours.length === 0 ? '' : `${formatMany(Math.ceil(age), 'hour')} old, `}of ${newest}`;
    return late(`expected a measurement of the last ${formatHours(maxAgeHours)}, ${found}`);
  }

  const counted = [
    { what: 'tests', count: (day: CalendarDate) => days.get(day)?.tests ?? 0 },
    { what: 'accounts', count: (day: CalendarDate) => days.get(day)?.accounts ?? 0 },
  ];
  for (const { what, count } of counted) {
    const before = Array.from({ length: BUSY_DAYS }, (_, age) => count(addDays(yesterday, -1 - age)));
    if (count(yesterday) === 0 && before.every((number) => number >= BUSY_COUNT))
      return late(
        `expected ${what} on ${yesterday}, got 0 after ${BUSY_DAYS} days of ${formatCount(Math.min(...before))} or more`,
      );
  }
  return null;
}

/** The newest rows of a source, as input of checkFreshness. Every day of the window has an entry. */
export function freshnessByDay(
  rows: readonly FactRow<'freshness'>[],
  { firstDay, lastDay }: Pick<Window, 'firstDay' | 'lastDay'>,
): Freshness {
  const days = new Map(
    datesBetween(firstDay, lastDay).map((day) => [day, { tests: 0, accounts: 0, latestHour: null as number | null }]),
  );
  for (const { source, day, source_rows, latest_hour } of rows) {
    const found = days.get(day);
    if (found === undefined) continue;
    if (source === 'users') found.accounts = source_rows;
    else Object.assign(found, { tests: source_rows, latestHour: latest_hour });
  }
  return days;
}

/** The newest day with a measurement; null if there is none. */
export function newestDayOf(days: Freshness): CalendarDate | null {
  const found = [...days].flatMap(([day, { latestHour }]) => (latestHour === null ? [] : [day]));
  return found.sort().at(-1) ?? null;
}

/** Whether a report is of today or yesterday. */
export function isRecent(reportDate: CalendarDate, { timeZone, now }: Pick<FreshnessOptions, 'timeZone' | 'now'>): boolean {
  return reportDate >= addDays(localDate(now, timeZone), -1);
}

/** The last day to count for reports up to `to`. Yesterday's report is checked with today's rows too. */
export function daysUntil(to: CalendarDate, { timeZone, now }: Pick<FreshnessOptions, 'timeZone' | 'now'>): CalendarDate {
  const today = localDate(now, timeZone);
  return to === addDays(today, -1) ? today : to;
}
