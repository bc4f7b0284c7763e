import { addDays, type CalendarDate } from '../../shared/metrics/calendar';
import type { MetricName } from '../metrics';
import { type Chart, drawChart, type Series } from './chart';
import { keepDrawn } from './drawing';
import { h, svg } from './elements';
import { formatDate, formatFigure, formatNumber } from './format';
import { compare, type History, smooth, within } from './history';
import { fractions, type Panel } from './layout';

export interface PanelView {
  element: HTMLElement;
  isNear(): boolean;
  /** Shows these days. */
  show(days: readonly CalendarDate[]): void;
  /** Points at a day, and at the one so many days before that it is compared with; null for nothing. */
  point(date: CalendarDate, daysBefore: number | null): void;
}

export interface PanelOptions {
  panel: Panel;
  history: History;
  /** The pointer or the keyboard is at a day; null: at none any more. */
  onPoint: (date: CalendarDate | null) => void;
  onChoose: (date: CalendarDate) => void;
}

/**
 * A chart with a line above it that names its series and reads their values at the day pointed at. It is operated like a slider, so
 * that keyboard and screen reader get to each day. null where the data has none of its series.
 */
export function createPanel({ panel, history, onPoint, onChoose }: PanelOptions): PanelView | null {
  const known = panel.series.flatMap((name) => history.metrics.get(name) ?? []);
  if (known[0] === undefined) return null;
  const { unit, label } = known[0];
  const title = panel.title ?? label;
  const total = panel.total && history.metrics.get(panel.total);
  const shown = [...known, ...(total ? [total] : [])];

  const day = h('span');
  const comparedDay = h('span');
  const values = shown.map(() => h('b'));
  const besides = shown.map(() => h('span'));
  const readout = h(
    'ul',
    { class: 'readout' },
    shown.map(({ label }, index) =>
      h('li', { class: index < known.length ? `series-${index + 1}` : null }, `${label} `, values[index], besides[index]),
    ),
  );
  const canvas = h('div', {
    class: 'chart',
    role: 'slider',
    tabindex: 0,
    'aria-label': `${title}, by day`,
    onkeydown: (event: KeyboardEvent) => onKey(event),
    onpointermove: (event: PointerEvent) => chart && onPoint(chart.dateAt(event.offsetX)),
    onpointerleave: () => onPoint(null),
    onclick: (event: MouseEvent) => chart && onChoose(chart.dateAt(event.offsetX)),
    onblur: () => onPoint(null),
  });
  const element = h(
    'section',
    { class: `panel columns-${panel.columns}${panel.steps ? ' steps' : ''} ${panel.form}`, 'aria-label': title },
    h('div', { class: 'panel-head' }, h('h3', {}, title), h('span', { class: 'panel-day' }, day, comparedDay)),
    readout,
    canvas,
    h(
      'details',
      { class: 'definitions' },
      h('summary', {}, 'How it is counted'),
      h(
        'dl',
        {},
        shown.map(({ label, definition }) => h('div', {}, h('dt', {}, label), h('dd', {}, definition))),
      ),
    ),
  );

  let days: readonly CalendarDate[] = [];
  let places: ReadonlyMap<CalendarDate, number> = new Map();
  let at: CalendarDate = history.last;
  let comparedWith: CalendarDate | null = null;
  let chart: Chart | null = null;
  // apart from the chart, so that pointing doesn't paint it again
  const marks = svg('svg', { class: 'marks', 'aria-hidden': 'true' });

  const draw = (width: number) => {
    if (days.length === 0) return;
    const fontSize = Number.parseFloat(getComputedStyle(canvas).fontSize);
    const series = known.map(({ name, label }, index): Series => {
      const bold = panel.smooth === undefined ? [] : smooth(history, name, days, { days: panel.smooth, parts: fractions[name] });
      return {
        colour: index + 1,
        label,
        points: days.map((date, place) => ({
          date,
          value: history.value(date, name) ?? null,
          open: history.isOpen(date, name),
          smooth: bold[place] ?? null,
        })),
      };
    });
    const reach = Math.max(0, ...(panel.sameScale ?? []).flatMap((name) => days.map((day) => history.value(day, name) ?? 0)));
    const { form, top } = panel;
    chart = drawChart({ form, series, unit, top, reach, width, height: canvas.clientHeight, fontSize });
    canvas.replaceChildren(chart.svg, marks);
    mark();
  };
  const mark = () => {
    if (chart === null) return;
    const isShown = (date: CalendarDate | null) => date !== null && date >= (days[0] ?? '') && date <= (days.at(-1) ?? '');
    const lines = [
      ['compared', comparedWith],
      ['chosen', at],
    ] as const;
    marks.replaceChildren(
      ...lines.flatMap(([kind, date]) => {
        if (chart === null || date === null || !isShown(date)) return [];
        const x = chart.xOf(date);
        return svg('line', { class: `pointer ${kind}`, x1: x, x2: x, y1: 0, y2: chart.bottom });
      }),
      ...(isShown(at) ? chart.dotsAt(at) : []).map(({ y, colour }) =>
        svg('circle', { class: `series-${colour}`, cx: chart?.xOf(at) ?? 0, cy: y, r: 3.5 }),
      ),
    );
  };
  const onKey = (event: KeyboardEvent) => {
    const [from, to] = [days[0] ?? at, days.at(-1) ?? at];
    const moves: Record<string, CalendarDate> = {
      ArrowLeft: addDays(at, -1),
      ArrowDown: addDays(at, -1),
      ArrowRight: addDays(at, 1),
      ArrowUp: addDays(at, 1),
      PageDown: addDays(at, -7),
      PageUp: addDays(at, 7),
      Home: from,
      End: to,
    };
    const target = moves[event.key];
    if (event.key === 'Enter' || event.key === ' ') onChoose(at);
    else if (target !== undefined) onPoint(within(target, from, to));
    else return;
    event.preventDefault();
  };
  const drawing = keepDrawn(canvas, draw);

  return {
    element,
    isNear: drawing.isNear,
    show(next) {
      days = next;
      places = new Map(days.map((date, place) => [date, place]));
      canvas.setAttribute('aria-valuemin', '0');
      canvas.setAttribute('aria-valuemax', String(days.length - 1));
      drawing.redraw();
    },
    point(date, daysBefore) {
      at = date;
      comparedWith = daysBefore === null ? null : addDays(date, -daysBefore);
      const open = history.day(date) !== undefined && known.some(({ name }) => history.isOpen(date, name));
      const note = history.day(date)?.provisional ? ', so far' : open ? ', still growing' : '';
      const texts = shown.map(({ name }) => figureText(history, date, name));
      const before = shown.map(({ name }) => comparedText(history, name, date, daysBefore));
      put(day, `${formatDate(date)}${note}`);
      put(comparedDay, comparedWith !== null && before.some((text) => text !== '') ? ` vs ${formatDate(comparedWith)}` : '');
      for (const [index, { name }] of shown.entries()) {
        put(values[index], texts[index] ?? '');
        const parts = partsText(history, name, date);
        put(besides[index], `${parts === null ? '' : ` (${parts})`}${before[index]}`);
      }
      canvas.setAttribute('aria-valuenow', String(Math.max(0, places.get(date) ?? 0)));
      canvas.setAttribute(
        'aria-valuetext',
        `${day.textContent}: ${shown.map(({ label }, index) => `${label} ${texts[index]}`).join(', ')}`,
      );
      mark();
    },
  };
}

