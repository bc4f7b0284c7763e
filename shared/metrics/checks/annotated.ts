import type { CalendarDate } from '../calendar';
import { type Grain, periodEnd } from '../grain';
import type { Annotation } from '../tables/annotations';

/** Of the periods that begin on these days, those with a day that an annotation leaves out of comparisons. */
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
