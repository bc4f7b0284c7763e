import type { CalendarDate } from '../shared/metrics/calendar';
import { derivePeriods, type HistoryRow } from '../shared/metrics/checks/usual-history';
import { describeReason, type Judgement, judgedFigureNames } from '../shared/metrics/checks/usual-range';
import { type JudgedOptions, judgeEach } from '../shared/metrics/judged';
import type { Outside, UsualFigure, UsualFigures } from './data';

/** Judges the periods of a grain from published rows of its core tables, with the same result as `kpi status`. */
export function deriveUsual(
  rows: readonly HistoryRow[],
  starts: readonly CalendarDate[],
  { grain, timeZone, annotations }: JudgedOptions,
): UsualFigures {
  const periods = judgeEach(derivePeriods(rows, { grain, timeZone }), starts, { grain, annotations });
  const [reasons, patterns] = [createList(), createList()];
  const figures = judgedFigureNames.map((name, at) => {
    const figure: UsualFigure = { low: [], high: [], outside: {}, notJudged: {} };
    for (const [place, { judgements }] of periods.entries()) {
      const judgement = judgements[at] as Judgement;
      const { low, high, unit, reason } = judgement;
      const hasRange = low !== null && high !== null;
      const why = reason === null ? null : reasons.numberOf(describeReason(judgement, grain));
      const outside = outsideOf(judgement);
      figure.low.push(hasRange ? round(low, unit) : -1 - (why ?? 0));
      figure.high.push(hasRange ? round(high, unit) : 0);
      if (outside !== null) figure.outside[place] = outside;
      if (hasRange && why !== null) figure.notJudged[place] = why;
    }
    return [name, figure];
  });
  const sentences = periods.map(({ sentence }) => {
    const pattern = sentence.replaceAll(NUMBER, '#');
    return [patterns.numberOf(pattern), ...(sentence.match(NUMBER) ?? [])].join(' ');
  });
  return { sentences, patterns: patterns.texts, figures: Object.fromEntries(figures), reasons: reasons.texts };
}

/** Numbers in sentences. */
const NUMBER = /\d[\d,.]*/g;

/** A list that keeps each repeated text once. */
function createList() {
  const texts: string[] = [];
  return {
    texts,
    numberOf(text: string): number {
      const place = texts.indexOf(text);
      return place < 0 ? texts.push(text) - 1 : place;
    },
  };
}

/** Rates are shown with one decimal. */
function round(value: number, unit: Judgement['unit']): number {
  return unit === 'count' ? value : Number(value.toFixed(1));
}

function outsideOf({ value, low, high, verdict }: Judgement): Outside | null {
  if (verdict === 'high') return 2;
  if (verdict === 'low') return -2;
  if (verdict !== 'usual' || value === null || low === null || high === null) return null;
  return value > high ? 1 : value < low ? -1 : null;
}
