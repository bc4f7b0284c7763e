import { addDays, type CalendarDate, datesBetween } from '../../shared/metrics/calendar';
import type { MetricName } from '../metrics';
import { drawChart, type Series } from './chart';
import { keepDrawn } from './drawing';
import { h } from './elements';
import { type History, within } from './history';

const SPARK_DAYS = 28;

/** The days that a spark shows: those up to a date. */
export function sparkDays(history: History, date: CalendarDate): CalendarDate[] {
  return datesBetween(within(addDays(date, 1 - SPARK_DAYS), history.first, date), date);
}

/** A small chart of the days up to a date, with dots at it and at so many days before; `top` is that of the scale, the highest value if left out. */
export function renderSpark(
  history: History,
  metric: MetricName,
  date: CalendarDate,
  days: number | null,
  top?: number,
): HTMLElement {
  const comparedWith = days === null ? null : addDays(date, -days);
  const series: Series = {
    colour: 1,
    label: '',
    points: sparkDays(history, date).map((day) => ({
      date: day,
      value: history.value(day, metric) ?? null,
      open: history.isOpen(day, metric),
    })),
  };
  const spark = h('div', { class: 'spark', 'aria-hidden': 'true' });
  keepDrawn(spark, (width) => {
    const { svg } = drawChart({
      form: 'lines',
      series: [series],
      unit: 'count',
      top,
      width,
      height: spark.clientHeight,
      fontSize: 0,
      dots: [comparedWith, date].flatMap((day) => day ?? []),
    });
    spark.replaceChildren(svg);
  });
  return spark;
}
