import { areaY, axisX, axisY, dot, gridY, lineY, link, type Markish, plot, rectY, text } from '@observablehq/plot';
import type { CalendarDate } from '../../shared/metrics/calendar';
import { addPeriods, type Grain, periodStart } from '../../shared/metrics/grain';
import type { Unit } from '../../shared/metrics/tables/columns';
import { svg } from './elements';
import { formatNumber, signs } from './format';
import { type Range, within } from './history';
import { ticksOf } from './ticks';

/** A series of a chart, with one point for each shown period. */
export interface Series {
  /** Number of its colour, from 1. */
  colour: number;
  /** Shown at the end of the series if there is room. */
  label: string;
  points: Point[];
}

export interface Point {
  date: CalendarDate;
  /** null: nothing to draw. */
  value: number | null;
  /** It may still change. */
  open: boolean;
  /** The value over the periods up to this one, drawn as a bold line; the periods become a thin line. */
  smooth?: number | null;
}

export interface ChartOptions {
  form: 'lines' | 'stack' | 'within';
  /** Of the points. */
  grain: Grain;
  series: Series[];
  unit: Unit;
  /** Top of the scale; the largest value if left out. */
  top: number | undefined;
  /** A value that the scale always includes. */
  reach?: number;
  /** Pixels. */
  width: number;
  height: number;
  /** Font size of the axes in pixels; 0: no axes. */
  fontSize: number;
  /** Periods with a dot on their line. */
  dots?: readonly CalendarDate[];
  /** The usual range of a figure of the chart, for each point. */
  band?: readonly (Range | null)[];
}

export interface Chart {
  svg: SVGSVGElement;
  /** Bottom of the scale, in pixels from the top. */
  bottom: number;
  /** Middle of a period, in pixels from the left. */
  xOf(date: CalendarDate): number;
  /** The period at `x` pixels from the left. */
  dateAt(x: number): CalendarDate;
  /** Positions of the lines at a period, in pixels from the top. */
  dotsAt(date: CalendarDate): { y: number; colour: number }[];
}

const startOf = (date: CalendarDate) => new Date(`${date}T00:00:00Z`);
const endOf = (date: CalendarDate, grain: Grain) => startOf(addPeriods(date, 1, grain));
const middleOf = (date: CalendarDate, grain: Grain) => new Date((startOf(date).getTime() + endOf(date, grain).getTime()) / 2);

/** As a multiple of the font size. */
const LABEL_WIDTH = 7.5;
const LEAST_PLOT = 15;
/** A usual range extends the scale to at most this multiple of the highest value. */
const MOST_BAND = 2;
/** Letters per line of a label. */
const LABEL_LETTERS = 13;

type Scale<Value> = { apply(value: Value): number; invert(position: number): Value };

/** Draws periods with Observable Plot. A period without a value stays empty: lines have a gap, bars are missing. */
export function drawChart(options: ChartOptions): Chart {
  const { form, grain, series, unit, top, reach = 0, width, height, fontSize, dots = [], band = [] } = options;
  const points = series[0]?.points ?? [];
  const [first, last] = [points[0]?.date ?? '1970-01-01', points.at(-1)?.date ?? '1970-01-01'];
  const axes = fontSize > 0;
  const labelled = axes && series.length > 1 && width > fontSize * (LABEL_WIDTH + LEAST_PLOT);
  const value = Math.max(reach, highestOf(form, series));
  const usual = band.reduce((most, range) => Math.max(most, range?.high ?? 0), 0);
  const highest = top ?? Math.max(value, Math.min(usual, MOST_BAND * value)); // cuts off a range far above all values
  const margins = axes
    ? {
        marginLeft: fontSize * 3.2,
        marginRight: fontSize * (labelled ? LABEL_WIDTH : 1.2),
        marginTop: fontSize,
        marginBottom: fontSize * 2.5,
      }
    : { marginLeft: 4, marginRight: 4, marginTop: 4, marginBottom: 4 };
  const plotWidth = width - margins.marginLeft - margins.marginRight;
  const barWidth = plotWidth / Math.max(1, points.length);
  const ground = bandMark(
    points.map(({ date }, place) => ({ date, range: band[place] ?? null })),
    { grain, top: highest, isOver: form !== 'lines' },
  );
  const marks =
    form === 'lines'
      ? [...(axes ? [shade(series[0], grain)] : []), ground, ...series.flatMap((one) => lineMarks(one, grain, dots))]
      : [...barMarks(form, series, grain, barWidth), ground];
  const isEmpty = series.every((one) => one.points.every(({ value }) => value === null));
  // people and tests have whole numbers only
  const ticks = unit === 'count' && highest <= 4 ? Array.from({ length: Math.ceil(highest) + 1 }, (_, count) => count) : 4;
  const named = axes ? ticksOf(first, last, Math.floor(plotWidth / (fontSize * 4.6)), grain) : [];
  const drawing = plot({
    width,
    height,
    ...margins,
    axis: null,
    style: { fontSize: `${fontSize}px`, fontFamily: 'inherit', overflow: 'visible' },
    x: { type: 'utc', domain: [startOf(first), endOf(last, grain)] },
    y: { domain: [0, highest], nice: top === undefined && axes ? 4 : false },
    marks: [
      axes
        ? [
            gridY({ ticks, stroke: 'var(--grid)', strokeOpacity: 1 }),
            axisY({ ticks, tickSize: 0, label: null, tickFormat: tickFormat(unit), fill: 'var(--muted)' }),
            axisX(
              named.map(({ date, grain }) => middleOf(date, grain)),
              {
                tickFormat: (_: Date, index: number) => named[index]?.label ?? '',
                tickSize: barWidth < 8 ? 3 : 0,
                stroke: 'var(--line)',
                label: null,
                fill: 'var(--muted)',
              },
            ),
          ]
        : [],
      ...marks,
      axes && isEmpty ? text(['Nothing to draw'], { frameAnchor: 'middle', fill: 'var(--muted)' }) : [],
    ],
  }) as SVGSVGElement & { scale(name: 'x'): Scale<Date>; scale(name: 'y'): Scale<number> };
  drawing.querySelector('style')?.remove(); // its rules are in style.css; the policy allows no other style element
  drawing.setAttribute('aria-hidden', 'true');
  const [x, y] = [drawing.scale('x'), drawing.scale('y')];
  const at = new Map(points.map(({ date }, index) => [date, index]));
  if (labelled) drawing.append(...endLabels(options, y, width - margins.marginRight + fontSize * 0.7));
  return {
    svg: drawing,
    bottom: height - margins.marginBottom,
    xOf: (date) => x.apply(middleOf(date, grain)),
    dateAt: (position) => within(periodStart(x.invert(position).toISOString().slice(0, 10), grain), first, last),
    dotsAt: (date) =>
      form === 'lines'
        ? series.flatMap(({ colour, points }) => {
            const { value = null, smooth = null } = points[at.get(date) ?? -1] ?? {};
            return [value, smooth].flatMap((value) => (value === null ? [] : { y: y.apply(value), colour }));
          })
        : [],
  };
}

