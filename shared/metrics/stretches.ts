import { addDays, type CalendarDate } from './calendar';

/** Consecutive dates that share a value. */
export interface Stretch<Shared> {
  first: CalendarDate;
  last: CalendarDate;
  shared: Shared;
}

/** `2025-12-23`, or `2025-12-01 to 2025-12-23`. */
export function formatStretch({ first, last }: Pick<Stretch<unknown>, 'first' | 'last'>): string {
  return first === last ? first : `${first} to ${last}`;
}

/** Joins consecutive dates with the same value. `dates` are ascending. */
export function stretchesOf<Shared>(dates: readonly (readonly [CalendarDate, Shared])[]): Stretch<Shared>[] {
  const found: Stretch<Shared>[] = [];
  for (const [date, shared] of dates) {
    const open = found.at(-1);
    if (open?.shared === shared && addDays(open.last, 1) === date) open.last = date;
    else found.push({ first: date, last: date, shared });
  }
  return found;
}
