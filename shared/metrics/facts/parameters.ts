import type { Window } from '../calendar';
import type { Grain } from '../grain';

/** Clocks of clients may be fast by this much, and zones be taken for UTC; a later time can't be right. */
const FUTURE_MS = 24 * 3_600_000;

/** The bounds of times, for queries of both engines that bind them: before `epoch` a created_at counts as none, from `future` on it can't be right. */
export function timeBounds(now: Date) {
  return {
    epoch: { type: 'TIMESTAMP', value: new Date(0) },
    future: { type: 'TIMESTAMP', value: new Date(now.getTime() + FUTURE_MS) },
  } as const;
}

/** Periods that count as "before": who was active in one of them returns. */
const MEMORY: Record<Grain, number> = { day: 28, week: 1, month: 1 };

/** Days from the beginning of a cohort to that of the last period of its report. */
const COHORT_DAYS: Record<Grain, number> = { day: 11, week: 77, month: 341 };

/** The parameters that relations and facts bind, by name: dates, instants, the zone's name and numbers. `now` is when they are counted. */
export function factParameters(window: Window, now: Date, grain: Grain = 'day') {
  return {
    ...timeBounds(now),
    time_zone: { type: 'STRING', value: window.timeZone },
    first_day: { type: 'DATE', value: window.firstDay },
    last_day: { type: 'DATE', value: window.lastDay },
    scan_from: { type: 'TIMESTAMP', value: window.scanFrom },
    scan_until: { type: 'TIMESTAMP', value: window.scanUntil },
    memory: { type: 'INT64', value: MEMORY[grain] },
    cohort_days: { type: 'INT64', value: COHORT_DAYS[grain] },
  } as const;
}

type FactParameters = ReturnType<typeof factParameters>;
export type FactParameter = FactParameters[keyof FactParameters];
