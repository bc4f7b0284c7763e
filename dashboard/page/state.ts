import { type CalendarDate, isDate } from '../../shared/metrics/calendar';
import type { ReportTable } from '../../shared/metrics/tables';

/** What the reader has chosen; kept in the fragment of the URL, so that a view can be sent, and the back button works. */
export interface State {
  /** null: what the page opens with. */
  date: CalendarDate | null;
  compare: CompareName;
  span: SpanName;
  table: ReportTable;
}

/** What the chosen day is compared with: so many days before it. */
export const compares = {
  week: { title: 'a week before', days: 7 },
  day: { title: 'the day before', days: 1 },
  '4-weeks': { title: 'four weeks before', days: 28 },
  none: { title: 'nothing', days: null },
} as const;
export type CompareName = keyof typeof compares;

/** How many days the charts and the table show. */
export const spans = {
  '4-weeks': { title: '4 weeks', days: 28 },
  '12-weeks': { title: '12 weeks', days: 84 },
  year: { title: 'a year', days: 365 },
  all: { title: 'all days', days: Number.POSITIVE_INFINITY },
} as const;
export type SpanName = keyof typeof spans;

const initial: State = { date: null, compare: 'week', span: '12-weeks', table: 'daily_engagement' };

/** Reads `#date=2025-12-22&compare=day`; what is missing or makes no sense is as in the beginning. */
export function parseState(fragment: string, tables: readonly string[]): State {
  const given = paramsOf(fragment);
  const choice = <Name extends keyof State>(name: Name): State[Name] => {
    const value = given.get(name);
    return value !== null && isKnown(name, value, tables) ? (value as State[Name]) : initial[name];
  };
  return { date: choice('date'), compare: choice('compare'), span: choice('span'), table: choice('table') };
}

/** What a fragment names that there isn't: it is as in the beginning. */
export function unknownIn(fragment: string, tables: readonly string[]): (keyof State)[] {
  const given = paramsOf(fragment);
  return stateNames.filter((name) => {
    const value = given.get(name);
    return value !== null && !isKnown(name, value, tables);
  });
}

const stateNames = Object.keys(initial) as (keyof State)[];

function paramsOf(fragment: string): URLSearchParams {
  return new URLSearchParams(fragment.replace(/^#/, ''));
}

function isKnown(name: keyof State, value: string, tables: readonly string[]): boolean {
  if (name === 'date') return isDate(value);
  return { compare: Object.keys(compares), span: Object.keys(spans), table: tables }[name].includes(value);
}

/** The fragment of a state: what is as in the beginning isn't named. */
export function formatState(state: State): string {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(state)) {
    if (value !== null && value !== initial[name as keyof State]) given.set(name, value);
  }
  return given.size === 0 ? '#' : `#${given}`;
}
