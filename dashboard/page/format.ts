import type { CalendarDate } from '../../shared/metrics/calendar';
import type { Unit } from '../../shared/metrics/tables/columns';

const MINUS = '−';
const NO_BREAK_SPACE = '\u00a0';

const figures: Record<Unit, Intl.NumberFormat> = {
  count: new Intl.NumberFormat('en', { maximumFractionDigits: 0 }),
  percent: new Intl.NumberFormat('en', { minimumFractionDigits: 1, maximumFractionDigits: 1 }),
  points: new Intl.NumberFormat('en', { minimumFractionDigits: 2, maximumFractionDigits: 2, signDisplay: 'exceptZero' }),
  ratio: new Intl.NumberFormat('en', { minimumFractionDigits: 2, maximumFractionDigits: 2 }),
};

/** What stands behind a figure, with a thin space before it. */
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

/** On one line, wherever it stands. */
function unbroken(format: (date: CalendarDate) => string): (date: CalendarDate) => string {
  return (date) => format(date).replaceAll(' ', NO_BREAK_SPACE);
}

/** `Monday, December 22, 2025` */
export const formatLongDate = dates({ weekday: 'long', month: 'long', day: 'numeric', year: 'numeric' });
/** `Mon, Dec 22` */
export const formatDate = unbroken(dates({ weekday: 'short', month: 'short', day: 'numeric' }));
/** `Mon, Dec 22, 2025` */
export const formatDateWithYear = unbroken(dates({ weekday: 'short', month: 'short', day: 'numeric', year: 'numeric' }));

/** `Dec 22` */
export const formatMonthAndDay = unbroken(dates({ month: 'short', day: 'numeric' }));
/** `Dec` */
export const formatMonth = dates({ month: 'short' });

/** `Dec 23, 2025, 06:00` on the clocks of a time zone. */
export function formatInstant(instant: string, timeZone: string): string {
  const format = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short', hourCycle: 'h23', timeZone });
  return format.format(new Date(instant));
}
