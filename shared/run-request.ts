import type { Config } from './config';
import type { Run } from './engine';
import type { Failure } from './failure';
import type { Log, LogFields } from './log';
import { logMessages } from './log-messages';
import { openEngine } from './open-engine';
import type { ExportRequest } from './request';
import { judge, type ReportOutcome, runExport } from './run-export';

export interface RequestOptions {
  config: Config;
  /** Made by the door; its log carries run_id and request_id. */
  run: Run;
  startedAt: Date;
  dryRun?: boolean;
}

/** Does what a request asks, from opening the engine to closing it, and logs how each date went. What is thrown, the door logs. */
export async function runRequest(
  request: ExportRequest,
  { config, run, startedAt, dryRun = false }: RequestOptions,
): Promise<ReportOutcome[]> {
  const engine = await openEngine(config, dryRun ? 'dry-run' : 'export', startedAt);
  try {
    const outcomes = await runExport(request, { engine, run, timeZone: config.timeZone, startedAt, dryRun });
    for (const outcome of outcomes) logOutcome(outcome, run.log, startedAt, dryRun);
    return outcomes;
  } finally {
    await engine.close();
  }
}

/** A permanent failure is an ERROR, one that a repeat may mend a WARNING. */
export function logFailure(log: Log, { code, message, kind }: Failure, fields: LogFields = {}): void {
  log[kind === 'permanent' ? 'error' : 'warning'](logMessages.failed, { ...fields, code, error: message });
}

function logOutcome(outcome: ReportOutcome, log: Log, startedAt: Date, dryRun: boolean): void {
  const fields = { report_date: outcome.reportDate, duration_ms: Date.now() - startedAt.getTime() };
  const verdict = judge([outcome]);
  if (verdict.result !== 'all') logFailure(log, verdict.failure, fields);
  else if (!dryRun)
    log.info(logMessages.exported, { ...fields, rows: outcome.tables.reduce((total, table) => total + table.rows, 0) });
}
