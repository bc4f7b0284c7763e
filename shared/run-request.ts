import type { Run } from './engine';
import type { Failure } from './failure';
import type { Log, LogFields } from './log';
import { logMessages } from './log-messages';
import type { OpenEngine } from './open-engine';
import { judge, type ReportOutcome } from './outcome';
import type { ExportRequest } from './request';
import { type ExportOutcome, type GateSettings, runExport } from './run-export';

export interface RequestOptions {
  timeZone: string;
  gate: GateSettings;
  openEngine: OpenEngine;
  /** Made by the door; its log carries run_id and request_id. */
  run: Run;
  startedAt: Date;
  now: () => Date;
  dryRun?: boolean;
}

/** Does what a request asks, from opening the engine to closing it, and logs how each date went. What is thrown, the door logs. */
export async function runRequest(request: ExportRequest, options: RequestOptions): Promise<ExportOutcome> {
  const { dryRun = false, run, gate, timeZone, startedAt, now } = options;
  const engine = await options.openEngine(dryRun ? 'dry-run' : 'export');
  try {
    const outcome = await runExport(request, { engine, run, timeZone, gate, startedAt, now, dryRun });
    for (const report of outcome.reports) logReport(report, run.log, now().getTime() - startedAt.getTime(), dryRun);
    return outcome;
  } finally {
    await engine.close();
  }
}

/** A permanent failure is an ERROR, one that a repeat may mend a WARNING. */
export function logFailure(log: Log, { code, message, kind }: Failure, fields: LogFields = {}): void {
  log[kind === 'permanent' ? 'error' : 'warning'](logMessages.failed, { ...fields, code, error: message });
}

function logReport(report: ReportOutcome, log: Log, durationMs: number, dryRun: boolean): void {
  const fields = { report_date: report.reportDate, duration_ms: durationMs };
  const verdict = judge([report]);
  if (verdict.result !== 'all') logFailure(log, verdict.failure, fields);
  else if (!dryRun)
    log.info(logMessages.exported, { ...fields, rows: report.tables.reduce((total, { rows }) => total + rows, 0) });
}
