import * as z from 'zod';
import { eachKind } from '../error-kinds';
import type { Grain } from '../grain';
import { Count, Day, Instant, periodColumnsOf } from './columns';
import { DailyAdvancedMetrics } from './daily_advanced_metrics';
import { DailyEngagement } from './daily_engagement';
import { DailyErrors } from './daily_errors';
import { DailyFunnel } from './daily_funnel';

const { shape: engagement } = DailyEngagement;
const { shape: advanced } = DailyAdvancedMetrics;
const { shape: errors } = DailyErrors;
const { shape: funnel } = DailyFunnel;

/** The released form of a published column: NULL if hidden. */
function released<Column extends z.ZodType>(column: Column, how: string, description = column.meta()?.description) {
  return column.nullable().meta({ ...column.meta(), description: `${description}; ${how}, NULL where hidden` });
}

const rounded = <Column extends z.ZodType>(column: Column, description?: string) => released(column, 'rounded', description);
const ofRounded = <Column extends z.ZodType>(column: Column) => released(column, 'of the rounded numbers, to one decimal');

/** The period whose report releases a period. */
const lastReport: Record<Grain, string> = {
  day: 'the 11th day after the period',
  week: 'the second week after the period',
  month: 'the month after the period',
};

/** daily_metrics, weekly_metrics and monthly_metrics: complete periods, each released once, rounded, with small groups hidden. */
export const defineReleased = (grain: Grain) =>
  z.strictObject({
    period_start_date: Day.describe(`${periodColumnsOf[grain].period_start_date.meta()?.description}; partition column`),
    period_end_date: periodColumnsOf[grain].period_end_date,
    revision: Count.describe('1; raised where a period was replaced on purpose'),
    released_at: Instant.describe('When the row was released'),

    all_tests: rounded(engagement.all_tests),
    successful_tests: rounded(engagement.successful_tests),
    successful_test_users: rounded(engagement.successful_test_users),
    active_users: rounded(engagement.active_users),
    avg_tests_per_active_user: ofRounded(engagement.avg_tests_per_active_user),

    total_sessions: rounded(advanced.total_sessions),
    successful_sessions: rounded(advanced.successful_sessions),
    adjusted_success_rate: ofRounded(advanced.adjusted_success_rate),
    first_try_successes: rounded(advanced.first_try_successes),
    first_try_success_rate: ofRounded(advanced.first_try_success_rate),
    second_try_successes: rounded(advanced.second_try_successes),
    second_try_success_rate: ofRounded(advanced.second_try_success_rate),
    third_plus_try_successes: rounded(advanced.third_plus_try_successes),
    third_plus_try_success_rate: ofRounded(advanced.third_plus_try_success_rate),
    error_gini_coefficient: released(advanced.error_gini_coefficient, 'to two decimals'),

    ...eachKind((kind) => rounded(errors[kind])),
    total_errors: rounded(errors.total_errors),

    accounts_created: rounded(funnel.accounts_created),
    accounts_with_tests: rounded(
      funnel.accounts_with_tests,
      `Of those, users whose first test lies before the end of ${lastReport[grain]}; a test before the account counts`,
    ),
    conversion_rate: ofRounded(funnel.conversion_rate),
  });

/** A released period. Rows of all grains have the same columns. */
export type ReleasedRow = z.infer<ReturnType<typeof defineReleased>>;

const { period_start_date, period_end_date, ...sharedColumns } = defineReleased('day').shape;

/** daily_metrics of an older version without grains. Existing tables keep this form. */
export const ReleasedByDate = z.strictObject({
  period_date: Day.describe('The day that the row is about; partition column'),
  ...sharedColumns,
});
export type ReleasedByDate = z.infer<typeof ReleasedByDate>;
