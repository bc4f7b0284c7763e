import * as z from 'zod';
import type { Grain } from '../grain';
import { Count, createdAt, type Derived, periodColumnsOf } from './columns';
import { audienceColumns } from './daily_audience';

/** weekly_audience and monthly_audience. */
export const defineAudience = (grain: Exclude<Grain, 'day'>) =>
  z.strictObject({
    ...periodColumnsOf[grain],
    ...audienceColumns,
    returning_users: Count.describe('Of these, not new, users who were active in the period before'),
    reactivated_users: Count.describe('Of these, all others; new, returning and reactivated users add up to active_users'),
    lapsed_users: Count.describe('Users active in the period before and not in this one'),
    ...createdAt,
  });
export type Audience = z.infer<ReturnType<typeof defineAudience>>;

/** Numbers of people of a week or month. */
export interface PeriodAudience {
  new: number;
  returning: number;
  reactivated: number;
  lapsed: number;
}

export function deriveAudience(audience: PeriodAudience): Derived<Audience> {
  return {
    active_users: audience.new + audience.returning + audience.reactivated,
    new_users: audience.new,
    returning_users: audience.returning,
    reactivated_users: audience.reactivated,
    lapsed_users: audience.lapsed,
  };
}
