import * as z from 'zod';
import sql from './activity.sql';
import { Count, Day } from './values';

/** Active users of each period, by their number of failed tests. */
export const activity = {
  sql,
  row: z.strictObject({
    day: Day,
    failures: Count,
    users: Count,
    successful_users: Count,
    tests: Count,
    successes: Count,
  }),
};
