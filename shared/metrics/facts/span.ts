import * as z from 'zod';
import { sourceTableNames } from '../source-contract';
import sql from './span.sql';
import { Count, Day } from './values';

/** The range of the source's dates. Counted only if a date is outside of it, or if many rows have an impossible time. */
export const span = {
  sql,
  row: z.strictObject({
    source: z.enum(sourceTableNames),
    first_day: Day.nullable(),
    last_day: Day.nullable(),
    newest_rows: Count,
    source_rows: Count,
  }),
};
