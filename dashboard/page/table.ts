import type { CalendarDate } from '../../shared/metrics/calendar';
import { periodEnd } from '../../shared/metrics/grain';
import { later } from './drawing';
import { h } from './elements';
import { capital, formatFigure, formatPeriodWithYear, signs } from './format';
import type { History } from './history';
import { figureText } from './panel';

/** Rows rendered at first, because years of rows are slow. */
const FIRST_ROWS = 200;

/** The figures of one table: one row per period, newest first. Each cell has its exact value. */
export function renderTable(
  history: History,
  table: string,
  window: readonly CalendarDate[],
  { chosen, atOnce }: { chosen: () => CalendarDate; atOnce: boolean },
): HTMLElement {
  const { grain } = history;
  const metrics = [...history.metrics.values()].filter((metric) => metric.table === table);
  const sign = (unit: (typeof metrics)[number]['unit']) => signs[unit] && h('small', {}, ` ${signs[unit]}`);
  const rowOf = (date: CalendarDate) => {
    const period = history.period(date);
    const note = period?.provisional ? 'so far' : metrics.some(({ name }) => history.isOpen(date, name)) ? 'growing' : null;
    return h(
      'tr',
      { 'data-date': date, class: date === chosen() ? 'chosen' : null },
      h('th', { scope: 'row' }, formatPeriodWithYear(date, grain), note && h('span', { class: 'tag' }, note)),
      period === undefined
        ? h('td', { class: 'none', colspan: metrics.length }, 'no report')
        : metrics.map(({ name, unit }) => {
            const value = history.value(date, name);
            return typeof value === 'number'
              ? h('td', {}, h('data', { value }, formatFigure(value, unit)))
              : h('td', { class: 'none' }, figureText(history, date, name));
          }),
    );
  };
  const dates = window.toReversed();
  const body = h('tbody', {}, dates.slice(0, atOnce ? dates.length : FIRST_ROWS).map(rowOf));
  for (let shown = body.childElementCount; shown < dates.length; shown += FIRST_ROWS) {
    later(() => body.isConnected && body.append(...dates.slice(shown, shown + FIRST_ROWS).map(rowOf)));
  }
  return h(
    'table',
    { 'data-table': table, class: dates.length > FIRST_ROWS ? 'long' : null },
    h('caption', { class: 'spoken' }, `Figures by ${grain}, ${window[0]} to ${window.at(-1)}, the newest first`),
    h(
      'thead',
      {},
      h(
        'tr',
        {},
        h('th', { scope: 'col' }, capital(grain)),
        metrics.map(({ label, definition, unit }) => h('th', { scope: 'col', title: definition }, label, sign(unit))),
      ),
    ),
    body,
  );
}

/** All figures as CSV: one line per period, exact values, empty cells for missing ones. */
export function formatCsv(history: History, window: readonly CalendarDate[]): string {
  const { grain } = history;
  const metrics = [...history.metrics.values()];
  const known = window.flatMap((date) => history.period(date) ?? []);
  const dates = grain === 'day' ? ['date'] : ['period_start_date', 'period_end_date'];
  const head = [...dates, 'report_date', 'provisional', 'growing', ...metrics.map(({ name }) => name)];
  const lines = known.map(({ date, report, provisional, growing, values }) => [
    ...(grain === 'day' ? [date] : [date, periodEnd(date, grain)]),
    report,
    provisional,
    growing,
    ...values.map((value) => value ?? ''),
  ]);
  return [head, ...lines].map((cells) => `${cells.join(',')}\r\n`).join('');
}

/** Starts the download of a text file. */
export function download(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'text/csv' }));
  h('a', { href: url, download: name }).click();
  URL.revokeObjectURL(url);
}
