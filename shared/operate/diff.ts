import type { Run } from '../engines/engine';
import type { Settled } from '../engines/open';
import { type Draft, draftReports } from '../export/run-export';
import { type CalendarDate, endOf } from '../metrics/calendar';
import { differs } from '../metrics/checks/revisions';
import { publishedRows } from '../metrics/report';
import {
  type Column,
  furtherTableNames,
  isRetention,
  type PublishedRow,
  type PublishedTable,
  publishedTableDefinitions,
  publishedTableNames,
} from '../metrics/tables';
import type { Failure } from '../platform/failure';

/** How many differences are kept for display, per column and for rows that only one side has. */
const FIRST = 10;

type Value = string | number | boolean | null;

/** Identifies a row of a table: by period, or by cohort and age. */
export interface RowKey {
  date: CalendarDate;
  period: CalendarDate;
  cohort?: CalendarDate;
  age?: number;
}

export interface ValueDifference extends RowKey {
  published: Value;
  counted: Value;
}

export interface ColumnDifferences {
  column: string;
  /** Number of compared values, and of those that differ. */
  values: number;
  differing: number;
  /** Greatest difference of two numbers; null if no differing values are both numbers. */
  most: number | null;
  first: ValueDifference[];
}

export interface TableDifferences {
  table: PublishedTable;
  /** Rows that both sides have, and rows that only one has. */
  rows: { compared: number; onlyPublished: number; onlyCounted: number; first: (RowKey & { only: 'published' | 'counted' })[] };
  /** Columns with differences. */
  columns: ColumnDifferences[];
}

export interface Differences {
  /** Number of dates with a report on both sides. */
  reports: number;
  /** Dates whose report isn't published, or can't be counted; `failure` has the reason. */
  missing: { date: CalendarDate; isPublished: boolean; failure: Failure | null }[];
  /** Dates whose report was compared but would not be published. */
  refused: { date: CalendarDate; failure: Failure }[];
  /** Number of compared reports that were published before their date was over, so their figures were expected to change. */
  provisional: number;
  /** One for each table of the warehouse. */
  tables: TableDifferences[];
}

export interface ComparisonOptions extends Settled {
  run: Run;
  startedAt: Date;
}

/**
 * Counts the reports of `dates` (ascending) and compares them with the published ones. Writes nothing. Reads and closes the embedded warehouse
 * before it counts.
 */
export async function comparePublished(
  dates: readonly CalendarDate[],
  { config, openEngine, run, startedAt }: ComparisonOptions,
): Promise<Differences> {
  const { timeZone } = config;
  const published = await readPublished(dates, { openEngine, run });
  const engine = await openEngine('dry-run', { signal: run.signal, log: run.log });
  const tables = new Map(published.tables.map((table) => [table, createTally(table)]));
  const found: Omit<Differences, 'tables'> = { reports: 0, missing: [], refused: [], provisional: 0 };
  try {
    const gate = { ...config, allowStale: true }; // checks whether figures are right, not whether the source is late
    for await (const draft of draftReports(dates, { engine, run, timeZone, startedAt, gate })) {
      const { reportDate: date, report, failure } = draft;
      const rows = published.byDate.get(date);
      if (report === null || rows === undefined) {
        found.missing.push({ date, isPublished: rows !== undefined, failure });
        continue;
      }
      found.reports++;
      if (failure !== null) found.refused.push({ date, failure });
      if (isProvisional(rows, endOf(date, timeZone))) found.provisional++;
      const counted = rowsOf(report);
      for (const [table, tally] of tables) tally.add(rows.get(table) ?? [], counted.get(table) ?? []);
    }
  } finally {
    await engine.close();
  }
  return { ...found, tables: [...tables.values()].map((tally) => tally.result()) };
}

/** What `kpi diff` calls a difference: differing values, rows that one side lacks, missing reports and refused reports. */
export function countDifferences({ missing, refused, tables }: Differences): number {
  return tables.reduce(
    (total, { rows, columns }) =>
      total + rows.onlyPublished + rows.onlyCounted + columns.reduce((sum, { differing }) => sum + differing, 0),
    missing.length + refused.length,
  );
}

