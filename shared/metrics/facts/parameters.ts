import type { Window } from '../calendar';
import type { Grain } from '../grain';

/** Later times than this from now are impossible. Earlier ones can come from fast clocks, or local times stored as UTC. */
const FUTURE_MS = 24 * 3_600_000;

/** Bounds of valid times, as query parameters: a created_at before `epoch` counts as NULL, one from `future` on is impossible. */
export function timeBounds(now: Date) {
  return {
    epoch: { type: 'TIMESTAMP', value: new Date(0) },
    future: { type: 'TIMESTAMP', value: new Date(now.getTime() + FUTURE_MS) },
  } as const;
}

/** How many earlier periods count: a user who was active in one of them is returning. */
const MEMORY: Record<Grain, number> = { day: 28, week: 1, month: 1 };

/** Days from the first day of a cohort to the first day of the last period of its report. */
const COHORT_DAYS: Record<Grain, number> = { day: 11, week: 77, month: 341 };

/** The parameters of relations and facts, by name: dates, instants, the zone's name and numbers. `now` is the time of counting. */
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
