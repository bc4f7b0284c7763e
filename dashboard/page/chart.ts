import { areaY, axisX, axisY, dot, gridY, lineY, link, type Markish, plot, rectY, text } from '@observablehq/plot';
import { addDays, type CalendarDate } from '../../shared/calendar';
import type { Unit } from '../../shared/tables/columns';
import { formatNumber, signs } from './format';
import { within } from './history';

/** A series of a chart: one place for each day shown. */
export interface Series {
  /** Which of the colours, from 1. */
  colour: number;
  points: Point[];
}

export interface Point {
  date: CalendarDate;
  /** null: nothing to draw. */
  value: number | null;
  /** It may still change. */
  open: boolean;
}

export interface ChartOptions {
  form: 'lines' | 'stack' | 'within';
  series: Series[];
  unit: Unit;
  /** Top of the scale; without it the largest value is. */
  top: number | undefined;
  /** Pixels. */
  width: number;
  height: number;
  /** Pixels of the text beside the axes; 0: no axes. */
  fontSize: number;
  /** Days with a dot on their line. */
  dots?: readonly CalendarDate[];
}

export interface Chart {
  svg: SVGSVGElement;
  /** Middle of a day, in pixels from the left. */
  xOf(date: CalendarDate): number;
  /** The day at so many pixels from the left. */
  dateAt(x: number): CalendarDate;
}

const DAY_MS = 86_400_000;
const startOf = (date: CalendarDate) => new Date(`${date}T00:00:00Z`);
const middleOf = (date: CalendarDate) => new Date(startOf(date).getTime() + DAY_MS / 2);

/** Draws days with Observable Plot. A day without a value stays empty: lines break, bars are missing. */
export function drawChart({ form, series, unit, top, width, height, fontSize, dots = [] }: ChartOptions): Chart {
  const points = series[0]?.points ?? [];
  const [first, last] = [points[0]?.date ?? '1970-01-01', points.at(-1)?.date ?? '1970-01-01'];
  const axes = fontSize > 0;
  const highest = top ?? highestOf(form, series);
  const margins = axes
    ? { marginLeft: fontSize * 2.9, marginRight: 6, marginTop: fontSize, marginBottom: fontSize * 2.5 }
    : { marginLeft: 4, marginRight: 4, marginTop: 4, marginBottom: 4 };
  const barWidth = (width - margins.marginLeft - margins.marginRight) / Math.max(1, points.length);
  const marks =
    form === 'lines'
      ? [...(axes ? [shade(series[0])] : []), ...series.flatMap((one) => lineMarks(one, dots))]
      : barMarks(form, series, barWidth);
  const isEmpty = series.every((one) => one.points.every(({ value }) => value === null));
  // of people and tests there are whole ones only
  const ticks = unit === 'count' && highest <= 4 ? Array.from({ length: highest + 1 }, (_, count) => count) : 4;
  const svg = plot({
    width,
    height,
    ...margins,
    axis: null,
    style: { fontSize: `${fontSize}px`, fontFamily: 'inherit', overflow: 'visible' },
    x: { type: 'utc', domain: [startOf(first), startOf(addDays(last, 1))] },
    y: { domain: [0, highest], nice: top === undefined && axes ? 4 : false },
    marks: [
      axes
        ? [
            gridY({ ticks, stroke: 'var(--grid)', strokeOpacity: 1 }),
            axisY({ ticks, tickSize: 0, label: null, tickFormat: (value: number) => tick(value, unit), fill: 'var(--muted)' }),
            axisX({ ticks: Math.max(2, Math.floor(width / (fontSize * 7))), tickSize: 0, label: null, fill: 'var(--muted)' }),
          ]
        : [],
      ...marks,
      axes && isEmpty ? text(['Nothing to draw'], { frameAnchor: 'middle', fill: 'var(--muted)' }) : [],
    ],
  }) as SVGSVGElement & { scale(name: 'x'): { apply(date: Date): number; invert(x: number): Date } };
  svg.querySelector('style')?.remove(); // its rules are in style.css; the policy lets no other style element in
  svg.setAttribute('aria-hidden', 'true');
  const scale = svg.scale('x');
  return {
    svg,
    xOf: (date) => scale.apply(middleOf(date)),
    dateAt: (x) => {
      const date = scale.invert(x).toISOString().slice(0, 10);
      return within(date, first, last);
    },
  };
}

