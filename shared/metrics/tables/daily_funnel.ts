import * as z from 'zod';
import type { PeriodFacts } from '../facts/period-facts';
import { Count, createdAt, type Derived, Percentage, percentage, periodColumns } from './columns';

export const DailyFunnel = z.strictObject({
  ...periodColumns,
  accounts_created: Count.describe('Users created in the period'),
  accounts_with_tests: Count.describe(
    'Of those, users whose first test lies before the end of report_date (a young cohort grows from one report to the next); a test before the account counts',
  ),
  conversion_rate: Percentage.describe('100 × accounts_with_tests / accounts_created'),
  ...createdAt,
});
export type DailyFunnel = z.infer<typeof DailyFunnel>;

export function deriveDailyFunnel({ cohort }: PeriodFacts): Derived<DailyFunnel> {
  return {
    accounts_created: cohort.created,
    accounts_with_tests: cohort.tested,
    conversion_rate: percentage(cohort.tested, cohort.created),
  };
}
