import * as z from 'zod';
import { sourceTableNames } from '../source-contract';
import sql from './freshness.sql';
import { Count, Day } from './values';

/** The newest rows of the source. If counting costs money, it is counted before the other facts, to find a late source. */
export const freshness = {
  sql,
  row: z.strictObject({
    source: z.enum(sourceTableNames),
    day: Day,
    source_rows: Count,
    latest_hour: z.number().int().nullable(),
  }),
};
