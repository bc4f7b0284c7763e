import { addDays, type CalendarDate, type ReportWindow, type Window } from '../calendar';
import { addPeriods, type Grain } from '../grain';
import type { PeriodAudience } from '../tables/audience';
import type { DayAudience } from '../tables/daily_audience';
import type { CountedFacts, FactRow, GrainFacts } from './facts';
import { type FactsByDay, indexPeriods } from './period-facts';

/** Facts for the tables besides the core. A part is null if it was not counted. */
export interface FurtherFacts {
  audience: AudienceByPeriod | null;
  week: GrainIndex | null;
  month: GrainIndex | null;
}

/** Facts of weeks or months, by the first day of each. */
export interface GrainIndex {
  periods: FactsByDay;
  audience: AudienceByPeriod;
  /** Retained users by cohort and period. */
  retained: ReadonlyMap<CalendarDate, ReadonlyMap<CalendarDate, number>>;
  /** Users by the period of their first test. */
  cohorts: ReadonlyMap<CalendarDate, number>;
}

/** Active users of one period. */
interface Visitors {
  new: number;
  returning: number;
  reactivated: number;
  /** At index n: how many are not active again within n periods after this one. */
  awayAfter: number[];
}
export type AudienceByPeriod = ReadonlyMap<CalendarDate, Visitors>;

export function indexFurther(facts: CountedFacts, { further }: ReportWindow): FurtherFacts {
  return {
    audience: facts.audience === undefined ? null : indexAudience(facts.audience),
    week: indexGrain(facts.week, further?.week ?? null, 'week'),
    month: indexGrain(facts.month, further?.month ?? null, 'month'),
  };
}

/** Facts of the periods of a grain, by first day; empty for weeks and months that were not counted. */
export function periodsOfGrain(days: FactsByDay, further: FurtherFacts, grain: Grain): FactsByDay {
  return grain === 'day' ? days : (further[grain]?.periods ?? new Map());
}

function indexGrain(facts: GrainFacts | undefined, window: Window | null, grain: Grain): GrainIndex | null {
  if (facts === undefined || window === null) return null;
  const retained = new Map<CalendarDate, Map<CalendarDate, number>>();
  for (const { cohort_day, day, users } of facts.retention) {
    const ofCohort = retained.get(cohort_day) ?? new Map<CalendarDate, number>();
    retained.set(cohort_day, ofCohort.set(day, users));
  }
  const cohorts = new Map<CalendarDate, number>();
  for (const { role, day, people } of facts.people) if (role === 'tester') cohorts.set(day, (cohorts.get(day) ?? 0) + people);
  const starts: CalendarDate[] = [];
  for (let start = window.firstDay; start <= window.lastDay; start = addPeriods(start, 1, grain)) starts.push(start);
  return {
    periods: indexPeriods({ ...facts, repeats: [], users: [], misdated: [] }, starts),
    audience: indexAudience(facts.audience),
    retained,
    cohorts,
  };
}

function indexAudience(rows: readonly FactRow<'audience'>[]): AudienceByPeriod {
  const periods = new Map<CalendarDate, Visitors>();
  for (const { day, sort, gap, users } of rows) {
    const found = periods.get(day) ?? { new: 0, returning: 0, reactivated: 0, awayAfter: [] };
    periods.set(day, found);
    found[sort] += users;
    for (let age = 0; age < gap; age++) found.awayAfter[age] = (found.awayAfter[age] ?? 0) + users;
  }
  return periods;
}

const NOBODY: Visitors = { new: 0, returning: 0, reactivated: 0, awayAfter: [] };

/** Counts each user on the day of their last activity up to `day`, so each only once. */
export function audienceOfDay(audience: AudienceByPeriod, day: CalendarDate): DayAudience {
  const activeIn = (days: number) => {
    let users = 0;
    for (let age = 0; age < days; age++) users += audience.get(addDays(day, -age))?.awayAfter[age] ?? 0;
    return users;
  };
  const { new: newUsers, returning, reactivated } = audience.get(day) ?? NOBODY;
  return { new: newUsers, returning, reactivated, activeIn7Days: activeIn(7), activeIn28Days: activeIn(28) };
}

export function audienceOfPeriod(audience: AudienceByPeriod, start: CalendarDate, grain: Grain): PeriodAudience {
  const { new: newUsers, returning, reactivated } = audience.get(start) ?? NOBODY;
  const before = audience.get(addPeriods(start, -1, grain)) ?? NOBODY;
  return { new: newUsers, returning, reactivated, lapsed: before.awayAfter[1] ?? 0 };
}
