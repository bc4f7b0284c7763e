import { type FurtherTable, furtherTableNames, type ReportTable, reportTableNames } from '../../shared/metrics/tables';
import type { ExportedReport } from './export';
import { labelOf } from './reference';

/** What a report must say: of every period every column, those that all tables share aside. */
export interface ExpectedReport {
  reportDate: string;
  /** The report date first. */
  tables: Record<ReportTable, ExpectedPeriod[]>;
  /** Of the tables beside the core those that the report has, their rows without created_at. */
  further: Partial<Record<FurtherTable, ExpectedRow[]>>;
  rejectedRows: number;
  unclassifiedErrors: number;
}

export interface ExpectedPeriod {
  period: string;
  values: Record<string, number | null>;
}

export type ExpectedRow = Record<string, string | number | null>;

const TOLERANCE = 1e-9;

/** How an exported report differs from what is expected, a line for each value; none if it doesn't. */
export function reportDifferences(actual: ExportedReport, expected: ExpectedReport, createdAt: Date): string[] {
  const differences: string[] = [];
  const compare = (where: string, got: unknown, wanted: unknown) => {
    if (!equal(got, wanted)) differences.push(`${where}: expected ${JSON.stringify(wanted)}, got ${JSON.stringify(got)}`);
  };
  compare('report date', actual.reportDate, expected.reportDate);
  compare('rejected_rows', actual.rejectedRows, expected.rejectedRows);
  compare('unclassified_errors', actual.unclassifiedErrors, expected.unclassifiedErrors);
  for (const table of reportTableNames) {
    compare(`${table} rows`, actual.rows[table].length, 12);
    compare(`${table} expected rows`, expected.tables[table].length, 12);
    expected.tables[table].forEach(({ period, values }, age) => {
      const wanted: Record<string, unknown> = {
        report_date: expected.reportDate,
        period_label: labelOf({ grain: 'day', start: period, end: period }, age),
        period_start_date: period,
        period_end_date: period,
        ...values,
        created_at: createdAt.toISOString(),
      };
      const got: Record<string, unknown> = actual.rows[table][age] ?? {};
      for (const column of new Set([...Object.keys(wanted), ...Object.keys(got)]))
        compare(`${table} ${period} ${column}`, got[column], wanted[column]);
    });
  }
  for (const table of furtherTableNames) {
    const rows: Record<string, unknown>[] | undefined = actual.further?.[table];
    if (rows === undefined) continue; // the deployment has no such table
    const expectedRows = expected.further[table] ?? [];
    compare(`${table} rows`, rows.length, expectedRows.length);
    // which row is which: a period has one; a cohort has one for each age
    const found = new Map(rows.map((row) => [rowName(row), row]));
    for (const values of expectedRows) {
      const wanted: Record<string, unknown> = { ...values, created_at: createdAt.toISOString() };
      const got: Record<string, unknown> = found.get(rowName(wanted)) ?? {};
      for (const column of new Set([...Object.keys(wanted), ...Object.keys(got)]))
        compare(`${table} ${rowName(wanted)} ${column}`, got[column], wanted[column]);
    }
  }
  return differences;
}

function rowName({ cohort_start_date, age, period_start_date }: Record<string, unknown>): string {
  return cohort_start_date === undefined ? String(period_start_date) : `${cohort_start_date} age ${age}`;
}

function equal(got: unknown, wanted: unknown): boolean {
  if (typeof got === 'number' && typeof wanted === 'number') return Math.abs(got - wanted) <= TOLERANCE;
  return got === wanted && wanted !== undefined;
}
