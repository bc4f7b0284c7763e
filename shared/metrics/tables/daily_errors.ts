import * as z from 'zod';
import { eachKind } from '../error-kinds';
import type { PeriodFacts } from '../facts/period-facts';
import { Count, createdAt, type Derived, periodColumns } from './columns';

export const DailyErrors = z.strictObject({
  ...periodColumns,
  ...eachKind((kind) => Count.describe(`Failed measurements of the kind ${kind}`)),
  total_errors: Count.describe('All failed measurements, those of any other kind included'),
  ...createdAt,
});
export type DailyErrors = z.infer<typeof DailyErrors>;

export function deriveDailyErrors({ day }: PeriodFacts): Derived<DailyErrors> {
  return { ...day.errors, total_errors: day.tests - day.successes };
}
