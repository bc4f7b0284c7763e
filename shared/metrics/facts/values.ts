import * as z from 'zod';

export const Count = z.number().int().nonnegative();
export const Day = z.iso.date();
