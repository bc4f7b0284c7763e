import { type CalendarDate, daysBetween } from '../../shared/metrics/calendar';
import { addPeriods, type Grain, periodEnd, periodsBetween } from '../../shared/metrics/grain';
import { formatMonth, formatMonthAndDay } from './format';

/** A period named below a chart. */
export interface Tick {
  date: CalendarDate;
  /** Its name is below the middle of this day, week or month. */
  grain: Grain;
  label: string;
}

/** Longer ranges are labelled by month. */
const MOST_DAYS = 130;
/** Names of months are shorter than those of days. */
const SHORTER = 1.5;
const STEPS = { day: [1, 2, 7, 14, 28], week: [1, 2, 4, 8, 12] };
const MONTH_STEPS = [1, 2, 3, 6, 12, 24, 60, 120];

/**
 * The periods to name, at most `room`, so that names don't touch. Days and weeks are counted back from the last one, so that it always has a
 * name. Months are named at their first day. The year is below the first name, and below the first of each year.
 */
export function ticksOf(first: CalendarDate, last: CalendarDate, room: number, grain: Grain): Tick[] {
  const ofMonths = grain === 'month' || daysBetween(first, periodEnd(last, grain)) >= MOST_DAYS;
  const candidates = ofMonths
    ? MONTH_STEPS.map((step) => monthsIn(first, last, step))
    : STEPS[grain].map((step) => periodsBack(first, last, step, grain));
  const most = ofMonths ? room * SHORTER : room;
  const dates =
    candidates.find((dates) => dates.length <= most) ?? candidates.at(-1)?.slice(-Math.max(1, Math.floor(most))) ?? [];
  const yearOf = (date: CalendarDate | undefined) => date?.slice(0, 4);
  return dates.map((date, index) => {
    const label = ofMonths ? formatMonth(date) : formatMonthAndDay(date);
    return {
      date,
      grain: ofMonths && grain === 'week' ? 'day' : grain,
      label: yearOf(date) === yearOf(dates[index - 1]) ? label : `${label}\n${yearOf(date)}`,
    };
  });
}

function periodsBack(first: CalendarDate, last: CalendarDate, step: number, grain: Grain): CalendarDate[] {
  const count = periodsBetween(first, last, grain) + 1;
  return Array.from({ length: Math.ceil(count / step) }, (_, index) => addPeriods(last, -index * step, grain)).reverse();
}

/** The first days of every `step`-th month, always with January. */
function monthsIn(first: CalendarDate, last: CalendarDate, step: number): CalendarDate[] {
  const dates: CalendarDate[] = [];
  for (let month = Number(first.slice(0, 4)) * 12 + Number(first.slice(5, 7)) - 1; ; month++) {
    const date = `${Math.floor(month / 12)}-${String((month % 12) + 1).padStart(2, '0')}-01`;
    if (date > last) return dates;
    if (date >= first && month % step === 0) dates.push(date);
  }
}
