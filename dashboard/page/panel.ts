import { addDays, type CalendarDate } from '../../shared/calendar';
import type { MetricName } from '../metrics';
import { type Chart, drawChart, type Series } from './chart';
import { keepDrawn } from './drawing';
import { h } from './elements';
import { formatDate, formatFigure } from './format';
import { type History, within } from './history';
import type { Panel } from './layout';

export interface PanelView {
  element: HTMLElement;
  /** Shows these days. */
  show(days: readonly CalendarDate[]): void;
  /** Points at a day, and at the one that it is compared with. */
  point(date: CalendarDate, comparedWith: CalendarDate | null): void;
}

export interface PanelOptions {
  panel: Panel;
  history: History;
  /** The pointer or the keyboard is at a day; null: at none any more. */
  onPoint: (date: CalendarDate | null) => void;
  onChoose: (date: CalendarDate) => void;
}

const HEIGHT = 12.75; // in the size of the text, as all lengths

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

  const day = h('span', { class: 'panel-day' });
  const values = shown.map(() => h('b'));
  const readout = h(
    'ul',
    { class: 'readout' },
    shown.map(({ label }, index) =>
      h('li', { 'data-series': index < known.length ? index + 1 : null }, `${label} `, values[index]),
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
    h('div', { class: 'panel-head' }, h('h3', {}, title), day),
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
  let at: CalendarDate = history.last;
  let comparedWith: CalendarDate | null = null;
  let chart: Chart | null = null;

  const draw = () => {
    const fontSize = Number.parseFloat(getComputedStyle(canvas).fontSize);
    const width = canvas.clientWidth;
    if (width === 0 || days.length === 0) return;
    const series = known.map(
      ({ name }, index): Series => ({
        colour: index + 1,
        points: days.map((date) => ({ date, value: history.value(date, name) ?? null, open: history.isOpen(date, name) })),
      }),
    );
    chart = drawChart({ form: panel.form, series, unit, top: panel.top, width, height: HEIGHT * fontSize, fontSize });
    canvas.replaceChildren(chart.svg);
    mark();
  };
  const mark = () => {
    if (chart === null) return;
    for (const old of chart.svg.querySelectorAll('.pointer')) old.remove();
    for (const [date, kind] of [
      [comparedWith, 'compared'],
      [at, 'chosen'],
    ] as const) {
      if (date === null || date < (days[0] ?? '') || date > (days.at(-1) ?? '')) continue;
      const line = document.createElementNS('http://www.w3.org/2000/svg', 'line');
      const x = String(chart.xOf(date));
      for (const [name, value] of Object.entries({
        class: `pointer ${kind}`,
        x1: x,
        x2: x,
        y1: '0',
        y2: String(chart.svg.height.baseVal.value),
      })) {
        line.setAttribute(name, value);
      }
      chart.svg.append(line);
    }
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
  keepDrawn(canvas, draw);

  return {
    element,
    show(next) {
      days = next;
      canvas.setAttribute('aria-valuemin', '0');
      canvas.setAttribute('aria-valuemax', String(days.length - 1));
      draw();
    },
    point(date, compared) {
      at = date;
      comparedWith = compared;
      const open = history.day(date) !== undefined && known.some(({ name }) => history.isOpen(date, name));
      const note = history.day(date)?.provisional ? ', so far' : open ? ', still growing' : '';
      day.textContent = `${formatDate(date)}${note}`;
      const texts = shown.map(({ name }) => figureText(history, date, name));
      for (const [index, text] of texts.entries()) {
        const value = values[index];
        if (value) value.textContent = text;
      }
      canvas.setAttribute('aria-valuenow', String(Math.max(0, days.indexOf(date))));
      canvas.setAttribute(
        'aria-valuetext',
        `${day.textContent}: ${shown.map(({ label }, index) => `${label} ${texts[index]}`).join(', ')}`,
      );
      mark();
    },
  };
}

/** A figure as text; – where there is none, and why. */
export function figureText(history: History, date: CalendarDate, metric: MetricName): string {
  const value = history.value(date, metric);
  const unit = history.metrics.get(metric)?.unit;
  if (value === undefined || unit === undefined) return 'no report';
  if (value === null) return history.data.of.kind === 'release' ? 'hidden' : '–';
  return formatFigure(value, unit);
}
