import { eachKind } from '../metrics/error-kinds';
import type { ReleasedRow } from '../metrics/tables/released';

/** The key columns of a released row. */
export const keyColumns = [
  'period_start_date',
  'period_end_date',
  'revision',
  'released_at',
] as const satisfies (keyof ReleasedRow)[];

/** The numbers of a released row; null if hidden. */
export type ReleasedValues = Omit<ReleasedRow, (typeof keyColumns)[number]>;
export type ReleasedColumn = keyof ReleasedValues;

/** The kind of a released number, which decides the rules for it. */
export type Treatment =
  /** A count: hidden by rules 1 to 6, otherwise rounded (rule 7). */
  | { is: 'count' }
  /** times × part / whole, from the shown values of both, to one decimal (rule 8). */
  | { is: 'rate'; part: ReleasedColumn; whole: ReleasedColumn; times: 1 | 100 }
  /** The Gini coefficient (rule 9). */
  | { is: 'gini' };

const count = { is: 'count' } as const;
const percentage = <Part extends ReleasedColumn, Whole extends ReleasedColumn>(part: Part, whole: Whole) =>
  ({ is: 'rate', part, whole, times: 100 }) as const;

/** Every number of the released table, in its order. A number that isn't here can't be released. */
export const releasedColumns = {
  all_tests: count,
  successful_tests: count,
  successful_test_users: count,
  active_users: count,
  avg_tests_per_active_user: { is: 'rate', part: 'successful_tests', whole: 'active_users', times: 1 },
  total_sessions: count,
  successful_sessions: count,
  adjusted_success_rate: percentage('successful_sessions', 'total_sessions'),
  first_try_successes: count,
  first_try_success_rate: percentage('first_try_successes', 'total_sessions'),
  second_try_successes: count,
  second_try_success_rate: percentage('second_try_successes', 'total_sessions'),
  third_plus_try_successes: count,
  third_plus_try_success_rate: percentage('third_plus_try_successes', 'total_sessions'),
  error_gini_coefficient: { is: 'gini' },
  ...eachKind(() => count),
  total_errors: count,
  accounts_created: count,
  accounts_with_tests: count,
  conversion_rate: percentage('accounts_with_tests', 'accounts_created'),
} as const satisfies Record<ReleasedColumn, Treatment>;

type Columns = typeof releasedColumns;
export type CountColumn = { [Column in keyof Columns]: Columns[Column] extends { is: 'count' } ? Column : never }[keyof Columns];

export const releasedColumnNames = Object.keys(releasedColumns) as ReleasedColumn[];
export const countColumns = releasedColumnNames.filter((column): column is CountColumn => releasedColumns[column].is === 'count');