/** With as many decimals as needed to distinguish the ticks. */
function tickFormat(unit: Unit): (value: number, index: number, ticks?: readonly number[]) => string {
  return (value, _, ticks = [value]) => {
    const decimals = [0, 1, 2, 3].find((decimals) =>
      ticks.every((tick) => Math.abs(tick - Number(tick.toFixed(decimals))) < 1e-9),
    );
    const number = decimals ? value.toFixed(decimals) : formatNumber(value, 'count');
    return `${number}${signs[unit] && ` ${signs[unit]}`}`;
  };
}

function highestOf(form: ChartOptions['form'], series: Series[]): number {
  const values = series.map(({ points }) => points.map(({ value }) => value ?? 0));
  const totals =
    form === 'stack'
      ? (values[0] ?? []).map((_, place) => values.reduce((sum, one) => sum + (one[place] ?? 0), 0))
      : values.flat();
  return totals.reduce((highest, value) => Math.max(highest, value), 0) || 1;
}

/** Fills the area below the first series lightly. */
function shade(series: Series | undefined, grain: Grain): Markish {
  const ground = (series?.points ?? []).map(({ date, value, open }) => ({ x: middleOf(date, grain), y: open ? null : value }));
  return areaY(ground, { x: 'x', y1: 0, y2: 'y', fill: 'var(--series-1)', fillOpacity: 0.07 });
}

/**
 * The usual range of each period, as one path. It is drawn behind lines, but above bars (transparent), which would cover it.
 */
function bandMark(
  periods: readonly { date: CalendarDate; range: Range | null }[],
  { grain, top, isOver }: { grain: Grain; top: number; isOver: boolean },
): Markish {
  return (_index, scales) => {
    const [x, y] = [scales.x as (date: Date) => number, scales.y as (value: number) => number];
    const stretches: { date: CalendarDate; range: Range }[][] = [[]];
    for (const { date, range } of periods) {
      if (range === null) stretches.push([]);
      else stretches.at(-1)?.push({ date, range });
    }
    const edge = (stretch: (typeof stretches)[number], bound: 'low' | 'high') =>
      stretch.flatMap(({ date, range }) => {
        const at = y(Math.min(range[bound], top)).toFixed(2);
        return [`${x(startOf(date)).toFixed(2)},${at}`, `${x(endOf(date, grain)).toFixed(2)},${at}`];
      });
    const d = stretches
      .filter(({ length }) => length > 0)
      .map((stretch) => `M${[...edge(stretch, 'high'), ...edge(stretch, 'low').reverse()].join('L')}Z`);
    return svg('path', { class: isOver ? 'band over' : 'band', d: d.join('') });
  };
}

