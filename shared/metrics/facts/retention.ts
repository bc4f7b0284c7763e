import * as z from 'zod';
import sql from './retention.sql';
import { Count, Day } from './values';

/** Active users of each cohort and period. */
export const retention = { sql, row: z.strictObject({ cohort_day: Day, day: Day, users: Count }) };
