import { addDays, type CalendarDate } from '../../shared/metrics/calendar';
import type { JudgedPeriod } from '../../shared/metrics/checks/usual-range';
import { addPeriods, type Grain } from '../../shared/metrics/grain';

/** A Monday. */
export const FIRST: CalendarDate = '2025-01-06';

export type Counts = JudgedPeriod['counts'];

/** Of the failed tests of an ordinary day, tests of each kind. */
export const ordinary: Counts = {
  all_tests: 150,
  active_users: 100,
  accounts_created: 40,
  total_errors: 45,
  no_period_history: 4,
  camera_too_far: 10,
  camera_too_close: 9,
  analysis_error: 5,
  test_lines_not_found: 11,
  test_not_found: 4,
  other_errors: 2,
  total_sessions: 110,
  successful_sessions: 95,
  first_try_successes: 80,
  cohort_accounts: 40,
  cohort_accounts_with_tests: 22,
};

/** All counts by a factor, as whole numbers. */
export function scaled(factor: number, counts: Counts = ordinary): Counts {
  return Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, Math.round(factor * Number(count))]));
}

/** Periods in a row; their counts by index. */
export function historyOf(
  length: number,
  countsOf: (index: number) => Counts = () => ordinary,
  grain: Grain = 'day',
): JudgedPeriod[] {
  const first = grain === 'month' ? '2022-01-01' : FIRST;
  return Array.from({ length }, (_, index) => ({
    start: addPeriods(first, index, grain),
    isOver: true,
    counts: countsOf(index),
  }));
}

export const dayAt = (index: number): CalendarDate => addDays(FIRST, index);
