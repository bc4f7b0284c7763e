import { type CalendarDate, endOf, PERIODS } from '../shared/metrics/calendar';
import { agree } from '../shared/metrics/checks/quality-gate';
import { type Grain, grainAdverbs, periodEnd, periodStarts } from '../shared/metrics/grain';
import type { FurtherRows, ReportRows } from '../shared/metrics/report';
import {
  type FurtherTable,
  type PublishedTable,
  publishedTableDefinitions,
  type ReportRow,
  type ReportTable,
  reportTableDefinitions,
  reportTableNames,
  rowsOfTable,
} from '../shared/metrics/tables';
import { releaseDefinitions } from '../shared/metrics/tables/release-tables';
import type { ReleasedRow } from '../shared/metrics/tables/released';
import type { Retention } from '../shared/metrics/tables/retention';
import type { Cohort, GrainFigures, Metric, Period } from './data';
import { madeMetrics, metricsOf } from './metrics';

/** The figures of a day in the core tables, in the order of a day's values. */
export const reportMetrics: Metric[] = [
  ...metricsOf(Object.values(reportTableDefinitions)),
  ...Object.values(madeMetrics).map(({ make, ...metric }) => ({ ...metric, grows: false })),
];
const { make: makeFailureRate, ...failureRate } = madeMetrics.failure_rate;
const reportMetricNames: readonly string[] = reportMetrics.map(({ name }) => name);

/** The figures among a release's columns, each with its table, and the failure rate. Released periods no longer grow. */
export function releaseMetrics(grain: Grain): Metric[] {
  const columns = metricsOf([releaseDefinitions[grain]]).filter(({ name }) => reportMetricNames.includes(name));
  return [...columns, failureRate].map((metric) => ({ ...metric, table: tableOf(metric.name, grain), grows: false }));
}

function tableOf(metric: string, grain: Grain): string {
  const daily = reportMetrics.find(({ name }) => name === metric)?.table ?? failureRate.table;
  return daily.replace(grainAdverbs.day, grainAdverbs[grain]);
}

const growing = reportMetrics.filter(({ grows }) => grows).map(({ name }) => name);
/** Index of a metric's value among those of a day. */
export const placeOf = new Map(reportMetrics.map(({ name }, place) => [name, place]));

/** The rows of a grain's core tables, from which figures are judged. */
export function coreRows(rows: Rows, grain: Grain): ReportRow[] {
  return coreOf(grain).flatMap(([table]) => (rows[table] ?? []) as ReportRow[]);
}

/** The core tables of a grain, in order, each with its daily table. */
function coreOf(grain: Grain): [table: PublishedTable, core: ReportTable][] {
  return reportTableNames.map((core) => [ofGrain(core, grain), core]);
}

function ofGrain(table: ReportTable | 'daily_audience' | 'daily_retention', grain: Grain): PublishedTable {
  return table.replace(grainAdverbs.day, grainAdverbs[grain]) as PublishedTable;
}

/** The figures of a grain's periods: those of a day in the same order, then those of the audience without active users, which are among the first. */
export function metricsOfGrain(grain: Grain): Metric[] {
  const core = coreOf(grain).map(([table]) => publishedTableDefinitions[table]);
  return [
    ...metricsOf(core),
    ...Object.values(madeMetrics).map(({ make, table, ...metric }) => ({
      ...metric,
      table: ofGrain(table as ReportTable, grain),
      grows: false,
    })),
    ...audienceOf(grain),
  ];
}

function audienceOf(grain: Grain): Metric[] {
  return metricsOf([publishedTableDefinitions[ofGrain('daily_audience', grain)]])
    .filter(({ name }) => name !== 'active_users')
    .map((metric) => ({ ...metric, definition: metric.definition.replace(/^Of these/, 'Of the active users') }));
}

/** Names of each table's metrics, in the order of their columns. */
export const metricNames = Object.fromEntries(
  reportTableNames.map((table) => [table, metricsOf([reportTableDefinitions[table]]).map(({ name }) => name)]),
) as Record<ReportTable, string[]>;

type Rows = Partial<ReportRows & FurtherRows>;
type PeriodRows = { [Table in ReportTable]: ReportRow<Table> };

/**
 * A report with all rows, whose figures belong together: made at one instant or, while two runs write at once, with tables of both that agree
 * with each other. Then createdAt is the oldest.
 */
interface CompleteReport {
  date: CalendarDate;
  createdAt: Date;
  /** Newest first. */
  periods: { date: CalendarDate; rows: PeriodRows }[];
}

export interface NewestReport {
  date: CalendarDate;
  createdAt: string;
}

/** The days of all reports of a warehouse, from the core tables. */
export function deriveHistory(rows: ReportRows, timeZone: string): { newest: NewestReport | null; days: Period[] } {
  const { newest, periods } = deriveGrain(rows, 'day', timeZone);
  return { newest, days: periods };
}

/**
 * The days, weeks or months of all reports of a warehouse, each from its newest report. Incomplete reports count as missing. Without rows of the
 * audience its metrics are left out.
 */
