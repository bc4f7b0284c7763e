import { type CalendarDate, endOf, PERIODS } from '../shared/metrics/calendar';
import { agree } from '../shared/metrics/checks/quality-gate';
import { periodsOf, type ReportRows } from '../shared/metrics/report';
import { type ReportRow, type ReportTable, reportTableDefinitions, reportTableNames } from '../shared/metrics/tables';
import { releaseDefinitions } from '../shared/metrics/tables/release-tables';
import type { ReleasedRow } from '../shared/metrics/tables/released';
import type { Day, Metric } from './data';
import { madeMetrics, metricsOf } from './metrics';

/** The figures of a day, in the order of their values there. */
export const reportMetrics: Metric[] = [
  ...metricsOf(Object.values(reportTableDefinitions)),
  ...Object.values(madeMetrics).map(({ make, ...metric }) => ({ ...metric, grows: false })),
];
/** Of the columns of a release those that are figures of a report, each with the table that it is of; a released day grows no more. */
const releasedColumns = metricsOf([releaseDefinitions.day]).flatMap((metric): Metric[] => {
  const table = reportMetrics.find(({ name }) => name === metric.name)?.table;
  return table === undefined ? [] : [{ ...metric, table, grows: false }];
});
const { make: makeFailureRate, ...failureRate } = madeMetrics.failure_rate;
export const releaseMetrics: Metric[] = [...releasedColumns, { ...failureRate, grows: false }];

const growing = reportMetrics.filter(({ grows }) => grows).map(({ name }) => name);
/** Place of a metric's value among those of a day. */
export const placeOf = new Map(reportMetrics.map(({ name }, place) => [name, place]));

/** Names of each table's metrics, in the order of their columns. */
export const metricNames = Object.fromEntries(
  reportTableNames.map((table) => [table, metricsOf([reportTableDefinitions[table]]).map(({ name }) => name)]),
) as Record<ReportTable, string[]>;

type PeriodRows = { [Table in ReportTable]: ReportRow<Table> };

/**
 * A report of which all rows are there, and whose figures belong together: made at one instant, or, while two runs write at once, tables of
 * several that agree with each other. Then createdAt is the oldest.
 */
interface CompleteReport {
  date: CalendarDate;
  createdAt: Date;
  /** The report date first. */
  periods: { date: CalendarDate; rows: PeriodRows }[];
}

/**
 * The days that the reports of a warehouse speak of, each as its newest report has it. A report that isn't complete counts as
 * missing.
 */
export function deriveHistory(
  rows: ReportRows,
  timeZone: string,
): { newest: { date: CalendarDate; createdAt: string } | null; days: Day[] } {
  const reports = completeReports(rows);
  const newest = reports.at(-1);
  const isOver = createOver(timeZone);
  const days = new Map<CalendarDate, Day>();
  for (const { date: report, createdAt, periods } of reports) {
    const final = isOver(report, createdAt);
    for (const [age, { date, rows }] of periods.entries()) {
      const grown = days.get(date)?.grown ?? [];
      if (final) grown.push({ age, values: growing.map((name) => numberIn(rows.daily_funnel, name)) });
      days.set(date, {
        date,
        report,
        provisional: !isOver(date, createdAt),
        growing: !(final && age === PERIODS - 1),
        values: withMade(valuesOf(rows)),
        grown,
      });
    }
  }
  return {
    newest: newest === undefined ? null : { date: newest.date, createdAt: newest.createdAt.toISOString() },
    days: [...days.values()].sort(byDate),
  };
}

/** The periods of a release by their first days. They are complete, and each was released once. */
export function deriveReleasedHistory(rows: readonly ReleasedRow[]): Day[] {
  return rows
    .map((row) => ({
      date: row.period_start_date,
      report: row.period_start_date,
      provisional: false,
      growing: false,
      values: [...releasedColumns.map(({ name }) => numberIn(row, name)), makeFailureRate((name) => numberIn(row, name))],
      grown: [],
    }))
    .sort(byDate);
}

/** Oldest first. */
function completeReports(tables: ReportRows): CompleteReport[] {
  const byReport = new Map<CalendarDate, { table: ReportTable; row: ReportRow }[]>();
  for (const table of reportTableNames) {
    for (const row of tables[table]) {
      const found = byReport.get(row.report_date);
      if (found === undefined) byReport.set(row.report_date, [{ table, row }]);
      else found.push({ table, row });
    }
  }
  return [...byReport].flatMap(([date, found]) => completeReport(date, found) ?? []).sort(byDate);
}

function completeReport(date: CalendarDate, found: { table: ReportTable; row: ReportRow }[]): CompleteReport | null {
  if (found.length !== PERIODS * reportTableNames.length) return null;
  const byPeriod = new Map(periodsOf(date).map((period): [CalendarDate, Partial<PeriodRows>] => [period, {}]));
  for (const { table, row } of found) Object.assign(byPeriod.get(row.period_start_date) ?? {}, { [table]: row });
  const periods = [...byPeriod].map(([date, rows]) => ({ date, rows: rows as PeriodRows }));
  if (!periods.every(({ rows }) => reportTableNames.every((table) => table in rows))) return null;
  const [createdAt = '', ...later] = [...new Set(found.map(({ row }) => row.created_at))].sort();
  const isOfOneRun = (table: ReportTable) => new Set(periods.map(({ rows }) => rows[table].created_at)).size === 1;
  const stands =
    later.length === 0 || (reportTableNames.every(isOfOneRun) && periods.every(({ rows }) => agree(Object.values(rows))));
  return stands ? { date, createdAt: new Date(createdAt), periods } : null;
}

/** Tells whether a day was over at an instant. A day's end is looked up once. */
function createOver(timeZone: string): (day: CalendarDate, at: Date) => boolean {
  const ends = new Map<CalendarDate, number>();
  return (day, at) => {
    const end = ends.get(day) ?? endOf(day, timeZone).getTime();
    ends.set(day, end);
    return at.getTime() >= end;
  };
}

function valuesOf(rows: PeriodRows): (number | null)[] {
  return reportTableNames.flatMap((table) => metricNames[table].map((name) => numberIn(rows[table], name)));
}

function withMade(values: (number | null)[]): (number | null)[] {
  return [...values, ...Object.values(madeMetrics).map(({ make }) => make((name) => values[placeOf.get(name) ?? -1] ?? null))];
}

function numberIn(row: object, column: string): number | null {
  const value = (row as Record<string, unknown>)[column];
  return typeof value === 'number' ? value : null;
}

function byDate(a: { date: CalendarDate }, b: { date: CalendarDate }): number {
  return a.date < b.date ? -1 : 1;
}
