import * as z from 'zod';
import sql from './repeats.sql';
import { Count, Day } from './values';

/** Rows of measurements that are there twice. */
export const repeats = { sql, row: z.strictObject({ day: Day, duplicates: Count }) };
