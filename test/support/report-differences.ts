import { type ReportTable, reportTableNames } from '../../shared/metrics/tables';
import type { ExportedReport } from './export';

/** What a report must say: of every period every column, those that all tables share aside. */
export interface ExpectedReport {
  reportDate: string;
  /** The report date first. */
  tables: Record<ReportTable, ExpectedPeriod[]>;
  rejectedRows: number;
  unclassifiedErrors: number;
}

export interface ExpectedPeriod {
  period: string;
  values: Record<string, number | null>;
}

const TOLERANCE = 1e-9;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

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
        period_label: label(period, age),
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
  return differences;
}

function equal(got: unknown, wanted: unknown): boolean {
  if (typeof got === 'number' && typeof wanted === 'number') return Math.abs(got - wanted) <= TOLERANCE;
  return got === wanted && wanted !== undefined;
}

function label(period: string, age: number): string {
  const [, month, day] = period.split('-').map(Number);
  const date = `${MONTHS[(month ?? 0) - 1]} ${day}`;
  return age === 0 ? `Today (${date})` : age === 1 ? `Yesterday (${date})` : date;
}
