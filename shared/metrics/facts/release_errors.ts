import * as z from 'zod';
import { eachKind, errorKinds } from '../error-kinds';
import sql from './release_errors.sql';
import { Count, Day } from './values';

/** The people behind the failed tests of a period. `kinds` is a set as a sum of bits, in the order of errorKinds; the last bit is other kinds. */
export const releaseErrors = {
  sql,
  row: z.strictObject({
    day: Day,
    kinds: z
      .number()
      .int()
      .min(1)
      .max(2 ** (errorKinds.length + 1) - 1),
    users: Count,
    ...eachKind(() => Count, 'most_'),
  }),
};
