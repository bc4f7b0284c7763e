import * as z from 'zod';
import { Age, Count, createdAt, Day, Percentage, percentage, Text } from './columns';

/** weekly_retention and monthly_retention: a row per cohort and age. `period` is "week" or "month". */
export const defineRetention = (period: string, example: string) =>
  z.strictObject({
    report_date: Day.describe('Date of the report, in the report time zone; partition column'),
    cohort_label: Text.describe(`The cohort: ${example}`),
    cohort_start_date: Day.describe(`First day of the cohort, the users whose first test lies in this ${period}`),
    cohort_end_date: Day.describe('Last day of the cohort'),
    age: Age.describe(`How many ${period}s after the cohort the row is about, 0 to 11`),
    period_start_date: Day.describe(`First day of the ${period} that is \`age\` ${period}s after the cohort`),
    period_end_date: Day.describe('Last day of it'),
    cohort_users: Count.describe('Users of the cohort'),
    retained_users: Count.describe(
      'Of these, users with a measurement in the period; at age 0 fewer than cohort_users only where rows were rejected',
    ),
    retention_rate: Percentage.describe('100 × retained_users / cohort_users'),
    ...createdAt,
  });
export type Retention = z.infer<ReturnType<typeof defineRetention>>;

export function deriveRetention(
  cohort: number,
  retained: number,
): Pick<Retention, 'cohort_users' | 'retained_users' | 'retention_rate'> {
  return { cohort_users: cohort, retained_users: retained, retention_rate: percentage(retained, cohort) };
}
