import * as z from 'zod';
import sql from './release_tests.sql';
import { Count, Day } from './values';

/** The people behind the tests of a period. */
export const releaseTests = {
  sql,
  row: z.strictObject({
    day: Day,
    users: Count,
    repeat_users: Count,
    repeat_successful_users: Count,
    most_tests: Count,
    most_successes: Count,
    most_failures: Count,
  }),
};
