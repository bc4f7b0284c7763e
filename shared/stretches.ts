import { addDays, type CalendarDate } from './calendar';

/** Dates that follow each other and share something. */
export interface Stretch<Shared> {
  first: CalendarDate;
  last: CalendarDate;
  shared: Shared;
}

/** Dates in order, each with what it may share with the date before. */
export function stretchesOf<Shared>(dates: readonly (readonly [CalendarDate, Shared])[]): Stretch<Shared>[] {
  const found: Stretch<Shared>[] = [];
  for (const [date, shared] of dates) {
    const open = found.at(-1);
    if (open?.shared === shared && addDays(open.last, 1) === date) open.last = date;
    else found.push({ first: date, last: date, shared });
  }
  return found;
}
