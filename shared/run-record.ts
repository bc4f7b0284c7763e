import { version } from '../package.json';
import type { Run } from './engine';
import type { Failure } from './failure';
import { judge, type ReportOutcome } from './outcome';
import type { ExportRun } from './tables/export_runs';

/** Of the metric definitions; raised when one moves a figure. */
export const DEFINITIONS_VERSION = 1;

export interface RecordContext {
  run: Run;
  startedAt: Date;
  finishedAt: Date;
  timeZone: string;
  bytesProcessed: number | null;
}

/** The row of export_runs that says how the export of one date went. Codes, counts and instants cut to the hour; never a text. */
export function runRecord(
  outcome: ReportOutcome,
  { run, startedAt, finishedAt, timeZone, bytesProcessed }: RecordContext,
): ExportRun {
  const verdict = judge([outcome]);
  const { findings } = outcome;
  return {
    run_id: run.id,
    request_id: run.requestId,
    report_date: outcome.reportDate,
    trigger: run.trigger,
    status: verdict.result === 'all' ? 'succeeded' : verdict.result === 'some' ? 'partial' : 'failed',
    started_at: startedAt.toISOString(),
    finished_at: finishedAt.toISOString(),
    time_zone: timeZone,
    definitions_version: DEFINITIONS_VERSION,
    program_version: version,
    rejected_rows: findings?.rejectedRows ?? null,
    unclassified_errors: findings?.unclassifiedErrors ?? null,
    revised_values: findings?.revisedValues ?? null,
    source_latest_hour: findings?.sourceLatestHour?.toISOString() ?? null,
    bytes_processed: bytesProcessed,
    released_period: null,
    released_cells: null,
    hidden_cells: null,
    error_code: verdict.result === 'all' ? null : firstFailure(outcome).code,
  };
}

function firstFailure({ tables }: ReportOutcome): Failure {
  const [first] = tables.flatMap(({ failure }) => failure ?? []);
  if (first === undefined) throw new TypeError('an outcome without a failure has no first one');
  return first;
}
