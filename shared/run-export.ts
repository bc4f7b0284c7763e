import { type CalendarDate, datesBetween, reportWindow } from './calendar';
import type { Engine, Price, Run, TableOutcome } from './engine';
import { indexByDay } from './facts/period-facts';
import { type Failure, toFailure } from './failure';
import type { ReportOutcome } from './outcome';
import { deriveReport, type Report } from './report';
import type { ExportRequest } from './request';
import { runRecord } from './run-record';
import { reportTableNames } from './tables';

export interface ExportOptions {
  engine: Engine;
  run: Run;
  timeZone: string;
  /** The one instant that all rows of the run carry as created_at. */
  startedAt: Date;
  now: () => Date;
  /** Compute, or where that costs money say what it would cost, but write nothing. */
  dryRun: boolean;
}

export interface ExportOutcome {
  reports: ReportOutcome[];
  /** Of a dry run on an engine that bills. */
  prices: Price[];
}

/**
 * The one way to an export, whatever the door: counts the facts of all dates at once, derives and checks every report in memory, and
 * only then publishes and writes the run's record. Fails as a whole where the facts can't be had; what happened to a date or a table
 * is in the outcome.
 */
export async function runExport(request: ExportRequest, options: ExportOptions): Promise<ExportOutcome> {
  const dates = datesBetween(request.from, request.to);
  if (options.dryRun) return dryRun(dates, options);
  let bytesProcessed: number | null = null;
  try {
    const refused = await options.engine.prepare(dates, options.run);
    const computed = await compute(
      dates.filter((date) => !refused.has(date)),
      options,
    );
    bytesProcessed = computed.bytesProcessed;
    const written = computed.reports.length === 0 ? [] : await options.engine.publish(computed.reports, options.run);
    const outcomes = new Map(
      computed.reports.map((report, index) => [
        report.reportDate,
        { reportDate: report.reportDate, tables: written[index] ?? [], report },
      ]),
    );
    const reports = dates.map((date) => outcomes.get(date) ?? failedReport(date, refused.get(date)));
    await record(reports, bytesProcessed, options);
    return { reports, prices: [] };
  } catch (thrown) {
    const failure = toFailure(thrown);
    if (!failure.refused)
      await record(
        dates.map((date) => failedReport(date, failure)),
        bytesProcessed,
        options,
      );
    throw failure;
  }
}

async function dryRun(dates: readonly CalendarDate[], options: ExportOptions): Promise<ExportOutcome> {
  const tables = reportTableNames.map((table): TableOutcome => ({ table, rows: 0 }));
  const { price } = options.engine;
  if (price !== null) {
    const prices = await price(windowOf(dates, options), options.run);
    return { reports: dates.map((reportDate) => ({ reportDate, tables, report: null })), prices };
  }
  const { reports } = await compute(dates, options);
  return { reports: reports.map((report) => ({ reportDate: report.reportDate, tables, report })), prices: [] };
}

async function compute(
  dates: readonly CalendarDate[],
  options: ExportOptions,
): Promise<{ reports: Report[]; bytesProcessed: number | null }> {
  if (dates.length === 0) return { reports: [], bytesProcessed: null };
  const { engine, run, startedAt } = options;
  const window = windowOf(dates, options);
  const { facts, bytesProcessed } = await engine.readFacts(window, run);
  const days = indexByDay(facts, window);
  const reports = dates.map((date) => deriveReport(days, date, startedAt));
  for (const report of reports) warn(report, run);
  return { reports, bytesProcessed };
}

function windowOf(dates: readonly CalendarDate[], { timeZone }: ExportOptions) {
  const [first = '', last = first] = [dates[0], dates.at(-1)];
  return reportWindow(first, last, timeZone);
}

function failedReport(reportDate: CalendarDate, failure: Failure | undefined): ReportOutcome {
  if (failure === undefined) throw new TypeError('a date was neither computed nor refused');
  return { reportDate, tables: reportTableNames.map((table) => ({ table, rows: 0, failure })), report: null };
}

/** The figures count, not their record: where it can't be written, the log says so and the export stands. */
async function record(reports: readonly ReportOutcome[], bytesProcessed: number | null, options: ExportOptions): Promise<void> {
  const { engine, run, startedAt, timeZone } = options;
  const context = { run, startedAt, finishedAt: options.now(), timeZone, bytesProcessed };
  const rows = reports.filter((report) => !isRefused(report)).map((report) => runRecord(report, context));
  if (rows.length === 0) return;
  try {
    await engine.appendRuns(rows, run);
  } catch (thrown) {
    const { code, message } = toFailure(thrown);
    run.log.warning('run record not written', { code, error: message });
  }
}

function isRefused({ tables }: ReportOutcome): boolean {
  return tables.every(({ failure }) => failure?.refused);
}

function warn(report: Report, { log }: Run): void {
  const fields = { report_date: report.reportDate };
  if (report.rejectedRows > 0) log.warning('rows rejected', { ...fields, rejected_rows: report.rejectedRows });
  if (report.unclassifiedErrors > 0)
    log.warning('errors of unknown kinds', { ...fields, unclassified_errors: report.unclassifiedErrors });
}
