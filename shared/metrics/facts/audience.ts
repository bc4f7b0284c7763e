import * as z from 'zod';
import sql from './audience.sql';
import { Count, Day } from './values';

/** Active users of each period, by earlier activity and by the time until they are active again. */
export const audience = {
  sql,
  row: z.strictObject({
    day: Day,
    sort: z.enum(['new', 'returning', 'reactivated']),
    gap: z.number().int().positive(),
    users: Count,
  }),
};
