import * as z from 'zod';
import type { PeriodFacts } from '../facts/period-facts';
import { Count, createdAt, type Derived, periodColumns } from './columns';

const ofKind = (kind: string) => Count.describe(`Failed measurements of the kind ${kind}`);

export const DailyErrors = z.strictObject({
  ...periodColumns,
  no_period_history: ofKind('no_period_history'),
  camera_too_far: ofKind('camera_too_far'),
  camera_too_close: ofKind('camera_too_close'),
  analysis_error: ofKind('analysis_error'),
  test_lines_not_found: ofKind('test_lines_not_found'),
  test_not_found: ofKind('test_not_found'),
  total_errors: Count.describe('All failed measurements, those of any other kind included'),
  ...createdAt,
});
export type DailyErrors = z.infer<typeof DailyErrors>;

export function deriveDailyErrors({ day }: PeriodFacts): Derived<DailyErrors> {
  return { ...day.errors, total_errors: day.tests - day.successes };
}
