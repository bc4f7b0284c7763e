import type { ReportState, RunFilter } from '../engine';
import {
  dailyMetricsDefinition,
  exportRunsDefinition,
  type ReportTable,
  reportTableDefinitions,
  reportTableNames,
  type TableDefinition,
} from '../tables';

/** What is read of the published tables, in the SQL that both engines understand. `name` gives a table's full name. */
export type NameTable = (table: string) => string;

/** Binds @from and @to. */
export function selectRows(table: ReportTable, name: NameTable): string {
  return `SELECT ${columnsOf(reportTableDefinitions[table])} FROM ${name(table)}
WHERE report_date BETWEEN @from AND @to
ORDER BY report_date, period_start_date DESC`;
}

/** Binds @from and @to. */
export function deleteRows(table: ReportTable, name: NameTable): string {
  return `DELETE FROM ${name(table)} WHERE report_date BETWEEN @from AND @to`;
}

/** Binds @from and @to. One row per report date and table that has rows of it. */
export function selectReportStates(name: NameTable): string {
  return reportTableNames
    .map(
      (table) => `SELECT
  report_date,
  '${table}' AS table_name,
  COUNT(*) AS row_count,
  MIN(created_at) AS first_created_at,
  MAX(created_at) AS last_created_at
FROM ${name(table)}
WHERE report_date BETWEEN @from AND @to
GROUP BY report_date`,
    )
    .join('\nUNION ALL\n');
}

/** A row of selectReportStates, instants as ISO 8601. */
export function parseReportState(row: Record<string, unknown>): ReportState {
  return {
    reportDate: String(row.report_date),
    table: row.table_name as ReportTable,
    rows: Number(row.row_count),
    firstCreatedAt: new Date(String(row.first_created_at)),
    lastCreatedAt: new Date(String(row.last_created_at)),
  };
}

/** Binds @from and @to. `table` is the full name. */
export function selectRelease(table: string): string {
  return `SELECT ${columnsOf(dailyMetricsDefinition)} FROM ${table}
WHERE period_date BETWEEN @from AND @to
ORDER BY period_date`;
}

/** Binds @request_id where the filter names one. The newest first. */
export function selectRuns({ requestId, newest }: RunFilter, name: NameTable): string {
  return [
    `SELECT ${columnsOf(exportRunsDefinition)} FROM ${name('export_runs')}`,
    ...(requestId === undefined ? [] : ['WHERE request_id = @request_id']),
    'ORDER BY started_at DESC, report_date DESC',
    ...(newest === undefined ? [] : [`LIMIT ${newest}`]),
  ].join('\n');
}

function columnsOf({ columns }: TableDefinition): string {
  return columns.map(({ name }) => name).join(', ');
}
