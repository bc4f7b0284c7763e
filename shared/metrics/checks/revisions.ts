import { Failure } from '../../platform/failure';
import { type CalendarDate, endOf } from '../calendar';
import { publishedRows, type Report } from '../report';
import { growingColumns, type PublishedRow, type PublishedTable, publishedTableDefinitions } from '../tables';
import type { BigQueryType } from '../tables/columns';

/** Rows of the published tables before a run, to compare its reports with. */
export type PublishedRows = { readonly [Table in PublishedTable]?: readonly PublishedRow[] };

/** How a report changes published final figures. */
export interface Revision {
  /** How many numbers differ. */
  values: number;
  /** Columns with a lower count than before: rows were deleted at the source, or have expired there. */
  fallen: { table: PublishedTable; column: string }[];
  /** Counts of tests and people that are less than half of their former value; newest day first. */
  halved: Halved[];
}

export interface Halved {
  table: PublishedTable;
  column: string;
  period: CalendarDate;
  was: number;
  is: number;
}

/** Counts of tests and people. Rows that are lost by a fault lower one of them. */
const WATCHED: readonly string[] = [
  'all_tests',
  'active_users',
  'accounts_created',
  'total_users_to_date',
  'total_active_users_to_date',
];

/** Why a report that lost most of its rows must not be published; null if it didn't. */
export function checkFall({ halved: [first] }: Revision, reportDate: CalendarDate): Failure | null {
  if (first === undefined) return null;
  const { table, column, period, was, is } = first;
  return new Failure(
    'QUALITY_GATE',
    `${table}.${column} of ${period} fell from ${was} to ${is}, below half of what is published; nothing of ${reportDate} was written; ` +
      'kpi export --allow-fall publishes it, where rows were deleted on purpose',
  );
}

/**
 * Compares reports with those published when the run started. Each period is compared with its newest earlier report (up to the report's own
 * date) that was made after the period was over; others were expected to change. Leaves out columns that grow from report to report by
 * definition, such as the accounts of a young cohort that have tested.
 */
export function createComparison(published: PublishedRows, timeZone: string): (report: Report) => Revision {
  const tables = Object.entries(published) as [PublishedTable, readonly PublishedRow[]][];
  const known = new Map(tables.map(([table, rows]) => [table, finalRows(rows, timeZone)]));
  return (report) => {
    const revision: Revision = { values: 0, fallen: [], halved: [] };
    for (const [table, rows] of publishedRows(report)) {
      const before = known.get(table);
      const fallen = new Set<string>();
      for (const row of rows) {
        const earlier = before?.get(keyOf(row))?.find(({ report_date }) => report_date <= report.reportDate);
        if (earlier === undefined) continue;
        for (const change of changes(table, earlier, row)) {
          revision.values++;
          if (change.fell) fallen.add(change.column);
          const { column, was, is } = change;
          if (WATCHED.includes(column) && 2 * is < was)
            revision.halved.push({ table, column, period: row.period_start_date, was, is });
        }
      }
      for (const column of fallen) revision.fallen.push({ table, column });
    }
    return revision;
  };
}

/** The rows of each period, or of each cohort in it, that were made after it was over. Newest report first. */
function finalRows(rows: readonly PublishedRow[], timeZone: string): Map<string, PublishedRow[]> {
  const ends = new Map<CalendarDate, Date>();
  const byKey = new Map<string, PublishedRow[]>();
  for (const row of rows) {
    const lastDay = row.period_end_date;
    const end = ends.get(lastDay) ?? endOf(lastDay, timeZone);
    ends.set(lastDay, end);
    if (Date.parse(row.created_at) < end.getTime()) continue;
    byKey.set(keyOf(row), [...(byKey.get(keyOf(row)) ?? []), row]);
  }
  for (const found of byKey.values()) found.sort((one, other) => (one.report_date < other.report_date ? 1 : -1));
  return byKey;
}

function keyOf(row: PublishedRow): string {
  return 'cohort_start_date' in row ? `${row.cohort_start_date} ${row.period_start_date}` : row.period_start_date;
}

interface Change {
  column: string;
  fell: boolean;
  was: number;
  is: number;
}

function* changes(table: PublishedTable, before: PublishedRow, after: PublishedRow): Generator<Change> {
  const growing = before.report_date === after.report_date ? [] : growingColumns(table);
  for (const { name, type } of publishedTableDefinitions[table].columns) {
    if (type !== 'INT64' && type !== 'FLOAT64') continue;
    const [was = null, is = null] = [before, after].map((row) => (row as Record<string, unknown>)[name] as number | null);
    const fell = type === 'INT64' && Number(is) < Number(was);
    if (growing.includes(name) ? fell : differs(type, was, is)) yield { column: name, fell, was: Number(was), is: Number(is) };
  }
}

/** Whether two values differ. A warehouse may round the last digits of ratios, which leaves few exact digits in a difference of two. */
export function differs(type: BigQueryType, one: unknown, other: unknown): boolean {
  if (type !== 'FLOAT64' || typeof one !== 'number' || typeof other !== 'number') return one !== other;
  return Math.abs(one - other) > Math.max(1e-12, 1e-9 * Math.max(Math.abs(one), Math.abs(other)));
}
