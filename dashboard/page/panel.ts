import type { CalendarDate } from '../../shared/metrics/calendar';
import { addPeriods, periodEnd, periodStart } from '../../shared/metrics/grain';
import type { MetricName } from '../metrics';
import { type Flag, flagsOf, type Note, notesAt, readNotes } from './annotations';
import { type Chart, drawChart, type Series } from './chart';
import { keepDrawn } from './drawing';
import { h, svg } from './elements';
import { formatFigure, formatNumber, formatPeriod, lowerFirst } from './format';
import { compare, type History, type KnownMetric, periodsIn, smooth, within } from './history';
import { fractions, type Panel } from './layout';
import { bandOf, formatRange, hasBand, outsideText } from './usual';

/** A panel. Panels of days and of weeks exchange days; a period is passed as its last day. */
export interface PanelView {
  element: HTMLElement;
  isNear(): boolean;
  /** Shows the periods with these days, with flags for their notes. */
  show(from: CalendarDate, to: CalendarDate, notes: readonly Note[]): void;
  /** Points at the period with a day, and at the compared one; null: no comparison. */
  point(day: CalendarDate, dayBefore: CalendarDate | null): void;
}

export interface PanelOptions {
  panel: Panel;
  history: History;
  /** Called when pointer or keyboard moves to a day; null when they leave. */
  onPoint: (day: CalendarDate | null) => void;
  onChoose: (day: CalendarDate) => void;
}

/** Number of periods for Page Up and Page Down. */
const PAGE = { day: 7, week: 4, month: 12 };

/** Width of a flag's letter with its margin, as a multiple of the font size. */
const FLAG_LETTER = 0.85;

/**
 * A chart with a line above it that names its series and shows their values at the pointed period. It is a slider: keyboard and screen readers
 * can reach every period. Null if the data lacks its first series.
 */
