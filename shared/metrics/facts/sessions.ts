import * as z from 'zod';
import sql from './sessions.sql';
import { Count, Day } from './values';

/** Sessions of each period, by the number of their first successful attempt. */
export const sessions = {
  sql,
  row: z.strictObject({
    day: Day,
    first_success: z.number().int().min(0).max(3),
    sessions: Count,
  }),
};