type Row = Record<string, Value>;
type RowsByTable = Map<PublishedTable, Row[]>;

async function readPublished(dates: readonly CalendarDate[], { openEngine, run }: Pick<ComparisonOptions, 'openEngine' | 'run'>) {
  const [from = '', to = from] = [dates[0], dates.at(-1)];
  const engine = await openEngine('read', { signal: run.signal, log: run.log });
  try {
    const core = await engine.readReports(from, to, run.signal);
    const found = { ...core, ...(await engine.readFurther(furtherTableNames, from, to, run.signal)) };
    const tables = publishedTableNames.filter((table) => found[table] !== undefined);
    const byDate = new Map<CalendarDate, RowsByTable>();
    for (const table of tables)
      for (const row of (found[table] ?? []) as PublishedRow[]) {
        const ofDate = byDate.get(row.report_date) ?? new Map();
        byDate.set(row.report_date, ofDate.set(table, [...(ofDate.get(table) ?? []), row]));
      }
    return { tables, byDate };
  } finally {
    await engine.close();
  }
}

function rowsOf(report: NonNullable<Draft['report']>): RowsByTable {
  return new Map(publishedRows(report).map(([table, rows]) => [table, rows as unknown as Row[]]));
}

function isProvisional(rows: RowsByTable, end: Date): boolean {
  return [...rows.values()].some((ofTable) => ofTable.some(({ created_at }) => Date.parse(String(created_at)) < end.getTime()));
}

/** Collects the differences of a table, report by report. */
function createTally(table: PublishedTable) {
  const key = isRetention(table) ? ['report_date', 'cohort_start_date', 'age'] : ['report_date', 'period_start_date'];
  const keyOf = (row: Row) => key.map((column) => row[column]).join(' ');
  const compared = publishedTableDefinitions[table].columns.filter(({ name }) => name !== 'created_at' && !key.includes(name));
  const columns = compared.map((column) => ({ column, tally: emptyColumn(column) }));
  const rows: TableDifferences['rows'] = { compared: 0, onlyPublished: 0, onlyCounted: 0, first: [] };
  const addLonely = (row: Row, only: 'published' | 'counted') => {
    rows[only === 'published' ? 'onlyPublished' : 'onlyCounted']++;
    if (rows.first.length < FIRST) rows.first.push({ ...nameRow(table, row), only });
  };
  return {
    add: (published: readonly Row[], counted: readonly Row[]) => {
      const left = new Map(counted.map((row) => [keyOf(row), row]));
      for (const row of published) {
        const other = left.get(keyOf(row));
        if (other === undefined || !left.delete(keyOf(row))) {
          addLonely(row, 'published'); // also a row that exists twice
          continue;
        }
        rows.compared++;
        for (const { column, tally } of columns) addValue(tally, column, { key: nameRow(table, row), before: row, after: other });
      }
      for (const row of left.values()) addLonely(row, 'counted');
    },
    result: (): TableDifferences => ({
      table,
      rows,
      columns: columns.map(({ tally }) => tally).filter(({ differing }) => differing > 0),
    }),
  };
}

function emptyColumn({ name }: Column): ColumnDifferences {
  return { column: name, values: 0, differing: 0, most: null, first: [] };
}

function addValue(
  tally: ColumnDifferences,
  { name, type }: Column,
  { key, before, after }: { key: RowKey; before: Row; after: Row },
): void {
  const [published = null, counted = null] = [before[name], after[name]];
  tally.values++;
  if (!differs(type, published, counted)) return;
  tally.differing++;
  if (typeof published === 'number' && typeof counted === 'number')
    tally.most = Math.max(tally.most ?? 0, Math.abs(counted - published));
  if (tally.first.length < FIRST) tally.first.push({ ...key, published, counted });
}

function nameRow(table: PublishedTable, row: Row): RowKey {
  const key = { date: String(row.report_date), period: String(row.period_start_date) };
  return isRetention(table) ? { ...key, cohort: String(row.cohort_start_date), age: Number(row.age) } : key;
}
