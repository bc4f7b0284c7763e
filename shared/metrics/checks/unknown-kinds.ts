import { formatCount, formatMany } from '../../platform/counts';
import { errorKinds } from '../error-kinds';
import type { DailyErrors } from '../tables/daily_errors';

/** Published counts of failed tests. */
export type ErrorCounts = Pick<DailyErrors, (typeof errorKinds)[number] | 'total_errors'>;

/** Counts failed tests, and those with an unknown kind of error. */
export function countUnknownKinds(days: readonly ErrorCounts[]): { unknown: number; failures: number } {
  let failures = 0;
  let known = 0;
  for (const day of days) {
    failures += day.total_errors;
    for (const kind of errorKinds) known += day[kind];
  }
  return { unknown: failures - known, failures };
}

/** Describes the unknown kinds of error in words; null if all kinds are known. */
export function describeUnknownKinds(days: readonly ErrorCounts[]): string | null {
  const { unknown, failures } = countUnknownKinds(days);
  if (unknown === 0) return null;
  const [are, them] = unknown === 1 ? ['is of an unknown kind', 'it'] : ['are of unknown kinds', 'them'];
  return `${formatCount(unknown)} of ${formatMany(failures, 'failed test')} ${are}: no column but total_errors counts ${them}`;
}
