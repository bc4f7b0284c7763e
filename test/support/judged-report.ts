import { causesOf } from '../../shared/metrics/checks/causes';
import { type JudgedPeriod, judgePeriod } from '../../shared/metrics/checks/usual-range';
import { type Grain, periodEnd } from '../../shared/metrics/grain';
import { sentenceOf } from '../../shared/metrics/sentence';
import type { Annotation } from '../../shared/metrics/tables/annotations';
import type { ReadReport } from '../../shared/operate/judged';

/** What is said of the last of some periods, as if it had been read. */
export function reportOfLast(
  periods: readonly JudgedPeriod[],
  { grain = 'day', annotations = [] }: { grain?: Grain; annotations?: Annotation[] } = {},
): ReadReport {
  const start = periods.at(-1)?.start ?? '';
  const judgements = judgePeriod(periods, start, { grain });
  return {
    grain,
    start,
    judgements,
    annotations,
    causes: causesOf(judgements),
    sentence: sentenceOf(judgements, { start, grain }),
    report: { date: periodEnd(start, grain), madeAt: new Date(`${periodEnd(start, grain)}T23:59:30Z`) },
  };
}
