import type { SourceTable } from './source-contract';
import type { DailyEngagement } from './tables/daily_engagement';

/** The source table that has no rows up to a date, though the other one has: mostly the wrong table was named. Null: both have rows, or none. */
export function emptySource({ accounts, testers }: { accounts: number; testers: number }): SourceTable | null {
  if (accounts === 0 && testers > 0) return 'users';
  return testers === 0 && accounts > 0 ? 'measurements' : null;
}

/** The same of a report, for a person: the newest row of daily_engagement says it. */
export function describeEmptySource([newest]: readonly DailyEngagement[]): string | null {
  if (newest === undefined) return null;
  const { report_date: date, total_users_to_date: accounts, total_active_users_to_date: testers } = newest;
  const empty = emptySource({ accounts, testers });
  if (empty === null) return null;
  return empty === 'users'
    ? `users has no account up to ${date}, though there are tests: figures of accounts are 0, rates of them empty`
    : `measurements has no test up to ${date}, though there are accounts: figures of tests are 0, rates of them empty`;
}
