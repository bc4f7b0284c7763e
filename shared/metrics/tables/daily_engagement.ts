import * as z from 'zod';
import type { PeriodFacts } from '../facts/period-facts';
import type { Grain } from '../grain';
import {
  Count,
  createdAt,
  type Derived,
  Percentage,
  PercentagePoints,
  percentage,
  periodColumnsOf,
  Ratio,
  ratio,
} from './columns';

/** daily_engagement, weekly_engagement and monthly_engagement. */
export const defineEngagement = (grain: Grain) =>
  z.strictObject({
    ...periodColumnsOf[grain],
    all_tests: Count.describe('Measurements in the period'),
    successful_tests: Count.describe('Measurements that succeeded'),
    successful_test_users: Count.describe('Distinct users with a successful measurement'),
    active_users: Count.describe('Distinct users with a measurement'),
    total_users_to_date: Count.describe('Users created up to the end of the period'),
    total_active_users_to_date: Count.describe(
      'Distinct users whose first test lies before the end of the period, whether or not they are listed in users',
    ),
    active_percentage: Percentage.describe('100 × active_users / total_active_users_to_date'),
    active_change: PercentagePoints.describe(
      `active_percentage minus that of the ${grain} before, in percentage points; NULL where one of the two is`,
    ),
    avg_tests_per_active_user: Ratio.describe('successful_tests / active_users'),
    ...createdAt,
  });

export const DailyEngagement = defineEngagement('day');
export type DailyEngagement = z.infer<typeof DailyEngagement>;

export function deriveDailyEngagement({ day, dayBefore }: PeriodFacts): Derived<DailyEngagement> {
  const activePercentage = percentage(day.activeUsers, day.testersToDate);
  const activePercentageBefore = percentage(dayBefore.activeUsers, dayBefore.testersToDate);
  return {
    all_tests: day.tests,
    successful_tests: day.successes,
    successful_test_users: day.successfulUsers,
    active_users: day.activeUsers,
    total_users_to_date: day.accountsToDate,
    total_active_users_to_date: day.testersToDate,
    active_percentage: activePercentage,
    active_change:
      activePercentage === null || activePercentageBefore === null ? null : activePercentage - activePercentageBefore,
    avg_tests_per_active_user: ratio(day.successes, day.activeUsers),
  };
}
