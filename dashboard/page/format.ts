import type { CalendarDate } from '../../shared/metrics/calendar';
import { type Grain, namePeriod, periodEnd } from '../../shared/metrics/grain';
import type { Unit } from '../../shared/metrics/tables/columns';

const MINUS = '−';
const NO_BREAK_SPACE = '\u00a0';

const figures: Record<Unit, Intl.NumberFormat> = {
  count: new Intl.NumberFormat('en', { maximumFractionDigits: 0 }),
  percent: new Intl.NumberFormat('en', { minimumFractionDigits: 1, maximumFractionDigits: 1 }),
  points: new Intl.NumberFormat('en', { minimumFractionDigits: 2, maximumFractionDigits: 2, signDisplay: 'exceptZero' }),
  ratio: new Intl.NumberFormat('en', { minimumFractionDigits: 2, maximumFractionDigits: 2 }),
};

/** The sign after a figure, with a thin space before it. */
export const signs: Record<Unit, string> = { count: '', percent: '%', points: 'pp', ratio: '' };

/** A figure without its sign: `1,204`, `76.5`, `+0.74`. */
export function formatNumber(value: number, unit: Unit): string {
  return figures[unit].format(value).replace('-', MINUS);
}

/** A figure with its sign: `76.5 %`. */
export function formatFigure(value: number, unit: Unit): string {
  return signs[unit] === '' ? formatNumber(value, unit) : `${formatNumber(value, unit)}\u202f${signs[unit]}`;
}

function dates(options: Intl.DateTimeFormatOptions): (date: CalendarDate) => string {
  const format = new Intl.DateTimeFormat('en', { ...options, timeZone: 'UTC' });
  return (date) => format.format(new Date(`${date}T00:00:00Z`));
}

/** Keeps a text on one line. */
function unbroken(format: (date: string) => string): (date: string) => string {
  return (date) => format(date).replaceAll(' ', NO_BREAK_SPACE);
}

/** `Monday, December 22, 2025` */
const formatLongDate = dates({ weekday: 'long', month: 'long', day: 'numeric', year: 'numeric' });
const longRange = new Intl.DateTimeFormat('en', { dateStyle: 'long', timeZone: 'UTC' });
const longMonth = dates({ month: 'long', year: 'numeric' });
/** `Monday` */
export const formatWeekday = dates({ weekday: 'long' });
/** `Mon, Dec 22` */
export const formatDate = unbroken(dates({ weekday: 'short', month: 'short', day: 'numeric' }));
/** `Mon, Dec 22, 2025` */
export const formatDateWithYear = unbroken(dates({ weekday: 'short', month: 'short', day: 'numeric', year: 'numeric' }));

const oneLine = unbroken((text) => text);

/** `Monday, December 22, 2025`, `Week of December 15 – 21, 2025`, `December 2025` */
export function formatLongPeriod(date: CalendarDate, grain: Grain): string {
  if (grain === 'day') return formatLongDate(date);
  if (grain === 'month') return longMonth(date);
  const [from, to] = [date, periodEnd(date, grain)].map((day) => new Date(`${day}T00:00:00Z`)) as [Date, Date];
  return `Week of ${longRange.formatRange(from, to)}`;
}

/** `Mon, Dec 22`, `Dec 15–21`, `Dec 2025` */
export function formatPeriod(date: CalendarDate, grain: Grain): string {
  return grain === 'day' ? formatDate(date) : oneLine(namePeriod(date, grain));
}

/** `Mon, Dec 22, 2025`, `Dec 15–21, 2025`, `Dec 2025` */
export function formatPeriodWithYear(date: CalendarDate, grain: Grain): string {
  if (grain === 'day') return formatDateWithYear(date);
  return grain === 'month'
    ? formatPeriod(date, grain)
    : `${formatPeriod(date, grain)},${NO_BREAK_SPACE}${periodEnd(date, grain).slice(0, 4)}`;
}

/** `Week` of `week` */
export function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

/** `active users` of `Active users` */
export function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/** `a day`, `3 weeks` */
export function formatMany(count: number, grain: Grain): string {
  return count === 1 ? `a ${grain}` : `${formatNumber(count, 'count')} ${grain}s`;
}

/** `Dec 22` */
export const formatMonthAndDay = unbroken(dates({ month: 'short', day: 'numeric' }));
/** `Dec` */
export const formatMonth = dates({ month: 'short' });

/** `Dec 23, 2025, 06:00` on the clocks of a time zone. */
export function formatInstant(instant: string, timeZone: string): string {
  const format = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short', hourCycle: 'h23', timeZone });
  return format.format(new Date(instant));
}
