import type { SourceTable } from '../source-contract';
import type { DailyEngagement } from '../tables/daily_engagement';

/** With fewer people the product may be so new that nobody has tested. */
const MIN_PEOPLE = 20;

/** Returns the source table without rows if the other has many (usually the wrong table was named), otherwise null. */
export function emptySource({ accounts, testers }: { accounts: number; testers: number }): SourceTable | null {
  if (accounts === 0 && testers >= MIN_PEOPLE) return 'users';
  return testers === 0 && accounts >= MIN_PEOPLE ? 'measurements' : null;
}

/** The same for a report, in words, from the newest row of daily_engagement. */
export function describeEmptySource([newest]: readonly DailyEngagement[]): string | null {
  if (newest === undefined) return null;
  const { report_date: date, total_users_to_date: accounts, total_active_users_to_date: testers } = newest;
  const empty = emptySource({ accounts, testers });
  if (empty === null) return null;
  return empty === 'users'
    ? `users has no account up to ${date}, though there are tests: figures of accounts are 0, rates of them empty`
    : `measurements has no test up to ${date}, though there are accounts: figures of tests are 0, rates of them empty`;
}