function tick(value: number, unit: Unit): string {
  if (unit === 'ratio') return String(value);
  return `${formatNumber(value, 'count')}${signs[unit] && ` ${signs[unit]}`}`;
}

function highestOf(form: ChartOptions['form'], series: Series[]): number {
  const values = series.map(({ points }) => points.map(({ value }) => value ?? 0));
  const totals =
    form === 'stack' ? (values[0] ?? []).map((_, day) => values.reduce((sum, one) => sum + (one[day] ?? 0), 0)) : values.flat();
  return totals.reduce((highest, value) => Math.max(highest, value), 0) || 1;
}

/** The first series stands on a light ground. */
function shade(series: Series | undefined): Markish {
  const ground = (series?.points ?? []).map(({ date, value, open }) => ({ x: middleOf(date), y: open ? null : value }));
  return areaY(ground, { x: 'x', y1: 0, y2: 'y', fill: 'var(--series-1)', fillOpacity: 0.07 });
}

/** What is final is a line, broken where a day has no value; what is open hangs on by dashes, with hollow dots. */
function lineMarks({ colour, points }: Series, dots: readonly CalendarDate[]): Markish[] {
  const stroke = `var(--series-${colour})`;
  const final = points.map(({ date, value, open }) => ({ x: middleOf(date), y: open ? null : value }));
  const open = points.filter((point) => point.open && point.value !== null);
  const dashes = points.flatMap((point, index) => {
    const before = points[index - 1];
    if (!point.open || point.value === null || before === undefined || before.value === null) return [];
    return { x1: middleOf(before.date), y1: before.value, x2: middleOf(point.date), y2: point.value };
  });
  const alone = final.filter(
    ({ y }, index) => y !== null && (final[index - 1]?.y ?? null) === null && (final[index + 1]?.y ?? null) === null,
  );
  return [
    lineY(final, { x: 'x', y: 'y', stroke, strokeWidth: 1.75, strokeLinejoin: 'round' }),
    link(dashes, { x1: 'x1', y1: 'y1', x2: 'x2', y2: 'y2', stroke, strokeWidth: 1.5, strokeDasharray: '2 3' }),
    dot(
      final.filter((_, index) => dots.includes(points[index]?.date ?? '')),
      { x: 'x', y: 'y', fill: stroke, r: 2.75 },
    ),
    dot(alone, { x: 'x', y: 'y', fill: stroke, r: 2 }),
    dot(open, { x: ({ date }: Point) => middleOf(date), y: 'value', stroke, strokeWidth: 1.5, fill: 'var(--panel)', r: 2.5 }),
  ];
}

function barMarks(form: 'stack' | 'within', series: Series[], barWidth: number): Markish[] {
  const inset = Math.min(2, barWidth / 8);
  const base = new Map<CalendarDate, number>();
  return series.map(({ colour, points }, index) => {
    const bars = points.flatMap(({ date, value, open }) => {
      if (value === null || value <= 0) return [];
      const y1 = form === 'stack' ? (base.get(date) ?? 0) : 0;
      base.set(date, y1 + value);
      return { x1: startOf(date), x2: startOf(addDays(date, 1)), y1, y2: y1 + value, open };
    });
    const fill = `var(--series-${colour})`;
    const position = { x1: 'x1', x2: 'x2', y1: 'y1', y2: 'y2', insetLeft: inset, insetRight: inset } as const;
    const narrower = form === 'within' && index > 0 ? { insetLeft: inset + barWidth / 5, insetRight: inset + barWidth / 5 } : {};
    return [
      rectY(
        bars.filter(({ open }) => !open),
        { ...position, ...narrower, fill, insetTop: form === 'stack' && barWidth > 4 ? 0.75 : 0 },
      ),
      rectY(
        bars.filter(({ open }) => open),
        { ...position, ...narrower, fill, fillOpacity: 0.25, stroke: fill, strokeDasharray: '2 2', insetTop: 0.75 },
      ),
    ];
  });
}
