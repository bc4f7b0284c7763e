import type { CalendarDate } from '../../shared/metrics/calendar';
import { later } from './drawing';
import { h } from './elements';
import { formatDateWithYear, formatFigure, signs } from './format';
import type { History } from './history';
import { figureText } from './panel';

/** Rows that are there at once; years of them take their time. */
const FIRST_ROWS = 200;

/** The figures of one table, a row a day, the newest first. Each cell carries its exact value. */
export function renderTable(
  history: History,
  table: string,
  days: readonly CalendarDate[],
  { chosen, atOnce }: { chosen: () => CalendarDate; atOnce: boolean },
): HTMLElement {
  const metrics = [...history.metrics.values()].filter((metric) => metric.table === table);
  const sign = (unit: (typeof metrics)[number]['unit']) => signs[unit] && h('small', {}, ` ${signs[unit]}`);
  const rowOf = (date: CalendarDate) => {
    const day = history.day(date);
    const note = day?.provisional ? 'so far' : metrics.some(({ name }) => history.isOpen(date, name)) ? 'growing' : null;
    return h(
      'tr',
      { 'data-date': date, class: date === chosen() ? 'chosen' : null },
      h('th', { scope: 'row' }, formatDateWithYear(date), note && h('span', { class: 'tag' }, note)),
      day === undefined
        ? h('td', { class: 'none', colspan: metrics.length }, 'no report')
        : metrics.map(({ name, unit }) => {
            const value = history.value(date, name);
            return typeof value === 'number'
              ? h('td', {}, h('data', { value }, formatFigure(value, unit)))
              : h('td', { class: 'none' }, figureText(history, date, name));
          }),
    );
  };
  const dates = days.toReversed();
  const body = h('tbody', {}, dates.slice(0, atOnce ? dates.length : FIRST_ROWS).map(rowOf));
  for (let shown = body.childElementCount; shown < dates.length; shown += FIRST_ROWS) {
    later(() => body.isConnected && body.append(...dates.slice(shown, shown + FIRST_ROWS).map(rowOf)));
  }
  return h(
    'table',
    { 'data-table': table, class: dates.length > FIRST_ROWS ? 'long' : null },
    h('caption', { class: 'spoken' }, `Figures by day, ${days[0]} to ${days.at(-1)}, the newest first`),
    h(
      'thead',
      {},
      h(
        'tr',
        {},
        h('th', { scope: 'col' }, 'Day'),
        metrics.map(({ label, definition, unit }) => h('th', { scope: 'col', title: definition }, label, sign(unit))),
      ),
    ),
    body,
  );
}

/** All figures of days as CSV: one line a day, exact values, empty where there is none. */
export function formatCsv(history: History, days: readonly CalendarDate[]): string {
  const metrics = [...history.metrics.values()];
  const known = days.flatMap((date) => history.day(date) ?? []);
  const head = ['date', 'report_date', 'provisional', 'growing', ...metrics.map(({ name }) => name)];
  const lines = known.map((day) => [
    day.date,
    day.report,
    day.provisional,
    day.growing,
    ...day.values.map((value) => value ?? ''),
  ]);
  return [head, ...lines].map((cells) => `${cells.join(',')}\r\n`).join('');
}

/** Hands the reader a file. */
export function download(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'text/csv' }));
  h('a', { href: url, download: name }).click();
  URL.revokeObjectURL(url);
}
