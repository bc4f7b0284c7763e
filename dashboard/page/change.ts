import type { CalendarDate } from '../../shared/metrics/calendar';
import type { MetricName } from '../metrics';
import { h, spoken } from './elements';
import { formatDate, formatFigure, formatNumber } from './format';
import { compare, type History } from './history';
import { goodDirection } from './layout';

/**
 * The change of a figure since so many days before, and whether that is good: in points where the figure is a percentage, else in per
 * cent. null where nothing is to be compared.
 */
export function renderChange(history: History, metric: MetricName, date: CalendarDate, days: number | null): HTMLElement | null {
  if (days === null) return null;
  const comparison = compare(history, metric, date, days);
  if (comparison.kind === 'none') return h('p', { class: 'change' }, h('b', {}, '–'), ` not compared: ${comparison.why}`);
  const { of, base, with: other, age } = comparison;
  const unit = history.metrics.get(metric)?.unit ?? 'count';
  const good = goodDirection[metric];
  const difference = of - base;
  const inPoints = unit === 'percent' || unit === 'points';
  const [amount, amountUnit, sign] = inPoints
    ? ([difference, 'percent', ' pp'] as const)
    : base === 0
      ? ([difference, unit, ''] as const)
      : ([(100 * difference) / base, 'percent', ' %'] as const);
  const size = formatNumber(Math.abs(amount), amountUnit);
  const isSame = size === formatNumber(0, amountUnit);
  const direction = isSame ? 'same' : difference > 0 ? 'up' : 'down';
  const verdict = good === undefined || isSame ? 'neutral' : direction === good ? 'good' : 'bad';
  const arrow = { up: '↑', down: '↓', same: difference === 0 ? '=' : '≈' }[direction];
  const spokenDirection = { up: 'up', down: 'down', same: '' }[direction];
  const text = isSame ? (difference === 0 ? 'unchanged' : 'about the same') : `${size}${sign}`;
  return h(
    'p',
    { class: `change ${verdict}` },
    h(
      'b',
      {},
      h('span', { 'aria-hidden': 'true' }, arrow),
      spoken(spokenDirection),
      ` ${text}`,
      verdict === 'neutral' ? null : spoken(verdict === 'good' ? ', better' : ', worse'),
    ),
    `${isSame ? ' as' : ' from'} ${formatFigure(base, unit)} on ${formatDate(other)}`,
    age !== null && `, both ${age === 0 ? 'on the day itself' : age === 1 ? 'after a day' : `after ${age} days`}`,
    of !== history.value(date, metric) && ` (${formatFigure(of, unit)} then)`,
  );
}
