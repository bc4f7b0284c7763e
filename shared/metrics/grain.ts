import { addDays, type CalendarDate, daysBetween, daysWindow, PERIODS, type ReportWindow } from './calendar';

/** A period is a day, an ISO week (Monday to Sunday) or a calendar month; the grain says which. */
export const grains = ['day', 'week', 'month'] as const;
export type Grain = (typeof grains)[number];

/** The first word in the names of a grain's tables. */
export const grainAdverbs = { day: 'daily', week: 'weekly', month: 'monthly' } as const satisfies Record<Grain, string>;

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** The first day of the period that a day is in. */
export function periodStart(day: CalendarDate, grain: Grain): CalendarDate {
  if (grain === 'day') return day;
  return grain === 'week' ? addDays(day, -((new Date(day).getUTCDay() + 6) % 7)) : `${day.slice(0, 8)}01`;
}

/** The first day of the period that is `count` periods later (negative: earlier) than the one that begins on `start`. */
export function addPeriods(start: CalendarDate, periods: number, grain: Grain): CalendarDate {
  if (grain !== 'month') return addDays(start, grain === 'week' ? 7 * periods : periods);
  const [year = 0, month = 0] = start.split('-').map(Number);
  return new Date(Date.UTC(year, month - 1 + periods, 1)).toISOString().slice(0, 10);
}

/** The last day of the period that begins on `start`. */
export function periodEnd(start: CalendarDate, grain: Grain): CalendarDate {
  return addDays(addPeriods(start, 1, grain), -1);
}

/** Whether a period of the grain ends on a date, so that its report has tables of that grain. */
export function endsPeriod(date: CalendarDate, grain: Grain): boolean {
  return periodEnd(periodStart(date, grain), grain) === date;
}

/** First days of a report's periods, newest first: the period that ends on the report date and those before it. */
export function periodStarts(reportDate: CalendarDate, grain: Grain, count = PERIODS): CalendarDate[] {
  const newest = periodStart(reportDate, grain);
  return Array.from({ length: count }, (_, age) => addPeriods(newest, -age, grain));
}

/** First days of the periods of the days from `from` to `to`, in order of time. */
export function periodsOfDays(from: CalendarDate, to: CalendarDate, grain: Grain): CalendarDate[] {
  const first = periodStart(from, grain);
  return Array.from({ length: periodsBetween(first, periodStart(to, grain), grain) + 1 }, (_, place) =>
    addPeriods(first, place, grain),
  );
}

/** Number of periods between two first days. */
export function periodsBetween(from: CalendarDate, to: CalendarDate, grain: Grain): number {
  if (grain !== 'month') return daysBetween(from, to) / (grain === 'week' ? 7 : 1);
  const [months, others] = [to, from].map((date) => Number(date.slice(0, 4)) * 12 + Number(date.slice(5, 7)));
  return (months ?? 0) - (others ?? 0);
}

/**
 * `Today (Dec 23)`, `This week (Dec 15–21)`, `This month (Dec 2025)` for the newest period of a report; `Yesterday …`, `Last week …`,
 * `Last month …` for the one before; otherwise `Dec 21`, `Oct 27 – Nov 2`, `Oct 2025`.
 */
export function labelPeriod(start: CalendarDate, age: number, grain: Grain): string {
  const name = namePeriod(start, grain);
  const word = { day: ['Today', 'Yesterday'], week: ['This week', 'Last week'], month: ['This month', 'Last month'] }[grain][age];
  return word === undefined ? name : `${word} (${name})`;
}

/** `2025-12-23`, or `2025-12-15 to 2025-12-21`. */
export function datesOf(start: CalendarDate, grain: Grain): string {
  return grain === 'day' ? start : `${start} to ${periodEnd(start, grain)}`;
}

/** `Dec 23`, `Dec 15–21` or `Oct 27 – Nov 2`, `Dec 2025`. */
export function namePeriod(start: CalendarDate, grain: Grain): string {
  if (grain === 'day') return nameDay(start);
  if (grain === 'month') return `${nameMonth(start)} ${start.slice(0, 4)}`;
  const end = periodEnd(start, grain);
  return nameMonth(start) === nameMonth(end)
    ? `${nameDay(start)}–${Number(end.slice(8))}`
    : `${nameDay(start)} – ${nameDay(end)}`;
}

function nameDay(day: CalendarDate): string {
  return `${nameMonth(day)} ${Number(day.slice(8))}`;
}

function nameMonth(day: CalendarDate): string {
  return MONTHS[Number(day.slice(5, 7)) - 1] ?? '';
}

/** Number of days before a report's first period that decide whether active users were active before. */
const MEMORY_DAYS = 28;

/**
 * Adds to the window of some dates (ascending) the longer windows of the wanted grains; for days, that of daily_audience. Windows of weeks and
 * months begin with the period before the first.
 */
export function furtherWindow(dates: readonly CalendarDate[], window: ReportWindow, wanted: readonly Grain[]): ReportWindow {
  if (wanted.length === 0) return window;
  const { timeZone, lastDay } = window;
  const ofGrain = (grain: Grain) => {
    const ends = dates.filter((date) => endsPeriod(date, grain));
    const [first, last] = [ends[0], ends.at(-1)];
    if (first === undefined || last === undefined || !wanted.includes(grain)) return null;
    return daysWindow(addPeriods(periodStart(first, grain), -PERIODS, grain), last, timeZone);
  };
  const from = addDays(dates[0] ?? lastDay, 1 - PERIODS - MEMORY_DAYS);
  const audience = wanted.includes('day') ? daysWindow(from, dates.at(-1) ?? lastDay, timeZone) : null;
  return { ...window, further: { audience, week: ofGrain('week'), month: ofGrain('month') } };
}
