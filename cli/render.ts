import Table from 'cli-table3';
import pc from 'picocolors';
import { type Column, dailyMetricsDefinition, type ReportRow, type ReportTable, reportTableDefinitions } from '../shared/tables';
import type { DailyMetrics } from '../shared/tables/daily_metrics';

/** Columns that every row of a report shares, or that repeat the label. */
const OMITTED = ['report_date', 'period_start_date', 'period_end_date', 'created_at'];

const count = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

/** One table of one report for the terminal: a line per period, units on the figures, – for NULL. */
export function renderReport(table: ReportTable, rows: readonly ReportRow[]): string {
  const columns = reportTableDefinitions[table].columns.filter(({ name }) => !OMITTED.includes(name));
  const grid = new Table({
    head: columns.map(({ name }) => pc.bold(heading(name))),
    colAligns: columns.map(({ type }) => (type === 'STRING' ? 'left' : 'right')),
    style: { head: [], border: [], compact: true },
    chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' },
  });
  for (const row of rows) grid.push(columns.map((column) => cell(column, row[column.name as keyof ReportRow])));
  return `${pc.bold(pc.cyan(table))}  ${pc.dim(rows[0]?.report_date ?? '')}\n${grid.toString()}`;
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

function cell({ name, type }: Column, value: unknown): string {
  if (value === null || value === undefined) return pc.dim('–');
  if (typeof value !== 'number') return String(value);
  if (type === 'INT64') return value === 0 ? pc.dim('0') : count.format(value);
  if (name === 'active_change') return `${value > 0 ? '+' : ''}${value.toFixed(2)} pp`;
  return /percentage|rate/.test(name) ? `${value.toFixed(1)} %` : value.toFixed(2);
}

/** A released row for the terminal: a line per column. */
export function renderRelease(row: DailyMetrics): string {
  const grid = new Table({ colAligns: ['left', 'right'], style: { head: [], border: [], compact: true } });
  for (const column of dailyMetricsDefinition.columns) {
    const value = row[column.name as keyof DailyMetrics];
    grid.push([column.name, value === null ? pc.dim('hidden') : cell(column, value)]);
  }
  return grid.toString();
}

/** What a run would have BigQuery read. */
export function renderPrice(bytes: number): string {
  return `Counting would read ${count.format(bytes)} bytes`;
}
