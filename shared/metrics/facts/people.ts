import * as z from 'zod';
import sql from './people.sql';
import { Count, Day } from './values';

/** People of each period, by the period of their first test. */
export const people = {
  sql,
  row: z.strictObject({ role: z.enum(['account', 'tester']), day: Day, first_test_day: Day.nullable(), people: Count }),
};