export function createPanel({ panel, history, onPoint, onChoose }: PanelOptions): PanelView | null {
  const known = panel.series.flatMap((name) => history.metrics.get(name) ?? []);
  if (known[0] === undefined || known[0].name !== panel.series[0]) return null;
  const { grain } = history;
  const { unit, label } = known[0];
  const title = panel.title ?? label;
  const total = panel.total && history.metrics.get(panel.total);
  const shown = [...known, ...(total ? [total] : [])];

  // a stack shows the range of its whole
  const banded = [...(total ? [total] : []), ...known].find(({ name }) => hasBand(history, name)) ?? null;
  const range = h('b');
  const period = h('span');
  const comparedPeriod = h('span');
  const values = shown.map(() => h('b'));
  const besides = shown.map(() => h('span'));
  const readout = h(
    'ul',
    { class: 'readout' },
    shown.map(({ label }, index) =>
      h('li', { class: index < known.length ? `series-${index + 1}` : null }, `${label} `, values[index], besides[index]),
    ),
    banded && h('li', { class: 'usual' }, shown.length === 1 ? 'Usual ' : `Usual ${lowerFirst(banded.label)} `, range),
  );
  const canvas = h('div', {
    class: 'chart',
    role: 'slider',
    tabindex: 0,
    'aria-label': `${title}, by ${grain}`,
    onkeydown: (event: KeyboardEvent) => onKey(event),
    onpointermove: (event: PointerEvent) => chart && onPoint(lastDayOf(chart.dateAt(event.offsetX))),
    onpointerleave: () => onPoint(null),
    onclick: (event: MouseEvent) => chart && onChoose(chart.dateAt(event.offsetX)),
    onblur: () => onPoint(null),
  });
  const element = h(
    'section',
    { class: `panel columns-${panel.columns}${panel.steps ? ' steps' : ''} ${panel.form}`, 'aria-label': title },
    h('div', { class: 'panel-head' }, h('h3', {}, title), h('span', { class: 'panel-day' }, period, comparedPeriod)),
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

  const lastDayOf = (date: CalendarDate) => periodEnd(date, grain);
  let notes: readonly Note[] = [];
  let periods: readonly CalendarDate[] = [];
  let places: ReadonlyMap<CalendarDate, number> = new Map();
  let at: CalendarDate = history.last;
  let comparedWith: CalendarDate | null = null;
  let chart: Chart | null = null;
  // separate from the chart, so that pointing doesn't repaint the chart
  const marks = svg('svg', { class: 'marks', 'aria-hidden': 'true' });
  const flags = svg('svg', { class: 'marks flags', 'aria-hidden': 'true' });
  const noted = h('p', { class: 'noted', 'aria-hidden': 'true' });

  const draw = (width: number) => {
    if (periods.length === 0) return;
    const fontSize = Number.parseFloat(getComputedStyle(canvas).fontSize);
    const days = grain === 'day' ? panel.smooth : undefined;
    const series = known.map(({ name, label }, index): Series => {
      const bold = days === undefined ? [] : smooth(history, name, periods, { periods: days, parts: fractions[name] });
      return {
        colour: index + 1,
        label,
        points: periods.map((date, place) => ({
          date,
          value: history.value(date, name) ?? null,
          open: history.isOpen(date, name),
          smooth: bold[place] ?? null,
        })),
      };
    });
    const reach = Math.max(
      0,
      ...(panel.sameScale ?? []).flatMap((name) =>
        periods.flatMap((date) => [history.value(date, name) ?? 0, bandOf(history, name, date)?.high ?? 0]),
      ),
    );
    const band = banded === null ? [] : periods.map((date) => bandOf(history, banded.name, date));
    const { form, top } = panel;
    chart = drawChart({ form, grain, series, unit, top, reach, band, width, height: canvas.clientHeight, fontSize });
    flags.replaceChildren(...drawFlags(flagsOf(notes, periods, grain), chart, fontSize));
    canvas.replaceChildren(chart.svg, marks, flags, noted);
    mark();
  };
  const mark = () => {
    if (chart === null) return;
    const isShown = (date: CalendarDate | null) => date !== null && places.has(date);
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
    const [from, to] = [periods[0] ?? at, periods.at(-1) ?? at];
    const by = (steps: number) => addPeriods(at, steps, grain);
    const moves: Record<string, CalendarDate> = {
      ArrowLeft: by(-1),
      ArrowDown: by(-1),
      ArrowRight: by(1),
      ArrowUp: by(1),
      PageDown: by(-PAGE[grain]),
      PageUp: by(PAGE[grain]),
      Home: from,
      End: to,
    };
    const target = moves[event.key];
    if (event.key === 'Enter' || event.key === ' ') onChoose(at);
    else if (target !== undefined) onPoint(lastDayOf(within(target, from, to)));
    else return;
    event.preventDefault();
  };
  const drawing = keepDrawn(canvas, draw);

  return {
    element,
    isNear: () => drawing.isNear() || document.activeElement === canvas,
    show(from, to, shownNotes) {
      notes = shownNotes;
      periods = periodsIn(history, from, to);
      places = new Map(periods.map((date, place) => [date, place]));
      canvas.setAttribute('aria-valuemin', '0');
      canvas.setAttribute('aria-valuemax', String(periods.length - 1));
      drawing.redraw();
    },
    point(day, dayBefore) {
      const date = periodStart(day, grain);
      at = date;
      comparedWith = dayBefore && periodStart(dayBefore, grain);
      const open = history.period(date) !== undefined && known.some(({ name }) => history.isOpen(date, name));
      const note = history.period(date)?.provisional ? ', so far' : open ? ', still growing' : '';
      const texts = shown.map(({ name }) => figureText(history, date, name));
      const before = shown.map(({ name }) => comparedText(history, name, date, comparedWith));
      const isCompared = before.some((text) => text !== '');
      setText(period, `${formatPeriod(date, grain)}${note}`);
      setText(comparedPeriod, comparedWith !== null && isCompared ? ` vs ${formatPeriod(comparedWith, grain)}` : '');
      for (const [index, { name }] of shown.entries()) {
        setText(values[index], texts[index] ?? '');
        const parts = partsText(history, name, date);
        setText(besides[index], `${parts === null ? '' : ` (${parts})`}${before[index]}`);
      }
      const usual = banded && bandText(history, banded, date);
      setText(range, usual ?? '');
      const noteText = readNotes(notesAt(notes, date, grain));
      setText(noted, noteText);
      canvas.setAttribute('aria-valuenow', String(Math.max(0, places.get(date) ?? 0)));
      canvas.setAttribute(
        'aria-valuetext',
        [
          `${period.textContent}: ${shown.map(({ label }, index) => `${label} ${texts[index]}`).join(', ')}`,
          ...(banded === null ? [] : [`usual ${shown.length === 1 ? '' : `${lowerFirst(banded.label)} `}${usual}`]),
          ...(noteText === '' ? [] : [`noted ${noteText}`]),
        ].join('; '),
      );
      mark();
    },
  };
}

/** For each flag a line, a bar to its last period, and its number, unless that would touch the previous number. */
function drawFlags(flags: readonly Flag[], chart: Chart, fontSize: number): SVGElement[] {
  let end = Number.NEGATIVE_INFINITY;
  return flags
    .toSorted((one, other) => (one.date < other.date ? -1 : 1))
    .flatMap(({ date, until, label }) => {
      const [x, to] = [chart.xOf(date), chart.xOf(until)];
      const half = (label.length * fontSize * FLAG_LETTER) / 2;
      const hasRoom = x - half > end;
      if (hasRoom) end = x + half;
      return [
        svg('line', { class: 'flag', x1: x, x2: x, y1: fontSize, y2: chart.bottom }),
        ...(until > date ? [svg('line', { class: 'flag until', x1: x, x2: to, y1: fontSize, y2: fontSize })] : []),
        ...(hasRoom ? [svg('text', { class: 'flag', x, y: fontSize * 0.8 }, label)] : []),
      ];
    });
}

/** `74 to 90: high`; – without a range. */
function bandText(history: History, { name, unit }: KnownMetric, date: CalendarDate): string {
  const usual = history.usual(date, name);
  if (usual === null || usual.range === null) return '–';
  const outside = outsideText(usual);
  return `${formatRange(usual.range, unit)}${outside === null ? '' : `: ${outside}`}`;
}

/** Sets a text only if it differs. */
function setText(element: HTMLElement | undefined, text: string): void {
  if (element !== undefined && element.textContent !== text) element.textContent = text;
}

/** The compared value, for display beside the figure; empty without a comparison, or if it is only of another age. */
function comparedText(history: History, metric: MetricName, date: CalendarDate, before: CalendarDate | null): string {
  const comparison = before === null ? null : compare(history, metric, date, before);
  if (comparison?.kind !== 'change' || comparison.of !== history.value(date, metric)) return '';
  return ` vs ${formatFigure(comparison.base, history.metrics.get(metric)?.unit ?? 'count')}`;
}

/** A figure as text; – with the reason if there is none. */
export function figureText(history: History, date: CalendarDate, metric: MetricName): string {
  const value = history.value(date, metric);
  const unit = history.metrics.get(metric)?.unit;
  if (value === undefined || unit === undefined) return 'no report';
  if (value === null) return history.data.of.kind === 'release' ? 'hidden' : '–';
  return formatFigure(value, unit);
}

/** `14 of 25 accounts`; null if the figure has no parts, or they are unknown. */
export function partsText(history: History, metric: MetricName, date: CalendarDate): string | null {
  const fraction = fractions[metric];
  if (fraction === undefined) return null;
  const [part, whole] = [history.value(date, fraction.part), history.value(date, fraction.whole)];
  if (typeof part !== 'number' || typeof whole !== 'number') return null;
  return `${formatNumber(part, 'count')} of ${formatNumber(whole, 'count')} ${fraction.things}`;
}
