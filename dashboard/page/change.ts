import type { CalendarDate } from '../../shared/metrics/calendar';
import type { MetricName } from '../metrics';
import { h, spoken } from './elements';
import { formatFigure, formatMany, formatNumber, formatPeriod } from './format';
import { compare, type History } from './history';
import { goodDirection } from './layout';

/**
 * The change of a figure since an earlier period, and whether it is good: in points for percentages, otherwise in per cent. Null if there is
 * nothing to compare.
 */
export function renderChange(
  history: History,
  metric: MetricName,
  date: CalendarDate,
  before: CalendarDate | null,
): HTMLElement | null {
  if (before === null) return null;
  const { grain } = history;
  const comparison = compare(history, metric, date, before);
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
    `${isSame ? ' as' : ' from'} ${formatFigure(base, unit)} ${grain === 'day' ? 'on' : 'in'} ${formatPeriod(other, grain)}`,
    age !== null && `, both ${age === 0 ? `at the end of the ${grain}` : `after ${formatMany(age, grain)}`}`,
    of !== history.value(date, metric) && ` (${formatFigure(of, unit)} then)`,
  );
}
