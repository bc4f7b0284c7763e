import { version } from '../../package.json';
import type { Engine, Run } from '../engines/engine';
import type { CalendarDate } from '../metrics/calendar';
import type { ExportRun } from '../metrics/tables/export_runs';
import { type Failure, toFailure } from '../platform/failure';
import { isExported, judge, type ReportOutcome } from './outcome';
import { countCells, type ReleaseOutcome } from './release-periods';

/** Version of the metric definitions. Raise it when a definition changes a figure. */
export const DEFINITIONS_VERSION = 2;

export interface RecordContext {
  run: Run;
  startedAt: Date;
  finishedAt: Date;
  timeZone: string;
  /** Value of export_runs.source; null if unknown. */
  source: string | null;
  bytesProcessed: number | null;
}

/** The row of export_runs for the export of one date. It has codes, counts and instants cut to the hour, but no free text. */
export function runRecord(
  outcome: ReportOutcome,
  { run, startedAt, finishedAt, timeZone, source, bytesProcessed }: RecordContext,
): ExportRun {
  const verdict = judge([outcome]);
  const { findings, release } = outcome;
  return {
    run_id: run.id,
    request_id: run.requestId,
    report_date: outcome.reportDate,
    trigger: run.trigger,
    status: isExported(outcome) || verdict.result === 'all' ? 'succeeded' : verdict.result === 'some' ? 'partial' : 'failed',
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
    ...releaseColumns(release),
    error_code: firstFailure(outcome)?.code ?? null,
    source,
    unusual_values: findings?.unusualValues ?? null,
  };
}

/** The row of export_runs for the digest of a date. `failure` is null if it was sent. */
export function digestRecord(reportDate: CalendarDate, failure: Failure | null, context: RecordContext): ExportRun {
  const sent = runRecord({ reportDate, tables: [], findings: null, release: null }, context);
  return failure === null ? sent : { ...sent, status: 'failed', error_code: failure.code };
}

/** What a run released; all null if it released nothing or the period was released before. */
function releaseColumns(release: ReleaseOutcome | null): Pick<ExportRun, 'released_period' | 'released_cells' | 'hidden_cells'> {
  if (release === null || release.state === 'left' || release.state === 'failed')
    return { released_period: null, released_cells: null, hidden_cells: null };
  return { released_period: release.period, ...countCells(release.row) };
}

function firstFailure({ tables, release }: ReportOutcome): Failure | undefined {
  return [...tables, ...(release === null ? [] : [release])].flatMap(({ failure }) => failure ?? [])[0];
}

/** Writes run records. If that fails it only logs a warning, because the reports are already published. */
export async function appendRecords(engine: Engine, rows: readonly ExportRun[], run: Run): Promise<void> {
  if (rows.length === 0) return;
  try {
    await engine.appendRuns(rows, run);
  } catch (thrown) {
    const { code, message } = toFailure(thrown);
    run.log.warning('run record not written', { code, error: message });
  }
}
