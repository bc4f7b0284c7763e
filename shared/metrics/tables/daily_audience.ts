import * as z from 'zod';
import { Count, createdAt, type Derived, Percentage, percentage, periodColumns } from './columns';

/** Active users of a period, by whether they had tested before. */
export const audienceColumns = {
  active_users: Count.describe('Distinct users with a measurement'),
  new_users: Count.describe('Of these, users whose first test lies in the period'),
};

export const DailyAudience = z.strictObject({
  ...periodColumns,
  ...audienceColumns,
  returning_users: Count.describe('Of these, not new, users who were active on at least one of the 28 days before'),
  reactivated_users: Count.describe('Of these, all others; new, returning and reactivated users add up to active_users'),
  active_users_7d: Count.describe('Distinct users active on the day or one of the 6 days before'),
  active_users_28d: Count.describe('Distinct users active on the day or one of the 27 days before'),
  stickiness: Percentage.describe('100 × active_users / active_users_28d'),
  ...createdAt,
});
export type DailyAudience = z.infer<typeof DailyAudience>;

/** Numbers of people of a day. */
export interface DayAudience {
  new: number;
  returning: number;
  reactivated: number;
  activeIn7Days: number;
  activeIn28Days: number;
}

export function deriveDailyAudience(audience: DayAudience): Derived<DailyAudience> {
  const active = audience.new + audience.returning + audience.reactivated;
  return {
    active_users: active,
    new_users: audience.new,
    returning_users: audience.returning,
    reactivated_users: audience.reactivated,
    active_users_7d: audience.activeIn7Days,
    active_users_28d: audience.activeIn28Days,
    stickiness: percentage(active, audience.activeIn28Days),
  };
}
