import type { CalendarDate } from '../../shared/calendar';
import type { ReportTable } from '../../shared/tables';

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
  const given = new URLSearchParams(fragment.replace(/^#/, ''));
  const choice = <Choice extends string>(name: string, choices: readonly string[], otherwise: Choice) => {
    const value = given.get(name);
    return value !== null && choices.includes(value) ? (value as Choice) : otherwise;
  };
  const date = given.get('date');
  return {
    date: date !== null && /^\d{4}-\d{2}-\d{2}$/.test(date) ? date : initial.date,
    compare: choice('compare', Object.keys(compares), initial.compare),
    span: choice('span', Object.keys(spans), initial.span),
    table: choice('table', tables, initial.table),
  };
}

/** The fragment of a state: what is as in the beginning isn't named. */
export function formatState(state: State): string {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(state)) {
    if (value !== null && value !== initial[name as keyof State]) given.set(name, value);
  }
  return given.size === 0 ? '#' : `#${given}`;
}
