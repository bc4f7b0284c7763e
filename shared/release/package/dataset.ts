import type { CalendarDate } from '../../metrics/calendar';
import { type Grain, periodEnd } from '../../metrics/grain';
import type { ReleasedRow } from '../../metrics/tables/released';
import type { ReleaseLimits } from '../../platform/config';
import { Failure } from '../../platform/failure';
import type { Publication } from '../../platform/publication';
import { countColumns } from '../columns';

/** Released periods and their metadata: the input for all files of a package. */
export interface ReleasedDataset {
  grain: Grain;
  /** At least one, in order of time. */
  rows: readonly ReleasedRow[];
  limits: ReleaseLimits;
  timeZone: string;
  /** Computed from the built-in demo data. */
  isDemo: boolean;
  publication: Publication;
  /** Name and version of the program that computed it. */
  program: string;
}

/** Identifies a state of the release. */
export interface Edition {
  /** COLUMNS_VERSION.periods.corrections, as a semantic version. */
  version: string;
  /** When the newest row was released, ISO 8601 in UTC. */
  created: string;
  /** First day of the first period, and last day of the last. */
  from: CalendarDate;
  to: CalendarDate;
  periods: number;
  /** Total number of replacements. */
  corrections: number;
}

/** Version of the columns. Raise it if one is removed, renamed or changes its meaning. */
const COLUMNS_VERSION = 1;

export function editionOf({ grain, rows }: Pick<ReleasedDataset, 'grain' | 'rows'>): Edition {
  const [first, last] = [rows[0], rows.at(-1)];
  if (first === undefined || last === undefined) throw new RangeError('an edition has at least one period');
  const corrections = rows.reduce((sum, { revision }) => sum + revision - 1, 0);
  return {
    version: `${COLUMNS_VERSION}.${rows.length}.${corrections}`,
    created:
      rows
        .map(({ released_at }) => released_at)
        .sort()
        .at(-1) ?? first.released_at,
    from: first.period_start_date,
    to: periodEnd(last.period_start_date, grain),
    periods: rows.length,
    corrections,
  };
}

/** With at least this many counts, it is unlikely that all are multiples of twice their rounding by chance. */
const MANY_COUNTS = 12;

/**
 * The texts of a release state the rounding of its counts. Throws BAD_CONFIG if rows don't match it: the setting has changed since their release.
 */
export function checkRounding(rows: readonly ReleasedRow[], { roundTo }: ReleaseLimits): void {
  const refuse = (found: string) =>
    new Failure('BAD_CONFIG', `KPI_RELEASE_ROUND_TO: ${found}; expected the value with which they were released`);
  const other = rows.find((row) => countColumns.some((column) => (row[column] ?? 0) % roundTo !== 0));
  if (other !== undefined) throw refuse(`the counts of ${other.period_start_date} are no multiples of ${roundTo}`);
  const counts = rows.flatMap((row) => countColumns.flatMap((column) => row[column] || []));
  const divisor = counts.reduce(greatestCommonDivisor, 0);
  if (counts.length >= MANY_COUNTS && divisor > roundTo)
    throw refuse(`is ${roundTo}, but all released counts are multiples of ${divisor}`);
}

function greatestCommonDivisor(one: number, other: number): number {
  return other === 0 ? one : greatestCommonDivisor(other, one % other);
}
