import type { CalendarDate } from '../calendar';
import { type Grain, periodEnd } from '../grain';
import type { Annotation } from '../tables/annotations';

/** Returns those of the periods (by first day) with a day that an annotation excludes from comparisons. */
export function excludedPeriods(
  starts: readonly CalendarDate[],
  annotations: readonly Annotation[],
  grain: Grain,
): Set<CalendarDate> {
  const excluding = annotations.filter(({ exclude }) => exclude);
  return new Set(
    starts.filter((start) => {
      const end = periodEnd(start, grain);
      return excluding.some(({ date, until }) => date <= end && (until ?? date) >= start);
    }),
  );
}
