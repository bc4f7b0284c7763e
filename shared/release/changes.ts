import type { CalendarDate } from '../metrics/calendar';
import type { ReleaseLimits } from '../platform/config';
import { Failure } from '../platform/failure';
import { countColumns, type ReleasedColumn, type ReleasedValues, releasedColumnNames } from './columns';

/**
 * Columns in which a comparison of the two rows could reveal one person: a count that changes by one rounding step, or a value that becomes
 * hidden or shown.
 */
export function smallChanges(before: ReleasedValues, after: ReleasedValues, { roundTo }: ReleaseLimits): ReleasedColumn[] {
  const steps = countColumns.filter((column) => {
    const [one, other] = [before[column], after[column]];
    return one !== null && other !== null && one !== other && Math.abs(one - other) <= roundTo;
  });
  const turned = releasedColumnNames.filter((column) => (before[column] === null) !== (after[column] === null));
  return releasedColumnNames.filter((column) => turned.includes(column) || steps.includes(column as (typeof steps)[number]));
}

/** Refuses a replacement with small changes. The text names columns, but no value. */
export function holdSmallChanges(
  period: CalendarDate,
  before: ReleasedValues,
  after: ReleasedValues,
  limits: ReleaseLimits,
): void {
  const columns = smallChanges(before, after, limits);
  if (columns.length === 0) return;
  throw new Failure(
    'RELEASE_HELD',
    `${period} would change by a single step, or become hidden or shown, in ${columns.join(', ')}: comparing the two could reveal one person; ` +
      'it stays unchanged; expected --accept-small-changes to replace it anyway',
  );
}
