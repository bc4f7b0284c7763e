import type { CalendarDate } from '../../shared/metrics/calendar';
import type { Unit } from '../../shared/metrics/tables/columns';
import type { MetricName } from '../metrics';
import { formatFigure, formatNumber, formatWeekday } from './format';
import type { History, Range, Usual } from './history';

/**
 * The range to draw behind a figure's line; null for growing figures: they are judged at the end of their period, but the line shows their
 * present value.
 */
export function bandOf(history: History, metric: MetricName, date: CalendarDate): Range | null {
  return hasBand(history, metric) ? (history.usual(date, metric)?.range ?? null) : null;
}

/** Whether the ranges of a figure are drawn. */
export function hasBand(history: History, metric: MetricName): boolean {
  const isJudged = history.data.grains[history.grain]?.usual?.figures[metric] !== undefined;
  return isJudged && history.metrics.get(metric)?.grows === false;
}

/** `74 to 90`, `18.1 to 25.3 %`, on one line. */
export function formatRange({ low, high }: Range, unit: Unit): string {
  return low === high ? formatFigure(low, unit) : `${formatNumber(low, unit)}\u00a0to\u00a0${formatFigure(high, unit)}`;
}

const words = { '-2': 'low', '-1': 'a little low', '1': 'a little high', '2': 'high' } as const;

/** `high`, `a little low`; null if the figure is usual or not judged. */
export function outsideText({ outside }: Usual): string | null {
  return outside === null ? null : words[outside];
}

/** `usual for a Tuesday: 74 to 90`, `usual: 300 to 410`, `not judged`; null if nothing is known. */
export function usualText(history: History, metric: MetricName, date: CalendarDate): string | null {
  const usual = history.usual(date, metric);
  const known = history.metrics.get(metric);
  if (usual === null || known === undefined) return null;
  const { range, notJudged } = usual;
  if (range === null) return 'not judged';
  const { grain } = history;
  const at = known.grows ? `at the end of the ${grain} ${grownText(history, metric, date)}, ` : '';
  const of = grain === 'day' ? `usual for a ${formatWeekday(date)}` : 'usual';
  return `${notJudged === null ? '' : 'not judged; '}${at}${of}: ${formatRange(range, known.unit)}`;
}

/** A growing figure at the end of its period. */
function grownText(history: History, metric: MetricName, date: CalendarDate): string {
  const growing = [...history.metrics.values()].filter(({ grows }) => grows);
  const place = growing.findIndex(({ name }) => name === metric);
  const value = history.period(date)?.grown.find(({ age }) => age === 0)?.values[place] ?? null;
  return value === null ? '–' : formatFigure(value, growing[place]?.unit ?? 'count');
}
