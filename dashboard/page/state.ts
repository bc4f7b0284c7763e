import { type CalendarDate, daysBetween, isDate } from '../../shared/metrics/calendar';
import { type Grain, grains } from '../../shared/metrics/grain';

/** The reader's choices, kept in the URL's fragment, so that a view can be shared and the back button works. */
export interface State {
  grain: Grain;
  /** Any day of the chosen period; null: the period that the page opens with. */
  date: CalendarDate | null;
  /** One of compares[grain]. */
  compare: string;
  /** One of spans[grain]. */
  span: string;
  table: TableName;
}

/** The possible choices. */
export interface Choices {
  /** Grains with periods. */
  grains: readonly Grain[];
  /** The grain that the page opens with. */
  grain: Grain;
  tables: readonly TableName[];
}

/** A table's name without its grain. */
export type TableName = 'engagement' | 'advanced_metrics' | 'errors' | 'funnel' | 'audience';

/** The comparisons of the chosen period; `periods` is the distance. */
export const compares: Record<Grain, Record<string, { title: string; periods: number | null }>> = {
  day: {
    week: { title: 'a week before', periods: 7 },
    day: { title: 'the day before', periods: 1 },
    '4-weeks': { title: 'four weeks before', periods: 28 },
    none: { title: 'nothing', periods: null },
  },
  week: {
    week: { title: 'the week before', periods: 1 },
    '4-weeks': { title: 'four weeks before', periods: 4 },
    year: { title: '52 weeks before', periods: 52 },
    none: { title: 'nothing', periods: null },
  },
  month: {
    month: { title: 'the month before', periods: 1 },
    year: { title: 'a year before', periods: 12 },
    none: { title: 'nothing', periods: null },
  },
};

/** Number of periods in charts and tables. */
export const spans: Record<Grain, Record<string, { title: string; periods: number }>> = {
  day: {
    '4-weeks': { title: '4 weeks', periods: 28 },
    '12-weeks': { title: '12 weeks', periods: 84 },
    year: { title: 'a year', periods: 365 },
    all: { title: 'all days', periods: Number.POSITIVE_INFINITY },
  },
  week: {
    '12-weeks': { title: '12 weeks', periods: 12 },
    '26-weeks': { title: '26 weeks', periods: 26 },
    year: { title: 'a year', periods: 52 },
    all: { title: 'all weeks', periods: Number.POSITIVE_INFINITY },
  },
  month: {
    year: { title: 'a year', periods: 12 },
    all: { title: 'all months', periods: Number.POSITIVE_INFINITY },
  },
};

const initialOf: Record<Grain, Pick<State, 'compare' | 'span'>> = {
  day: { compare: 'week', span: '12-weeks' },
  week: { compare: 'week', span: 'year' },
  month: { compare: 'month', span: 'all' },
};

/** With at least this many days the page opens with weeks, if there are any. */
const MOST_DAYS = 26 * 7;

/** The grain that a page opens with: days if it was made for a date. */
export function openingGrain(first: CalendarDate, last: CalendarDate, date: CalendarDate | null, known: readonly Grain[]): Grain {
  return date === null && daysBetween(first, last) >= MOST_DAYS && known.includes('week') ? 'week' : 'day';
}

/** Reads `#grain=week&date=2025-12-22`. Missing and invalid parts get their defaults. */
export function parseState(fragment: string, choices: Choices): State {
  const given = paramsOf(fragment);
  const asked = given.get('grain');
  const grain = choices.grains.find((name) => name === asked) ?? choices.grain;
  const initial = initialState(grain);
  const choice = <Name extends keyof State>(name: Name): State[Name] => {
    const value = given.get(name);
    return value !== null && isKnown(name, value, grain, choices) ? (value as State[Name]) : initial[name];
  };
  return { grain, date: choice('date'), compare: choice('compare'), span: choice('span'), table: choice('table') };
}

/** The invalid parts of a fragment, which get their defaults. */
export function unknownIn(fragment: string, choices: Choices): (keyof State)[] {
  const given = paramsOf(fragment);
  const { grain } = parseState(fragment, choices);
  return stateNames.filter((name) => {
    const value = given.get(name);
    return value !== null && !isKnown(name, value, grain, choices);
  });
}

/** The grain of the fragment if the data has no periods of it yet, otherwise null. */
export function lackingGrain(fragment: string, choices: Choices): Grain | null {
  const asked = grains.find((grain) => grain === paramsOf(fragment).get('grain'));
  return asked === undefined || choices.grains.includes(asked) ? null : asked;
}

/** The same view in another grain. Choices that it doesn't have get their defaults. */
export function inGrain(state: State, grain: Grain): State {
  const [before, initial] = [initialOf[state.grain], initialOf[grain]];
  const keeps = (name: 'compare' | 'span', known: object) => state[name] !== before[name] && Object.hasOwn(known, state[name]);
  return {
    ...state,
    grain,
    compare: keeps('compare', compares[grain]) ? state.compare : initial.compare,
    span: keeps('span', spans[grain]) ? state.span : initial.span,
  };
}

function initialState(grain: Grain): State {
  return { grain, date: null, ...initialOf[grain], table: 'engagement' };
}

const stateNames = Object.keys(initialState('day')) as (keyof State)[];

/** Older versions named tables with their grain: `table=daily_errors` is `table=errors`. */
function paramsOf(fragment: string): URLSearchParams {
  const given = new URLSearchParams(fragment.replace(/^#/, ''));
  const table = given.get('table');
  if (table !== null) given.set('table', table.replace(/^daily_/, ''));
  return given;
}

function isKnown(name: keyof State, value: string, grain: Grain, choices: Choices): boolean {
  if (name === 'date') return isDate(value);
  return {
    grain: choices.grains,
    compare: Object.keys(compares[grain]),
    span: Object.keys(spans[grain]),
    table: choices.tables,
  }[name].some((known) => known === value);
}

/** The fragment of a state. Leaves out defaults. */
export function formatState(state: State, { grain }: Choices): string {
  const initial = { ...initialState(state.grain), grain };
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(state)) {
    if (value !== null && value !== initial[name as keyof State]) given.set(name, value);
  }
  return given.size === 0 ? '#' : `#${given}`;
}
