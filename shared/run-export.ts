import { type CalendarDate, datesBetween, reportWindow } from './calendar';
import type { Engine, Run, TableOutcome } from './engine';
import { indexByDay } from './facts/period-facts';
import { type Failure, toFailure } from './failure';
import { deriveReport, type Report } from './report';
import type { ExportRequest } from './request';
import { reportTableNames } from './tables';

export interface ExportOptions {
  engine: Engine;
  run: Run;
  timeZone: string;
  /** The one instant that all rows of the run carry as created_at. */
  startedAt: Date;
  /** Compute, but write nothing. */
  dryRun: boolean;
}

/** How the export of one date went. */
export interface ReportOutcome {
  reportDate: CalendarDate;
  /** One of each table, in their order. */
  tables: TableOutcome[];
  /** What was, or in a dry run would be, published; null where it wasn't computed. */
  report: Report | null;
}

/**
 * The one way to an export, whatever the door: counts the facts of all dates at once, derives and checks every report in memory, and
 * only then publishes. Fails as a whole where the facts can't be had; what happened to a table of a date after that is in the outcome.
 */
export async function runExport(request: ExportRequest, options: ExportOptions): Promise<ReportOutcome[]> {
  const { engine, run, startedAt } = options;
  const window = reportWindow(request.from, request.to, options.timeZone);
  const days = indexByDay(await engine.readFacts(window, run), window);
  const reports = datesBetween(request.from, request.to).map((date) => deriveReport(days, date, startedAt));
  for (const report of reports) warn(report, run);
  const outcomes = options.dryRun ? reports.map(() => nothingWritten()) : await engine.publish(reports, run);
  return reports.map((report, index) => ({ reportDate: report.reportDate, tables: outcomes[index] ?? [], report }));
}

function nothingWritten(): TableOutcome[] {
  return reportTableNames.map((table) => ({ table, rows: 0 }));
}

function warn(report: Report, { log }: Run): void {
  const fields = { report_date: report.reportDate };
  if (report.rejectedRows > 0) log.warning('rows rejected', { ...fields, rejected_rows: report.rejectedRows });
  if (report.unclassifiedErrors > 0)
    log.warning('errors of unknown kinds', { ...fields, unclassified_errors: report.unclassifiedErrors });
}

/** How an export ended, over all tables of all dates. Doors turn it into a status, an exit code, an acknowledgement. */
export type Verdict = { result: 'all' } | { result: 'some' | 'none'; failure: Failure };

/** `failure` is the first one that a repeat may mend, else the first. */
export function judge(outcomes: readonly ReportOutcome[]): Verdict {
  const tables = outcomes.flatMap((outcome) => outcome.tables);
  const failures = tables.flatMap((table) => table.failure ?? []);
  const failure = failures.find(({ kind }) => kind === 'retryable') ?? failures[0];
  if (failure === undefined) return { result: 'all' };
  return { result: failures.length === tables.length ? 'none' : 'some', failure };
}

/** The verdict on an export that came to nothing. */
export function judgeThrown(thrown: unknown): { result: 'none'; failure: Failure } {
  return { result: 'none', failure: toFailure(thrown) };
}
