import type { CalendarDate } from './calendar';
import { excludedPeriods } from './checks/annotated';
import { type Cause, causesOf } from './checks/causes';
import { derivePeriods, type HistoryRow } from './checks/usual-history';
import { type JudgedPeriod, type Judgement, judgePeriods } from './checks/usual-range';
import type { Grain } from './grain';
import { sentenceOf } from './sentence';
import type { Annotation } from './tables/annotations';

/** What is said of one period: the same on the page, in the terminal, in a digest and in the log. */
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

/** Judges the period that begins on `start`, or the newest one that is over, by published rows of the core tables of a grain; null if there is none. */
export function judgeRows(
  rows: readonly HistoryRow[],
  start: CalendarDate | null,
  { grain, timeZone, annotations }: JudgedOptions,
): JudgedReport | null {
  const periods = derivePeriods(rows, { grain, timeZone });
  const judged = start ?? newestOver(periods);
  return judged === null ? null : createJudgement(periods, { grain, annotations })(judged);
}

/** Judges each period by those before it, and answers by the first day of one: null if it lies before or after all. */
export function createJudgement(
  periods: readonly JudgedPeriod[],
  { grain, annotations }: Pick<JudgedOptions, 'grain' | 'annotations'>,
): (start: CalendarDate) => JudgedReport | null {
  const starts = periods.map(({ start }) => start);
  const judged = judgePeriods(periods, { grain, excluded: excludedPeriods(starts, annotations, grain) });
  return (start) => {
    const judgements = judged.get(start);
    if (judgements === undefined) return null;
    return { grain, start, judgements, causes: causesOf(judgements), sentence: sentenceOf(judgements, { start, grain }) };
  };
}

/** How many figures lie outside their usual range; null if none was judged. */
export function countUnusual(judgements: readonly Judgement[]): number | null {
  const judged = judgements.filter(({ verdict }) => verdict !== 'not judged');
  return judged.length === 0 ? null : judged.filter(({ verdict }) => verdict !== 'usual').length;
}

function newestOver(periods: readonly JudgedPeriod[]): CalendarDate | null {
  const over = periods.filter(({ isOver }) => isOver).map(({ start }) => start);
  return over.sort().at(-1) ?? null;
}
