import type { CalendarDate } from '../../shared/metrics/calendar';
import { renderChange } from './change';
import { h, spoken } from './elements';
import { formatNumber, signs } from './format';
import type { History, KnownMetric } from './history';
import { cards } from './layout';
import { figureText, partsText } from './panel';
import { renderSpark } from './spark';
import { outsideText, usualText } from './usual';

/** The cards of a period, compared with the period `before`; null: without comparison. */
export function renderCards(history: History, date: CalendarDate, before: CalendarDate | null): HTMLElement {
  return h(
    'ul',
    { class: 'cards' },
    cards.flatMap((name) => {
      const metric = history.metrics.get(name);
      return metric === undefined ? [] : renderCard(history, metric, date, before);
    }),
  );
}

function renderCard(
  history: History,
  { name: metric, label, unit, definition }: KnownMetric,
  date: CalendarDate,
  before: CalendarDate | null,
): HTMLElement {
  const value = history.value(date, metric);
  const open = history.isOpen(date, metric);
  const note = history.period(date)?.provisional ? 'so far' : open ? 'growing' : null;
  const parts = partsText(history, metric, date);
  const usual = history.usual(date, metric);
  const outside = usual && outsideText(usual);
  const figure =
    typeof value === 'number'
      ? h('span', {}, formatNumber(value, unit), signs[unit] && h('small', {}, ` ${signs[unit]}`))
      : figureText(history, date, metric);
  return h(
    'li',
    { class: `card${open ? ' open' : ''}`, 'data-metric': metric },
    h('h3', {}, label),
    h(
      'p',
      { class: typeof value === 'number' ? 'figure' : 'figure none' },
      figure,
      ' ',
      note && h('span', { class: 'tag' }, note),
      outside && h('span', { class: Math.abs(usual.outside ?? 0) > 1 ? 'outside noticed' : 'outside' }, outside),
    ),
    parts && h('p', { class: 'parts' }, parts),
    renderChange(history, metric, date, before),
    usual && h('p', { class: 'usual' }, usualText(history, metric, date)),
    renderSpark(history, metric, { date, before }),
    h(
      'details',
      { class: 'hint' },
      h(
        'summary',
        { title: 'How it is counted' },
        h('span', { 'aria-hidden': 'true' }, 'i'),
        spoken(`How it is counted: ${label}`),
      ),
      h('p', {}, definition),
      usual?.notJudged && h('p', {}, `It is not judged: ${usual.notJudged}.`),
    ),
  );
}