/** Changes a text only if it is another one. */
function put(element: HTMLElement | undefined, text: string): void {
  if (element !== undefined && element.textContent !== text) element.textContent = text;
}

/** What the figure is compared with, beside it; empty where it isn't compared, or only as it stood at another age. */
function comparedText(history: History, metric: MetricName, date: CalendarDate, daysBefore: number | null): string {
  const comparison = daysBefore === null ? null : compare(history, metric, date, daysBefore);
  if (comparison?.kind !== 'change' || comparison.of !== history.value(date, metric)) return '';
  return ` vs ${formatFigure(comparison.base, history.metrics.get(metric)?.unit ?? 'count')}`;
}

/** A figure as text; – where there is none, and why. */
export function figureText(history: History, date: CalendarDate, metric: MetricName): string {
  const value = history.value(date, metric);
  const unit = history.metrics.get(metric)?.unit;
  if (value === undefined || unit === undefined) return 'no report';
  if (value === null) return history.data.of.kind === 'release' ? 'hidden' : '–';
  return formatFigure(value, unit);
}

/** `14 of 25 accounts`; null where the figure has no parts, or they aren't known. */
export function partsText(history: History, metric: MetricName, date: CalendarDate): string | null {
  const fraction = fractions[metric];
  if (fraction === undefined) return null;
  const [part, whole] = [history.value(date, fraction.part), history.value(date, fraction.whole)];
  if (typeof part !== 'number' || typeof whole !== 'number') return null;
  return `${formatNumber(part, 'count')} of ${formatNumber(whole, 'count')} ${fraction.things}`;
}
