import { addDays, type CalendarDate, datesBetween } from '../../shared/calendar';
import type { Unit } from '../../shared/tables/columns';
import type { MetricName } from '../metrics';
import { drawChart, type Series } from './chart';
import { keepDrawn } from './drawing';
import { h, spoken } from './elements';
import { formatDate, formatFigure, formatNumber, signs } from './format';
import { type Comparison, compare, type History, type KnownMetric, within } from './history';
import { cards, fractions, goodDirection } from './layout';
import { figureText } from './panel';

const SPARK_DAYS = 28;

/** The headline cards of a day; `days` before is what they are compared with, null for nothing. */
export function renderCards(history: History, date: CalendarDate, days: number | null): HTMLElement {
  return h(
    'ul',
    { class: 'cards' },
    cards.flatMap((name) => {
      const metric = history.metrics.get(name);
      return metric === undefined ? [] : renderCard(history, metric, date, days);
    }),
  );
}

function renderCard(
  history: History,
  { name: metric, label, unit, definition }: KnownMetric,
  date: CalendarDate,
  days: number | null,
): HTMLElement {
  const value = history.value(date, metric);
  const open = history.isOpen(date, metric);
  const note = history.day(date)?.provisional ? 'so far' : open ? 'growing' : null;
  const parts = partsText(history, metric, date);
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
    ),
    parts && h('p', { class: 'parts' }, parts),
    days === null ? null : renderChange(compare(history, metric, date, days), value, unit, goodDirection[metric]),
    renderSpark(history, metric, date, days === null ? null : addDays(date, -days)),
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
    ),
  );
}

/** `14 of 25 accounts`; null where the figure has no parts, or they aren't known. */
function partsText(history: History, metric: MetricName, date: CalendarDate): string | null {
  const fraction = fractions[metric];
  if (fraction === undefined) return null;
  const [part, whole] = [history.value(date, fraction.part), history.value(date, fraction.whole)];
  if (typeof part !== 'number' || typeof whole !== 'number') return null;
  return `${formatNumber(part, 'count')} of ${formatNumber(whole, 'count')} ${fraction.things}`;
}

/** The change since the day compared with: in points where the figure is a percentage, else in per cent. */
function renderChange(
  comparison: Comparison,
  shown: number | null | undefined,
  unit: Unit,
  good: 'up' | 'down' | undefined,
): HTMLElement {
  if (comparison.kind === 'none') return h('p', { class: 'change' }, h('b', {}, '–'), ` not compared: ${comparison.why}`);
  const { of, base, with: other, age } = comparison;
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
    of !== shown && ` (${formatFigure(of, unit)} then)`,
  );
}

function renderSpark(history: History, metric: MetricName, date: CalendarDate, comparedWith: CalendarDate | null): HTMLElement {
  const from = addDays(date, 1 - SPARK_DAYS);
  const days = datesBetween(within(from, history.first, date), date);
  const series: Series = {
    colour: 1,
    label: '',
    points: days.map((day) => ({ date: day, value: history.value(day, metric) ?? null, open: history.isOpen(day, metric) })),
  };
  const spark = h('div', { class: 'spark', 'aria-hidden': 'true' });
  keepDrawn(spark, (width) => {
    const { svg } = drawChart({
      form: 'lines',
      series: [series],
      unit: 'count',
      top: undefined,
      width,
      height: spark.clientHeight,
      fontSize: 0,
      dots: [comparedWith, date].flatMap((day) => day ?? []),
    });
    spark.replaceChildren(svg);
  });
  return spark;
}
