import { type CalendarDate, datesBetween, reportWindow } from './calendar';
import type { Engine, Price, Run, TableOutcome } from './engine';
import { type FactsByDay, indexByDay } from './facts/period-facts';
import { Failure, toFailure } from './failure';
import type { ReportOutcome } from './outcome';
import { checkReport } from './quality-gate';
import { deriveReport, type Report } from './report';
import type { ExportRequest } from './request';
import { runRecord } from './run-record';
import { checkFreshness, daysUntil } from './source-freshness';
import { reportTableNames } from './tables';

export interface ExportOptions {
  engine: Engine;
  run: Run;
  timeZone: string;
  /** The one instant that all rows of the run carry as created_at. */
  startedAt: Date;
  now: () => Date;
  gate: GateSettings;
  /** Compute, or where that costs money say what it would cost, but write nothing. */
  dryRun: boolean;
}

/** What a report must pass to be published. */
export interface GateSettings {
  /** Share of the source rows that may be rejected, 0 to 1. */
  maxRejectedShare: number;
  /** Age that the newest measurement may have where a report is of today or yesterday; 0: any. */
  sourceMaxAgeHours: number;
  /** Publish reports of today and yesterday also where the source is late. */
  allowStale?: boolean | undefined;
}

export interface ExportOutcome {
  reports: ReportOutcome[];
  /** Of a dry run on an engine that bills. */
  prices: Price[];
}

/**
 * The one way to an export, whatever the door: counts the facts of all dates at once, derives and checks every report in memory, and
 * only then publishes and writes the run's record. Fails as a whole where the facts can't be had; what happened to a date or a table
 * is in the outcome. A date that is refused holds no other back.
 */
export async function runExport(request: ExportRequest, options: ExportOptions): Promise<ExportOutcome> {
  const dates = datesBetween(request.from, request.to);
  if (options.dryRun) return dryRun(dates, options);
  let bytesProcessed: number | null = null;
  try {
    const unprepared = await options.engine.prepare(dates, options.run);
    const computed = await compute(
      dates.filter((date) => !unprepared.has(date)),
      options,
    );
    const refused = new Map([...unprepared, ...computed.refused]);
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
  const { reports, refused } = await compute(dates, options);
  const computed = new Map(reports.map((report) => [report.reportDate, { reportDate: report.reportDate, tables, report }]));
  return { reports: dates.map((date) => computed.get(date) ?? failedReport(date, refused.get(date))), prices: [] };
}

interface Computed {
  /** What may be published. */
  reports: Report[];
  refused: Map<CalendarDate, Failure>;
  bytesProcessed: number | null;
}

/**
 * Counts, derives and checks. Queries of one run may see a source that is being written to at different moments; so dates that contradict
 * themselves are counted once more, and refused for good only if they say the same again.
 */
async function compute(dates: readonly CalendarDate[], options: ExportOptions): Promise<Computed> {
  const first = await computeOnce(dates, options);
  const doubtful = [...first.refused].filter(([, failure]) => failure.kind === 'permanent');
  if (doubtful.length === 0) return first;
  const second = await computeOnce(
    doubtful.map(([date]) => date),
    options,
  );
  const refused = new Map(first.refused);
  for (const [date, before] of doubtful) {
    const again = second.refused.get(date);
    if (again === undefined) refused.delete(date);
    else if (again.message !== before.message) refused.set(date, again.kind === 'permanent' ? changing(date) : again);
  }
  const bytes = first.bytesProcessed === null ? null : first.bytesProcessed + (second.bytesProcessed ?? 0);
  const reports = [...first.reports, ...second.reports].sort((one, other) => (one.reportDate < other.reportDate ? -1 : 1));
  return { reports, refused, bytesProcessed: bytes };
}

async function computeOnce(dates: readonly CalendarDate[], options: ExportOptions): Promise<Computed> {
  if (dates.length === 0) return { reports: [], refused: new Map(), bytesProcessed: null };
  const { engine, run, startedAt } = options;
  const window = windowOf(dates, options);
  const { facts, bytesProcessed } = await engine.readFacts(window, run);
  const days = indexByDay(facts, window);
  const computed: Computed = { reports: [], refused: new Map(), bytesProcessed };
  for (const date of dates) {
    const report = deriveReport(days, date, startedAt);
    warn(report, run);
    const failure = check(report, days, options);
    if (failure === null) computed.reports.push(report);
    else computed.refused.set(date, failure);
  }
  return computed;
}

function check(report: Report, days: FactsByDay, { gate, timeZone, startedAt }: ExportOptions): Failure | null {
  const freshness = { timeZone, now: startedAt, maxAgeHours: gate.sourceMaxAgeHours };
  const late = gate.allowStale ? null : checkFreshness(report.reportDate, days, freshness);
  return late ?? checkReport(report, days, gate);
}

function changing(date: CalendarDate): Failure {
  return new Failure('SOURCE_NOT_READY', `the source changed while ${date} was counted, twice; nothing of it was written`);
}

function windowOf(dates: readonly CalendarDate[], { timeZone, startedAt }: ExportOptions) {
  const [first = '', last = first] = [dates[0], dates.at(-1)];
  return reportWindow(first, daysUntil(last, { timeZone, now: startedAt }), timeZone);
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
