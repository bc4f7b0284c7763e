import * as z from 'zod';
import sql from './repeats.sql';
import { Count, Day } from './values';

/** Repeated rows of measurements. */
export const repeats = { sql, row: z.strictObject({ day: Day, duplicates: Count }) };
