import type { CalendarDate } from '../../shared/metrics/calendar';
import { renderChange } from './change';
import { h } from './elements';
import { formatFigure, formatPeriod } from './format';
import type { History } from './history';
import type { Kinds } from './layout';
import { figureText } from './panel';
import { renderSpark, sparkPeriods } from './spark';

/** The kinds of a period, most frequent first, each with share, change and a small chart. The charts have one scale. */
export function renderRanking(
  history: History,
  { title, total, metrics }: Kinds,
  date: CalendarDate,
  before: CalendarDate | null,
): HTMLElement {
  const sum = history.value(date, total);
  const known = metrics.flatMap((name) => history.metrics.get(name) ?? []);
  const countOf = (metric: (typeof known)[number]) => history.value(date, metric.name) ?? -1;
  const window = sparkPeriods(history, date);
  const top = Math.max(1, ...known.flatMap(({ name }) => window.map((period) => history.value(period, name) ?? 0)));
  return h(
    'section',
    { class: 'ranking', 'aria-label': title },
    h('h3', {}, title, h('span', { class: 'panel-day' }, formatPeriod(date, history.grain))),
    h(
      'ol',
      {},
      known
        .toSorted((one, other) => countOf(other) - countOf(one))
        .map(({ name, label }) => {
          const value = history.value(date, name);
          const hasShare = typeof value === 'number' && typeof sum === 'number' && sum > 0;
          return h(
            'li',
            { 'data-metric': name },
            h('span', { class: 'name' }, label),
            h('b', {}, figureText(history, date, name)),
            h('span', { class: 'share' }, hasShare ? formatFigure((100 * value) / sum, 'percent') : ''),
            renderChange(history, name, date, before),
            renderSpark(history, name, { date, before, top }),
          );
        }),
    ),
  );
}
