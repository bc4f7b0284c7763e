import type { Period } from '../dashboard/data';
import { metricNames } from '../dashboard/history';
import type { MetricName } from '../dashboard/metrics';
import type { CalendarDate } from '../shared/metrics/calendar';
import { nameOf } from '../shared/metrics/names';
import {
  type Column,
  isRetention,
  type PublishedRow,
  type PublishedTable,
  publishedTableDefinitions,
  type ReportTable,
} from '../shared/metrics/tables';
import type { ReleasedRow } from '../shared/metrics/tables/released';
import { formatMany } from '../shared/platform/counts';
import { colors } from './colors';
import { formatFigure, formatFullDay, formatWeekday, NONE } from './figures';
import { type GridColumn, renderBlocks, renderGrid } from './grid';
import { PROVISIONAL_NOTE, seriesOf } from './summary';
import { fit } from './terminal';

/** Columns with the same value in all rows, and columns that identify the period. */
const OMITTED = [
  ...['report_date', 'period_label', 'period_start_date', 'period_end_date', 'created_at'],
  ...['cohort_label', 'cohort_start_date', 'cohort_end_date'],
];

/** Marks figures of the built-in data. */
export const DEMO_NOTE = colors.bold('demo data');

export function renderTableName(table: PublishedTable): string {
  return colors.bold(table);
}

interface ReportOptions {
  isDemo: boolean;
  /** Columns of the terminal. */
  width: number;
}

/** One full table of a report for the terminal: a line per period, or cohort and age; figures with units; – for NULL. */
export function renderReport(table: PublishedTable, rows: readonly PublishedRow[], { isDemo, width }: ReportOptions): string {
  const labels = rows.map((row) => ('cohort_label' in row ? row.cohort_label : dayIn(row.period_label)));
  const periods: GridColumn = { head: isRetention(table) ? 'Cohort' : 'Period', align: 'left', cells: labels };
  const figures = publishedTableDefinitions[table].columns
    .filter(({ name }) => !OMITTED.includes(name))
    .map(
      (column): GridColumn => ({
        head: inLines(nameOf(column.name)),
        align: 'right',
        cells: rows.map((row) => cell(column, (row as Record<string, unknown>)[column.name])),
      }),
    );
  const text = renderBlocks([periods, ...figures], { width });
  const title = [renderTableName(table), colors.dim(rows[0]?.report_date ?? ''), ...(isDemo ? [DEMO_NOTE] : [])];
  return `${title.join('  ')}\n${text}`;
}

/** Only the day of a label, because `Today (Dec 23)` is usually read on another day. */
function dayIn(label: string): string {
  return label.replace(/^.*\((.*)\)$/, '$1');
}

/** Breaks a head into several lines. */
function inLines(text: string): string {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + word.length < 11) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines.join('\n');
}

function cell({ unit }: Column, value: unknown): string {
  if (value === null || value === undefined) return colors.dim(NONE);
  if (typeof value !== 'number' || unit === null) return String(value);
  const text = formatFigure(unit, value);
  return value === 0 ? colors.dim(text) : text;
}

/** A released row for the terminal: one line per column. */
export function renderRelease(row: ReleasedRow, columns: readonly Column[], { isDemo }: { isDemo: boolean }): string {
  const values = columns.map((column) => {
    const value = row[column.name as keyof ReleasedRow];
    return value === null ? colors.dim('hidden') : cell(column, value);
  });
  const names = columns.map(({ name }) => name);
  const { text } = renderGrid([
    { head: '', align: 'left', cells: names },
    { head: '', align: 'right', cells: values },
  ]);
  return `${isDemo ? `${DEMO_NOTE}\n` : ''}${text}`;
}

/** The price of a run. */
export function renderPrice(bytes: number): string {
  return `Counting would read ${formatMany(bytes, 'byte')}`;
}

/** `Report of Tue, Dec 23, 2025  days of UTC  demo data` */
export function renderTitle(date: CalendarDate, timeZone: string, isDemo: boolean): string {
  return [colors.bold(`Report of ${formatFullDay(date)}`), `days of ${timeZone}`, ...(isDemo ? [DEMO_NOTE] : [])].join('  ');
}

/** Figures of a range of days, the most important first. Those that don't fit are left out from the end. */
const dayFigures: readonly MetricName[] = [
  'active_users',
  'all_tests',
  'failure_rate',
  'accounts_created',
  'adjusted_success_rate',
  'conversion_rate',
  'total_sessions',
  'first_try_success_rate',
  'total_errors',
  'total_users_to_date',
];

/** One line per day, newest first: all figures of a table, or the most important ones of all tables that fit. */
export function renderDays(
  days: readonly Period[],
  { table, width }: { table?: ReportTable | undefined; width: number },
): string {
  const newest = days.toReversed();
  const columnOf = (name: string): GridColumn => {
    const { metric, values } = seriesOf(name, newest);
    return { head: inLines(metric.label), align: 'right', cells: values.map((value) => formatFigure(metric.unit, value)) };
  };
  const dates = newest.map(({ date, provisional }) => `${date} ${formatWeekday(date)}${provisional ? '*' : ''}`);
  const first: GridColumn = { head: 'Day', align: 'left', cells: dates };
  const note = days.some(({ provisional }) => provisional) ? [PROVISIONAL_NOTE] : [];
  if (table !== undefined) return [renderBlocks([first, ...metricNames[table].map(columnOf)], { width }), ...note].join('\n');
  const figures = dayFigures.map((name, index) => ({ ...columnOf(name), keep: dayFigures.length - index }));
  const { text, omitted } = renderGrid([first, ...figures], { width });
  const left = omitted.map((head) => head.replaceAll('\n', ' ')).join(', ');
  const advice =
    left === '' ? [] : [colors.dim(fit(`Left out for lack of room: ${left}; --wide shows them, --csv all figures`, width))];
  return [text, ...advice, ...note].join('\n');
}
