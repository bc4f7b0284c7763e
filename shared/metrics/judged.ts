import type { CalendarDate } from './calendar';
import { excludedPeriods } from './checks/annotated';
import { type Cause, causesOf } from './checks/causes';
import { derivePeriods, type HistoryRow } from './checks/usual-history';
import { historyStart, type JudgedPeriod, type Judgement, judgePeriod, judgePeriods } from './checks/usual-range';
import type { Grain } from './grain';
import { sentenceOf } from './sentence';
import type { Annotation } from './tables/annotations';

/** The judgement of one period: the same on the page, in the terminal, in a digest and in the log. */
export interface JudgedReport {
  grain: Grain;
  /** First day of the period. */
  start: CalendarDate;
  judgements: Judgement[];
  causes: Cause[];
  sentence: string;
}

export interface JudgedOptions {
  grain: Grain;
  timeZone: string;
  annotations: readonly Annotation[];
}

/** Judges the period that begins on `start`, or the newest finished one, from published rows of a grain's core tables; null if it has none. */
export function judgeRows(
  rows: readonly HistoryRow[],
  start: CalendarDate | null,
  { grain, timeZone, annotations }: JudgedOptions,
): JudgedReport | null {
  const periods = derivePeriods(rows, { grain, timeZone });
  const judged = start ?? newestOver(periods);
  return judged === null ? null : judgeOne(periods, judged, { grain, annotations });
}

/** Judges a period by earlier ones. */
export function judgeOne(
  periods: readonly JudgedPeriod[],
  start: CalendarDate,
  options: Pick<JudgedOptions, 'grain' | 'annotations'>,
): JudgedReport {
  return judgeEach(periods, [start], options)[0] as JudgedReport;
}

/** Judges several periods with the same result as one by one. Those with the same history are judged together. */
export function judgeEach(
  periods: readonly JudgedPeriod[],
  starts: readonly CalendarDate[],
  { grain, annotations }: Pick<JudgedOptions, 'grain' | 'annotations'>,
): JudgedReport[] {
  const latest = new Map<CalendarDate, CalendarDate>();
  for (const start of starts.toSorted()) latest.set(historyStart(start, grain), start);
  const histories = new Map(
    Array.from(latest, ([since, until]) => {
      const history = periods.filter(({ start }) => start >= since && start <= until);
      const known = history.map(({ start }) => start);
      return [since, judgePeriods(history, { grain, excluded: excludedPeriods(known, annotations, grain) })] as const;
    }),
  );
  return starts.map((start) => {
    const judgements = histories.get(historyStart(start, grain))?.get(start) ?? judgePeriod([], start, { grain });
    return { grain, start, judgements, causes: causesOf(judgements), sentence: sentenceOf(judgements, { start, grain }) };
  });
}

/** Number of figures outside their usual range; null if none was judged. */
export function countUnusual(judgements: readonly Judgement[]): number | null {
  const judged = judgements.filter(({ verdict }) => verdict !== 'not judged');
  return judged.length === 0 ? null : judged.filter(({ verdict }) => verdict !== 'usual').length;
}

function newestOver(periods: readonly JudgedPeriod[]): CalendarDate | null {
  const over = periods.filter(({ isOver }) => isOver).map(({ start }) => start);
  return over.sort().at(-1) ?? null;
}
