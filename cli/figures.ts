import type { CalendarDate } from '../shared/metrics/calendar';
import type { Unit } from '../shared/metrics/tables/columns';
import { formatCount } from '../shared/platform/counts';

/** Shown for NULL. */
export const NONE = '–';

/** A figure with its unit: `1,204`, `76.5 %`, `+0.74 pp`, `1.05`. */
export function formatFigure(unit: Unit, value: number | null): string {
  if (value === null) return NONE;
  if (unit === 'count') return formatCount(value);
  if (unit === 'percent') return `${value.toFixed(1)} %`;
  return unit === 'points' ? `${signed(value, 2)} pp` : value.toFixed(2);
}

/**
 * The change from an earlier figure: in per cent for counts and ratios, in points for percentages; `same` if the difference is too small to
 * show.
 */
export function formatChange(unit: Unit, value: number | null, before: number | null): string {
  if (value === null || before === null) return '';
  if (unit === 'percent' || unit === 'points') return sameOr(signed(value - before, 1), ' pp');
  if (value === before) return 'same';
  return before === 0 ? 'new' : sameOr(signed((100 * (value - before)) / before, 0), ' %');
}

function sameOr(difference: string, unit: string): string {
  return Number(difference) === 0 ? 'same' : `${difference}${unit}`;
}

/** With the sign of the rounded value, so that −0.004 is not shown as a fall. */
function signed(value: number, digits: number): string {
  const shown = Number(value.toFixed(digits)) || 0;
  return `${shown > 0 ? '+' : ''}${shown.toFixed(digits)}`;
}

/** `Dec 23` */
export const formatDay = dates({ month: 'short', day: 'numeric' });
/** `Tue` */
export const formatWeekday = dates({ weekday: 'short' });
/** `Tue, Dec 23, 2025` */
export const formatFullDay = dates({ weekday: 'short', month: 'short', day: 'numeric', year: 'numeric' });

function dates(options: Intl.DateTimeFormatOptions): (date: CalendarDate) => string {
  let format: Intl.DateTimeFormat | undefined; // created on first use, because it takes some milliseconds
  return (date) => {
    format ??= new Intl.DateTimeFormat('en', { ...options, timeZone: 'UTC' });
    return format.format(new Date(`${date}T00:00:00Z`));
  };
}
