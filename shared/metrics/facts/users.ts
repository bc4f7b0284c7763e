import * as z from 'zod';
import sql from './users.sql';
import { Count, Day } from './values';

/** Rows of users of each day. */
export const users = { sql, row: z.strictObject({ day: Day, outcome: z.enum(['account', 'rejected']), source_rows: Count }) };
