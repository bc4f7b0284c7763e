import { type CalendarDate, localDate } from './calendar';
import type { Config } from './config';
import type { Engine, Run } from './engine';
import type { Failure } from './failure';
import { findGaps } from './gaps';
import { type Log, logFailure } from './log';
import { logMessages } from './log-messages';
import type { OpenEngine } from './open-engine';
import { isExported, judge, type ReportOutcome } from './outcome';
import { completedDates } from './resume';
import { type ExportOptions, type ExportOutcome, runExport } from './run-export';
import { recordedSource } from './warehouse-identity';

/** The run is made by the door; its log carries run_id and request_id. */
export interface RequestOptions extends Omit<ExportOptions, 'engine' | 'dryRun' | 'timeZone' | 'source' | 'gate' | 'release'> {
  config: Config;
  openEngine: OpenEngine;
  /** Publish reports of today and yesterday also where the source is late. */
  allowStale?: boolean;
  /** Publish reports also if most of what is published of their days is gone. */
  allowFall?: boolean;
  dryRun?: boolean;
  /** Leave out the dates that earlier runs of the same request have exported for good. */
  resume?: boolean;
  /** Told what will be exported, before it is. */
  onStart?: (dates: readonly CalendarDate[]) => void;
}

/** Exports dates, from opening the engine to closing it, and logs how each went as soon as it is known. What is thrown, the door logs. */
export async function runRequest(
  dates: readonly CalendarDate[],
  {
    config,
    openEngine,
    allowStale = false,
    allowFall = false,
    dryRun = false,
    resume = false,
    onStart,
    ...options
  }: RequestOptions,
): Promise<ExportOutcome> {
  const { run, startedAt, now } = options;
  const { timeZone, release } = config;
  const signal = options.stop === undefined ? run.signal : AbortSignal.any([run.signal, options.stop]);
  const engine = await openEngine(dryRun ? 'dry-run' : 'export', { signal, log: run.log });
  try {
    const done = resume ? await readCompleted(engine, dates, { run, timeZone, now: startedAt }) : new Set();
    const wanted = dates.filter((date) => !done.has(date));
    if (wanted.length === 0) return { reports: [], price: null };
    onStart?.(wanted);
    const refusals = new Set<Failure>(); // one may stand for a thousand dates, and is logged once
    return await runExport(wanted, {
      ...options,
      engine,
      timeZone,
      source: recordedSource(config),
      gate: { ...config, allowStale, allowFall },
      release: release.isOn ? release : null,
      dryRun,
      onReport: (outcome, report) => {
        const { failure } = outcome.tables[0] ?? {};
        if (failure === undefined || !refusals.has(failure))
          logReport(outcome, run.log, now().getTime() - startedAt.getTime(), dryRun);
        if (failure?.refused) refusals.add(failure);
        options.onReport?.(outcome, report);
      },
    });
  } finally {
    await engine.close();
  }
}

async function readCompleted(
  engine: Engine,
  dates: readonly CalendarDate[],
  { run, timeZone, now }: { run: Run; timeZone: string; now: Date },
): Promise<Set<CalendarDate>> {
  const runs = await engine.readRuns({ requestId: run.requestId }, run.signal);
  const [from = '', to = from] = [dates[0], dates.at(-1)];
  const { gaps } = await findGaps(engine, { from, to, timeZone, today: localDate(now, timeZone) }, run);
  return completedDates(runs, gaps, timeZone);
}

function logReport(report: ReportOutcome, log: Log, durationMs: number, dryRun: boolean): void {
  const fields = { report_date: report.reportDate, duration_ms: durationMs };
  const verdict = judge([report]);
  if (verdict.result !== 'all') logFailure(log, verdict.failure, fields);
  if (isExported(report) && !dryRun)
    log.info(logMessages.exported, { ...fields, rows: report.tables.reduce((total, { rows }) => total + rows, 0) });
}
