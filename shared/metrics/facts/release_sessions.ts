import * as z from 'zod';
import sql from './release_sessions.sql';
import { Count, Day } from './values';

/** The people behind the sessions of a period. `sorts` is a set of sorts of session: the sum of their bits. */
export const releaseSessions = {
  sql,
  row: z.strictObject({
    day: Day,
    sorts: z.number().int().min(1).max(15),
    users: Count,
    repeat_users: Count,
    repeat_successful_users: Count,
    most_first_try: Count,
    most_second_try: Count,
    most_later_try: Count,
    most_never: Count,
    most_successful: Count,
    most_sessions: Count,
  }),
};
