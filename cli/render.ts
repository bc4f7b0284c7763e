import type { Day } from '../dashboard/data';
import { type MetricName, nameOf } from '../dashboard/metrics';
import type { CalendarDate } from '../shared/calendar';
import { formatCount } from '../shared/counts';
import { type Column, dailyMetricsDefinition, type ReportRow, type ReportTable, reportTableDefinitions } from '../shared/tables';
import type { DailyMetrics } from '../shared/tables/daily_metrics';
import { colors } from './colors';
import { formatFigure, formatFullDay, formatWeekday, NONE } from './figures';
import { renderGrid } from './grid';
import { PROVISIONAL_NOTE, seriesOf } from './summary';

/** Columns that every row of a report shares, or that repeat the label. */
const OMITTED = ['report_date', 'period_start_date', 'period_end_date', 'created_at'];

/** Stands wherever figures of the built-in data are shown. */
export const DEMO_NOTE = colors.bold('demo data');

/** One table of one report for the terminal, in full: a line per period, units on the figures, – for NULL. */
export function renderReport(table: ReportTable, rows: readonly ReportRow[], { isDemo }: { isDemo: boolean }): string {
  const columns = reportTableDefinitions[table].columns.filter(({ name }) => !OMITTED.includes(name));
  const { text } = renderGrid(
    columns.map((column) => ({
      head: heading(column.name),
      align: column.type === 'STRING' ? 'left' : 'right',
      cells: rows.map((row) =>
        column.name === 'period_label' ? dayIn(row.period_label) : cell(column, row[column.name as keyof ReportRow]),
      ),
    })),
  );
  const title = [colors.bold(colors.cyan(table)), colors.dim(rows[0]?.report_date ?? ''), ...(isDemo ? [DEMO_NOTE] : [])];
  return `${title.join('  ')}\n${text}`;
}

/** The label's day alone: whoever reads `Today (Dec 23)` reads it on another day. */
function dayIn(label: string): string {
  return label.replace(/^.*\((.*)\)$/, '$1');
}

/** A column's name over several lines, so that a table fits a terminal. */
function heading(name: string): string {
  return inLines(nameOf(name.replace('period_label', 'period')));
}

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

/** A released row for the terminal: a line per column. */
export function renderRelease(row: DailyMetrics, { isDemo }: { isDemo: boolean }): string {
  const values = dailyMetricsDefinition.columns.map((column) => {
    const value = row[column.name as keyof DailyMetrics];
    return value === null ? colors.dim('hidden') : cell(column, value);
  });
  const names = dailyMetricsDefinition.columns.map(({ name }) => name);
  const { text } = renderGrid([
    { head: '', align: 'left', cells: names },
    { head: '', align: 'right', cells: values },
  ]);
  return `${isDemo ? `${DEMO_NOTE}\n` : ''}${text}`;
}

/** What a run would have BigQuery read. */
export function renderPrice(bytes: number): string {
  return `Counting would read ${formatCount(bytes)} bytes`;
}

/** `Report of Tue, Dec 23, 2025  days of UTC  demo data` */
export function renderTitle(date: CalendarDate, timeZone: string, isDemo: boolean): string {
  return [colors.bold(`Report of ${formatFullDay(date)}`), `days of ${timeZone}`, ...(isDemo ? [DEMO_NOTE] : [])].join('  ');
}

/** Figures of a range of days, the most wanted first; what doesn't fit is left out from the end. */
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

/** A line a day, the newest first. */
export function renderDays(days: readonly Day[], width: number): string {
  const newest = days.toReversed();
  const figures = dayFigures.map((name, index) => {
    const { metric, values } = seriesOf(name, newest);
    const cells = values.map((value) => formatFigure(metric.unit, value));
    return { head: inLines(metric.label), align: 'right' as const, cells, keep: dayFigures.length - index };
  });
  const dates = newest.map(({ date, provisional }) => `${date} ${formatWeekday(date)}${provisional ? '*' : ''}`);
  const { text } = renderGrid([{ head: 'day', align: 'left', cells: dates }, ...figures], { width });
  const note = days.some(({ provisional }) => provisional) ? `\n${PROVISIONAL_NOTE}` : '';
  return `${text}${note}`;
}
