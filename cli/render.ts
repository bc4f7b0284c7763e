import Table from 'cli-table3';
import { type Column, dailyMetricsDefinition, type ReportRow, type ReportTable, reportTableDefinitions } from '../shared/tables';
import type { DailyMetrics } from '../shared/tables/daily_metrics';
import { colors } from './colors';

/** Columns that every row of a report shares, or that repeat the label. */
const OMITTED = ['report_date', 'period_start_date', 'period_end_date', 'created_at'];

/** Stands wherever figures of the built-in data are shown. */
export const DEMO_NOTE = colors.yellow('demo data');

export const count = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

/** One table of one report for the terminal: a line per period, units on the figures, – for NULL. */
export function renderReport(table: ReportTable, rows: readonly ReportRow[], { isDemo }: { isDemo: boolean }): string {
  const columns = reportTableDefinitions[table].columns.filter(({ name }) => !OMITTED.includes(name));
  const grid = new Table({
    head: columns.map(({ name }) => colors.bold(heading(name))),
    colAligns: columns.map(({ type }) => (type === 'STRING' ? 'left' : 'right')),
    style: { head: [], border: [], compact: true },
  });
  for (const row of rows) grid.push(columns.map((column) => cell(column, row[column.name as keyof ReportRow])));
  const title = [colors.bold(colors.cyan(table)), colors.dim(rows[0]?.report_date ?? ''), ...(isDemo ? [DEMO_NOTE] : [])];
  return `${title.join('  ')}\n${grid.toString()}`;
}

/** `first_try_success_rate` over several lines, so that a table fits a terminal. */
function heading(name: string): string {
  const lines: string[] = [];
  for (const word of name.replace('period_label', 'period').split('_')) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + word.length < 11) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines.join('\n');
}

function cell({ unit }: Column, value: unknown): string {
  if (value === null || value === undefined) return colors.dim('–');
  if (typeof value !== 'number') return String(value);
  if (unit === 'count') return value === 0 ? colors.dim('0') : count.format(value);
  if (unit === 'percent') return `${value.toFixed(1)} %`;
  return unit === 'points' ? change(value) : value.toFixed(2);
}

/** Percentage points, with the sign of what is shown: −0.004 is no fall. */
function change(value: number): string {
  const points = Number(value.toFixed(2));
  const text = `${points > 0 ? '+' : ''}${points === 0 ? '0.00' : points.toFixed(2)} pp`;
  if (points === 0) return text;
  return points > 0 ? colors.green(text) : colors.red(text);
}

/** A released row for the terminal: a line per column. */
export function renderRelease(row: DailyMetrics, { isDemo }: { isDemo: boolean }): string {
  const grid = new Table({ colAligns: ['left', 'right'], style: { head: [], border: [], compact: true } });
  for (const column of dailyMetricsDefinition.columns) {
    const value = row[column.name as keyof DailyMetrics];
    grid.push([column.name, value === null ? colors.dim('hidden') : cell(column, value)]);
  }
  return `${isDemo ? `${DEMO_NOTE}\n` : ''}${grid.toString()}`;
}

/** What a run would have BigQuery read. */
export function renderPrice(bytes: number): string {
  return `Counting would read ${count.format(bytes)} bytes`;
}
