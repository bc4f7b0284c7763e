import type { CalendarDate } from '../../shared/metrics/calendar';
import { addPeriods, type Grain } from '../../shared/metrics/grain';
import type { MetricName } from '../metrics';
import { drawChart, type Series } from './chart';
import { keepDrawn } from './drawing';
import { h } from './elements';
import { type History, periodsFrom, within } from './history';
import { bandOf } from './usual';

const PERIODS_SHOWN: Record<Grain, number> = { day: 28, week: 26, month: 12 };

/** The periods of a spark: those up to a date. */
export function sparkPeriods({ first, grain }: History, date: CalendarDate): CalendarDate[] {
  return periodsFrom(within(addPeriods(date, 1 - PERIODS_SHOWN[grain], grain), first, date), date, grain);
}

/** A small chart of the periods up to a date, with dots there and at the compared one. `top` of the scale is the highest value if left out. */
export function renderSpark(
  history: History,
  metric: MetricName,
  { date, before, top }: { date: CalendarDate; before: CalendarDate | null; top?: number },
): HTMLElement {
  const series: Series = {
    colour: 1,
    label: '',
    points: sparkPeriods(history, date).map((period) => ({
      date: period,
      value: history.value(period, metric) ?? null,
      open: history.isOpen(period, metric),
    })),
  };
  const spark = h('div', { class: 'spark', 'aria-hidden': 'true' });
  keepDrawn(spark, (width) => {
    const { svg } = drawChart({
      form: 'lines',
      grain: history.grain,
      series: [series],
      unit: 'count',
      top,
      width,
      height: spark.clientHeight,
      fontSize: 0,
      band: series.points.map((point) => bandOf(history, metric, point.date)),
      dots: [before, date].flatMap((period) => period ?? []),
    });
    spark.replaceChildren(svg);
  });
  return spark;
}
