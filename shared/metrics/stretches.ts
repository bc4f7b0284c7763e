import { addDays, type CalendarDate } from './calendar';

/** Dates that follow each other and share something. */
export interface Stretch<Shared> {
  first: CalendarDate;
  last: CalendarDate;
  shared: Shared;
}

/** `2025-12-23`, or `2025-12-01 to 2025-12-23`. */
export function formatStretch({ first, last }: Pick<Stretch<unknown>, 'first' | 'last'>): string {
  return first === last ? first : `${first} to ${last}`;
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
