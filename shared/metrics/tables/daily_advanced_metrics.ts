import * as z from 'zod';
import type { PeriodFacts } from '../facts/period-facts';
import { gini } from '../gini';
import { Count, createdAt, type Derived, Percentage, percentage, periodColumns, Ratio } from './columns';

export const DailyAdvancedMetrics = z.strictObject({
  ...periodColumns,
  total_sessions: Count.describe('Sessions with an attempt in the period; only attempts within the period count'),
  successful_sessions: Count.describe('Sessions with a successful attempt'),
  adjusted_success_rate: Percentage.describe('100 × successful_sessions / total_sessions'),
  first_try_successes: Count.describe('Sessions whose first attempt succeeded'),
  first_try_success_rate: Percentage.describe('100 × first_try_successes / total_sessions'),
  second_try_successes: Count.describe('Sessions whose second attempt was the first to succeed'),
  second_try_success_rate: Percentage.describe('100 × second_try_successes / total_sessions'),
  third_plus_try_successes: Count.describe('Sessions whose third or a later attempt was the first to succeed'),
  third_plus_try_success_rate: Percentage.describe('100 × third_plus_try_successes / total_sessions'),
  error_gini_coefficient: Ratio.describe(
    'Gini coefficient of failed tests per active user, users without a failure counting 0; 0 is an even spread; NULL where nothing failed',
  ),
  ...createdAt,
});
export type DailyAdvancedMetrics = z.infer<typeof DailyAdvancedMetrics>;

export function deriveDailyAdvancedMetrics({ day }: PeriodFacts): Derived<DailyAdvancedMetrics> {
  const { first, second, later, never } = day.sessions;
  const successful = first + second + later;
  const total = successful + never;
  return {
    total_sessions: total,
    successful_sessions: successful,
    adjusted_success_rate: percentage(successful, total),
    first_try_successes: first,
    first_try_success_rate: percentage(first, total),
    second_try_successes: second,
    second_try_success_rate: percentage(second, total),
    third_plus_try_successes: later,
    third_plus_try_success_rate: percentage(later, total),
    error_gini_coefficient: gini(day.usersByFailures),
  };
}
