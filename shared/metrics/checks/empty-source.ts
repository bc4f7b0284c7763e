import type { SourceTable } from '../source-contract';
import type { DailyEngagement } from '../tables/daily_engagement';

/** Of a product that young, nobody may have tested yet. */
const MIN_PEOPLE = 20;

/** The source table that has no rows up to a date, though the other one has many: mostly the wrong table was named. Else null. */
export function emptySource({ accounts, testers }: { accounts: number; testers: number }): SourceTable | null {
  if (accounts === 0 && testers >= MIN_PEOPLE) return 'users';
  return testers === 0 && accounts >= MIN_PEOPLE ? 'measurements' : null;
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
