import { formatCount, formatHours, formatMany } from '../../platform/counts';
import { Failure } from '../../platform/failure';
import { addDays, type CalendarDate, datesBetween, localDate, type Window } from '../calendar';
import type { FactRow } from '../facts/facts';
import type { DayFacts } from '../facts/period-facts';

/** What tells whether a source is late, by day. */
export type Freshness = ReadonlyMap<CalendarDate, Pick<DayFacts, 'tests' | 'accounts' | 'latestHour'>>;

export interface FreshnessOptions {
  timeZone: string;
  now: Date;
  /** Hours; 0: any age. */
  maxAgeHours: number;
  /** Day of the newest measurement of all, asked for if `days` have no measurement; null: none exists, or it is not known. */
  newestDay?: CalendarDate | null;
}

/** A day of zeros is believed, unless each of these many days before it was this busy. */
const BUSY_DAYS = 7;
const BUSY_COUNT = 5;

/**
 * SOURCE_NOT_READY where the figures of today or yesterday would be low because the source is late; null for other dates, and where
 * nothing points to it. Two signs do:
 *
 * - The newest measurement is older than maxAgeHours. It is known to the hour and counts as one of the end of that hour: a fresh source is
 *   never refused, a late one passes for up to an hour more.
 * - The last full day, yesterday, has no test or no account, though each of the seven days before had five or more. This one also counts
 *   where any age will do: another source than the one of the measurements may be late.
 *
 * `days` reach up to daysUntil: of a source that is quiet in the evening, the days up to yesterday look older by the hour until midnight.
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

/** The newest rows of a source, as checkFreshness wants them; every day of the window has an entry. */
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

/** The last day to count for reports up to `to`: yesterday's is judged by today's rows too. */
export function daysUntil(to: CalendarDate, { timeZone, now }: Pick<FreshnessOptions, 'timeZone' | 'now'>): CalendarDate {
  const today = localDate(now, timeZone);
  return to === addDays(today, -1) ? today : to;
}
