import * as z from 'zod';
import { sourceTableNames } from '../source-contract';
import sql from './misdated.sql';
import { Count } from './values';

/** Rows with an impossible created_at. */
export const misdated = { sql, row: z.strictObject({ source: z.enum(sourceTableNames), source_rows: Count }) };
