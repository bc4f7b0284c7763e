import * as z from 'zod';
import { errorKinds } from '../error-kinds';
import sql from './intake.sql';
import { Count, Day } from './values';

/** Rows of measurements of each period, by outcome. */
export const intake = {
  sql,
  row: z.strictObject({
    day: Day,
    outcome: z.enum(['success', ...errorKinds, 'unclassified', 'rejected']),
    source_rows: Count,
    latest_hour: z.number().int(),
  }),
};
