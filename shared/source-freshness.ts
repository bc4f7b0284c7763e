import { addDays, type CalendarDate, localDate } from './calendar';
import { formatCount, formatHours, formatMany } from './counts';
import { type DayFacts, dayOf, type FactsByDay } from './facts/period-facts';
import { Failure } from './failure';

export interface FreshnessOptions {
  timeZone: string;
  now: Date;
  /** Hours; 0: any age. */
  maxAgeHours: number;
  /** Day of the newest measurement of all, asked for where `days` hold none; null: there is none, or it is not known. */
  newestDay?: CalendarDate | null;
}

/** A day of zeros is believed, unless each of so many days before it was this busy. */
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
  days: FactsByDay,
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
    { what: 'tests', count: (day: DayFacts) => day.tests },
    { what: 'accounts', count: (day: DayFacts) => day.accounts },
  ];
  for (const { what, count } of counted) {
    const before = Array.from({ length: BUSY_DAYS }, (_, age) => count(dayOf(days, addDays(yesterday, -1 - age))));
    if (count(dayOf(days, yesterday)) === 0 && before.every((number) => number >= BUSY_COUNT))
      return late(
        `expected ${what} on ${yesterday}, got 0 after ${BUSY_DAYS} days of ${formatCount(Math.min(...before))} or more`,
      );
  }
  return null;
}

/** The newest day with a measurement; null if there is none. */
export function newestDayOf(days: FactsByDay): CalendarDate | null {
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
