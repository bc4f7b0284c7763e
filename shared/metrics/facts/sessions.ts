import * as z from 'zod';
import sql from './sessions.sql';
import { Count, Day } from './values';

/** Sessions of each period, by which of their attempts was the first to succeed. */
export const sessions = {
  sql,
  row: z.strictObject({
    day: Day,
    first_success: z.number().int().min(0).max(3),
    sessions: Count,
  }),
};
