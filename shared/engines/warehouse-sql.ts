import {
  annotationsDefinition,
  exportRunsDefinition,
  isRetention,
  type PublishedTable,
  publishedTableDefinitions,
  type TableDefinition,
} from '../metrics/tables';
import type { Annotation } from '../metrics/tables/annotations';
import type { ReportState, RunFilter } from './engine';

/** Queries of the published tables, in SQL that both engines understand. A NameTable returns a table's full name. */
export type NameTable = (table: string) => string;

/** Binds @from and @to. */
export function selectRows(table: PublishedTable, name: NameTable): string {
  return `SELECT ${columnsOf(publishedTableDefinitions[table])} FROM ${name(table)}
WHERE report_date BETWEEN @from AND @to
ORDER BY ${orderOf(table)}`;
}

/** Reports in order of time; within a report the newest period or cohort first. */
function orderOf(table: PublishedTable): string {
  return `report_date, ${isRetention(table) ? 'cohort_start_date DESC, age' : 'period_start_date DESC'}`;
}

/** Binds @from and @to. */
export function deleteRows(table: PublishedTable, name: NameTable): string {
  return `DELETE FROM ${name(table)} WHERE report_date BETWEEN @from AND @to`;
}

/** Binds @from and @to. One row per report date and existing table that has rows of it. */
export function selectReportStates(name: NameTable, tables: readonly PublishedTable[]): string {
  return tables
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
    table: row.table_name as PublishedTable,
    rows: Number(row.row_count),
    firstCreatedAt: new Date(String(row.first_created_at)),
    lastCreatedAt: new Date(String(row.last_created_at)),
  };
}

/** Binds @from and @to. `table` is the full name. */
export function selectRelease(definition: TableDefinition, table: string): string {
  const { partitionColumn } = definition;
  return `SELECT ${columnsOf(definition)} FROM ${table}
WHERE ${partitionColumn} BETWEEN @from AND @to
ORDER BY ${partitionColumn}`;
}

/** One row if the table has any. `table` is the full name. */
export function selectAny(table: string): string {
  return `SELECT 1 AS found FROM ${table} LIMIT 1`;
}

/** Binds @request_id if the filter names one. Newest first. Columns that the table lacks are NULL. */
export function selectRuns({ requestId, newest }: RunFilter, name: NameTable, lacking: ReadonlySet<string>): string {
  return [
    `SELECT ${columnsOf(exportRunsDefinition, lacking)} FROM ${name('export_runs')}`,
    ...(requestId === undefined ? [] : ['WHERE request_id = @request_id']),
    'ORDER BY started_at DESC, report_date DESC',
    ...(newest === undefined ? [] : [`LIMIT ${newest}`]),
  ].join('\n');
}

/** Unordered; sort with byDay. `exclude` is a GoogleSQL keyword, so columns are qualified with the table's name. */
export function selectAnnotations(name: NameTable): string {
  const columns = annotationsDefinition.columns.map((column) => `annotated.${column.name}`).join(', ');
  return `SELECT ${columns} FROM ${name(annotationsDefinition.name)} AS annotated`;
}

/** Order of annotations: by first day, then by text. */
export function byDay(one: Annotation, other: Annotation): number {
  return one.date.localeCompare(other.date) || one.text.localeCompare(other.text);
}

/** At most one row: the newest run that wrote something. Runs that name their source come before those that don't. */
export function selectIdentity(name: NameTable, lacking: ReadonlySet<string>): string {
  const isLacking = lacking.has('source');
  return `SELECT time_zone, ${isLacking ? 'NULL AS source' : 'source'} FROM ${name('export_runs')}
WHERE status <> 'failed'
ORDER BY ${isLacking ? '' : 'IF(source IS NULL, 1, 0), '}started_at DESC
LIMIT 1`;
}

function columnsOf({ columns }: TableDefinition, lacking: ReadonlySet<string> = new Set()): string {
  return columns.map(({ name }) => (lacking.has(name) ? `NULL AS ${name}` : name)).join(', ');
}