export function deriveGrain(rows: Rows, grain: Grain, timeZone: string): GrainFigures & { newest: NewestReport | null } {
  const reports = completeReports(rows, grain);
  const newest = reports.at(-1);
  const isOver = createOver(timeZone);
  const audience = audienceRows(rows, grain);
  const names = audience.size === 0 ? [] : audienceOf(grain).map(({ name }) => name);
  const periods = new Map<CalendarDate, Period>();
  for (const { date: report, createdAt, periods: reported } of reports) {
    const final = isOver(report, createdAt);
    for (const [age, { date, rows }] of reported.entries()) {
      const grown = periods.get(date)?.grown ?? [];
      if (final) grown.push({ age, values: growing.map((name) => numberIn(rows.daily_funnel, name)) });
      const people = audience.get(`${report} ${date}`);
      // different active users mean that another run wrote the core
      const isOfReport = people !== undefined && numberIn(people, 'active_users') === rows.daily_engagement.active_users;
      periods.set(date, {
        date,
        report,
        provisional: !isOver(periodEnd(date, grain), createdAt),
        growing: !(final && age === PERIODS - 1),
        values: [...withMade(valuesOf(rows)), ...names.map((name) => (isOfReport ? numberIn(people, name) : null))],
        grown,
      });
    }
  }
  return {
    newest: newest === undefined ? null : { date: newest.date, createdAt: newest.createdAt.toISOString() },
    metrics: metricsOfGrain(grain).slice(0, reportMetrics.length + names.length),
    periods: [...periods.values()].sort(byDate),
    cohorts: deriveCohorts((rows[ofGrain('daily_retention', grain) as FurtherTable] ?? []) as Retention[], grain),
  };
}

/** Rows of the audience by report date and period. */
function audienceRows(rows: Rows, grain: Grain): Map<string, object> {
  const found = rows[ofGrain('daily_audience', grain)] ?? [];
  return new Map((found as ReportRow[]).map((row) => [`${row.report_date} ${row.period_start_date}`, row]));
}

/** The cohorts of all reports, each from its newest report. Reports that lack rows of the table count as missing. */
function deriveCohorts(rows: readonly Retention[], grain: Grain): Cohort[] {
  const cohorts = new Map<CalendarDate, Cohort>();
  for (const report of byReportDate(rows)) {
    if (report.length !== rowsOfTable(ofGrain('daily_retention', grain))) continue;
    const byAge = report.toSorted((one, other) => one.age - other.age);
    for (const { cohort_start_date: date, age, cohort_users: users, retained_users: retained } of byAge) {
      const younger = age === 0 ? [] : (cohorts.get(date)?.retained ?? []);
      cohorts.set(date, { date, users, retained: [...younger, retained] });
    }
  }
  return [...cohorts.values()].sort(byDate);
}

/** The rows of each report, oldest report first. */
function byReportDate<Row extends { report_date: CalendarDate }>(rows: readonly Row[]): Row[][] {
  const reports = new Map<CalendarDate, Row[]>();
  for (const row of rows) {
    const found = reports.get(row.report_date);
    if (found === undefined) reports.set(row.report_date, [row]);
    else found.push(row);
  }
  return [...reports].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, found]) => found);
}

/** The released periods by first day, and the names of figures that are hidden in all of them, which are left out. */
export function deriveReleased(rows: readonly ReleasedRow[], grain: Grain): { figures: GrainFigures; hidden: string[] } {
  const metrics = releaseMetrics(grain);
  const columns = metrics.map(({ name }) => name).filter((name) => name !== failureRate.name);
  const all = rows.map((row) => [...columns.map((name) => numberIn(row, name)), makeFailureRate((name) => numberIn(row, name))]);
  const isShown = metrics.map((_, place) => all.some((values) => values[place] !== null));
  const shown = <Item>(items: readonly Item[]) => items.filter((_, place) => isShown[place]);
  const periods = rows.map(({ period_start_date: date }, place) => ({
    date,
    report: date,
    provisional: false,
    growing: false,
    grown: [],
    values: shown(all[place] ?? []),
  }));
  return {
    figures: { metrics: shown(metrics), periods: periods.sort(byDate), cohorts: [] },
    hidden: metrics.filter((_, place) => !isShown[place]).map(({ label }) => label),
  };
}

/** Oldest first. */
function completeReports(tables: Rows, grain: Grain): CompleteReport[] {
  const rows = coreOf(grain).flatMap(([table, core]) =>
    ((tables[table] ?? []) as ReportRow[]).map((row) => ({ report_date: row.report_date, core, row })),
  );
  return byReportDate(rows).flatMap((found) => completeReport(found, grain) ?? []);
}

function completeReport(found: { core: ReportTable; row: ReportRow }[], grain: Grain): CompleteReport | null {
  const date = found[0]?.row.report_date;
  if (date === undefined || found.length !== PERIODS * reportTableNames.length) return null;
  const byPeriod = new Map(periodStarts(date, grain).map((period): [CalendarDate, Partial<PeriodRows>] => [period, {}]));
  for (const { core, row } of found) Object.assign(byPeriod.get(row.period_start_date) ?? {}, { [core]: row });
  const periods = [...byPeriod].map(([date, rows]) => ({ date, rows: rows as PeriodRows }));
  if (!periods.every(({ rows }) => reportTableNames.every((table) => table in rows))) return null;
  const [createdAt = '', ...later] = [...new Set(found.map(({ row }) => row.created_at))].sort();
  const isOfOneRun = (table: ReportTable) => new Set(periods.map(({ rows }) => rows[table].created_at)).size === 1;
  const stands =
    later.length === 0 || (reportTableNames.every(isOfOneRun) && periods.every(({ rows }) => agree(Object.values(rows))));
  return stands ? { date, createdAt: new Date(createdAt), periods } : null;
}

/** Returns a function that says whether a day was over at an instant. It computes each day's end once. */
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
