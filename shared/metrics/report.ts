import { addDays, type CalendarDate, PERIODS, periodLabel } from './calendar';
import { dayOf, type FactsByDay, periodFacts } from './facts/period-facts';
import { type ReportRow, type ReportTable, reportTableNames, reportTables } from './tables';

export type ReportRows = { [Table in ReportTable]: ReportRow<Table>[] };

/** All that is published of one date, and what its run record says of it. */
export interface Report {
  reportDate: CalendarDate;
  /** 12 rows a table, the report date first. */
  rows: ReportRows;
  rejectedRows: number;
  unclassifiedErrors: number;
  /** Newest measurement seen in the periods, cut to the hour. */
  sourceLatestHour: Date | null;
}

/** The periods of a report: the report date first, then the days before it. */
export function periodsOf(reportDate: CalendarDate): CalendarDate[] {
  return Array.from({ length: PERIODS }, (_, age) => addDays(reportDate, -age));
}

/** Derives the report of one date; quality-gate.ts says whether it may be published. Pure: the same facts give the same rows, whenever it is made. */
export function deriveReport(days: FactsByDay, reportDate: CalendarDate, createdAt: Date): Report {
  const periods = periodsOf(reportDate);
  const created_at = createdAt.toISOString();
  const rowsOf = (table: ReportTable) =>
    periods.map((period) => ({
      report_date: reportDate,
      period_label: periodLabel(reportDate, period),
      period_start_date: period,
      period_end_date: period,
      ...reportTables[table].derive(periodFacts(days, reportDate, period)),
      created_at,
    }));
  const seen = periods.map((period) => dayOf(days, period));
  const hours = seen.flatMap(({ latestHour }) => latestHour ?? []);
  return {
    reportDate,
    rows: Object.fromEntries(reportTableNames.map((table) => [table, rowsOf(table)])) as ReportRows,
    rejectedRows: sum(seen.map((day) => day.rejectedRows)),
    unclassifiedErrors: sum(seen.map((day) => day.unclassifiedErrors)),
    sourceLatestHour: hours.length === 0 ? null : new Date(Math.max(...hours) * 3_600_000),
  };
}

function sum(values: number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