/** Final values as a line with gaps for missing ones; open values are joined by dashes and have hollow dots. */
function lineMarks({ colour, points }: Series, grain: Grain, dots: readonly CalendarDate[]): Markish[] {
  const middle = (date: CalendarDate) => middleOf(date, grain);
  const stroke = `var(--series-${colour})`;
  const final = points.map(({ date, value, open }) => ({ x: middle(date), y: open ? null : value }));
  const smooth = points.map(({ date, smooth }) => ({ x: middle(date), y: smooth ?? null }));
  const isThin = smooth.some(({ y }) => y !== null);
  const open = points.filter((point) => point.open && point.value !== null);
  const dashes = points.flatMap((point, index) => {
    const before = points[index - 1];
    if (!point.open || point.value === null || before === undefined || before.value === null) return [];
    return { x1: middle(before.date), y1: before.value, x2: middle(point.date), y2: point.value };
  });
  const alone = final.filter(
    ({ y }, index) => y !== null && (final[index - 1]?.y ?? null) === null && (final[index + 1]?.y ?? null) === null,
  );
  return [
    lineY(final, {
      x: 'x',
      y: 'y',
      stroke,
      strokeLinejoin: 'round',
      ...(isThin ? { strokeWidth: 1, strokeOpacity: 0.6 } : { strokeWidth: 1.75 }),
    }),
    isThin ? lineY(smooth, { x: 'x', y: 'y', stroke, strokeWidth: 2.5, strokeLinejoin: 'round' }) : [],
    link(dashes, { x1: 'x1', y1: 'y1', x2: 'x2', y2: 'y2', stroke, strokeWidth: 1.5, strokeDasharray: '2 3' }),
    dot(
      final.filter((_, index) => dots.includes(points[index]?.date ?? '')),
      { x: 'x', y: 'y', fill: stroke, r: 2.75 },
    ),
    dot(alone, { x: 'x', y: 'y', fill: stroke, r: 2 }),
    dot(open, { x: ({ date }: Point) => middle(date), y: 'value', stroke, strokeWidth: 1.5, fill: 'var(--panel)', r: 2.5 }),
  ];
}

interface Bar {
  x1: Date;
  x2: Date;
  y1: number;
  y2: number;
}

function barMarks(form: 'stack' | 'within', series: Series[], grain: Grain, barWidth: number): Markish[] {
  const inset = Math.min(2, barWidth / 8);
  const base = new Map<CalendarDate, number>();
  return series.flatMap(({ colour, points }, index) => {
    const bars = points.flatMap(({ date, value, open }) => {
      if (value === null || value <= 0) return [];
      const y1 = form === 'stack' ? (base.get(date) ?? 0) : 0;
      base.set(date, y1 + value);
      return { x1: startOf(date), x2: endOf(date, grain), y1, y2: y1 + value, open };
    });
    const fill = `var(--series-${colour})`;
    const side = form === 'within' && index > 0 ? inset + barWidth / 5 : inset;
    return [
      finalBars(
        bars.filter(({ open }) => !open),
        { fill, side, above: form === 'stack' && barWidth > 4 ? 0.75 : 0 },
      ),
      rectY(
        bars.filter(({ open }) => open),
        {
          x1: 'x1',
          x2: 'x2',
          y1: 'y1',
          y2: 'y2',
          insetLeft: side,
          insetRight: side,
          insetTop: 0.75,
          fill,
          fillOpacity: 0.25,
          stroke: fill,
          strokeDasharray: '2 2',
        },
      ),
    ];
  });
}

/** All bars of a series as one path, because years of single elements are slow to draw. */
function finalBars(bars: readonly Bar[], { fill, side, above }: { fill: string; side: number; above: number }): Markish {
  return (_index, scales) => {
    const [x, y] = [scales.x as (date: Date) => number, scales.y as (value: number) => number];
    const d = bars
      .map(({ x1, x2, y1, y2 }) => {
        const [left, right, top, bottom] = [x(x1) + side, x(x2) - side, y(y2) + above, y(y1)].map((at) => at.toFixed(2));
        return `M${left},${top}H${right}V${bottom}H${left}Z`;
      })
      .join('');
    return svg('path', { d, fill });
  };
}

/** The names of the series beside their last values, moved apart if they would touch. */
function endLabels({ form, series, fontSize }: ChartOptions, y: Scale<number>, x: number): SVGElement[] {
  let base = 0;
  const labels = series.map(({ colour, label, points }) => {
    const { value = 0, smooth = null } = points.findLast(({ value }) => value !== null) ?? {};
    const end = smooth ?? value ?? 0;
    const at = form === 'stack' ? base + end / 2 : end;
    base += end;
    const lines = inLines(label);
    return { colour, lines, middle: y.apply(at), height: lines.length * fontSize * 1.05 };
  });
  labels.sort((one, other) => one.middle - other.middle);
  let bottom = Number.POSITIVE_INFINITY;
  for (const label of labels.toReversed()) {
    label.middle = Math.min(label.middle, bottom - label.height / 2);
    bottom = label.middle - label.height / 2;
  }
  return labels.map(({ colour, lines, middle, height }) =>
    svg(
      'text',
      { class: `end series-${colour}`, x, y: middle - height / 2 },
      ...lines.map((line) => svg('tspan', { x, dy: fontSize * 0.98 }, line)),
    ),
  );
}

function inLines(label: string): string[] {
  const lines: string[] = [];
  for (const word of label.split(' ')) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + word.length < LABEL_LETTERS) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines;
}
