import type { PublishedTable } from '../metrics/tables';
import type { Failure, FailureCode } from '../platform/failure';
import { judge, type ReportOutcome } from './outcome';
import type { ExportRequest } from './request';

/** The answer of HTTP and of `--json`. It has exactly these keys. */
export interface ReportAnswer {
  success: boolean;
  dryRun?: true;
  reportDate: string;
  results: { table: PublishedTable; rowsInserted: number; success: boolean; error?: string; code?: FailureCode }[];
  summary: { tablesUpdated: number; totalRowsInserted: number };
  /** Only if the report was published but its period could not be released. */
  release?: { period: string; success: false; error: string; code: FailureCode };
}
export type RangeAnswer = { success: boolean; dryRun?: true; reports: ReportAnswer[] };
export type FailureAnswer = { success: false; error: string; code: FailureCode };
export type Answer = ReportAnswer | RangeAnswer | FailureAnswer;

/** The answer follows the shape of the request: a range gets `reports`, even for one date. */
export function answer(
  request: ExportRequest,
  outcomes: readonly ReportOutcome[],
  { dryRun }: { dryRun: boolean },
): ReportAnswer | RangeAnswer {
  const [first] = outcomes;
  if (request.shape === 'date' && first !== undefined) return answerReport(first, dryRun);
  return answerRange(outcomes, { dryRun });
}

export function answerRange(outcomes: readonly ReportOutcome[], { dryRun }: { dryRun: boolean }): RangeAnswer {
  const reports = outcomes.map((outcome) => answerReport(outcome, dryRun));
  return { success: judge(outcomes).result === 'all', ...(dryRun && { dryRun }), reports };
}

function answerReport(outcome: ReportOutcome, dryRun: boolean): ReportAnswer {
  const results = outcome.tables.map(({ table, rows, failure }) => ({
    table,
    rowsInserted: rows,
    success: failure === undefined,
    ...(failure && { error: failure.message, code: failure.code }),
  }));
  const { release } = outcome;
  return {
    success: release?.failure === undefined && results.every(({ success }) => success),
    ...(dryRun && { dryRun }),
    reportDate: outcome.reportDate,
    results,
    summary: {
      tablesUpdated: dryRun ? 0 : results.filter(({ success }) => success).length,
      totalRowsInserted: results.reduce((total, { rowsInserted }) => total + rowsInserted, 0),
    },
    ...(release?.failure && {
      release: { period: release.period, success: false, error: release.failure.message, code: release.failure.code },
    }),
  };
}

/** The answer to a request of which nothing was exported. */
export function answerFailure({ message, code }: Failure): FailureAnswer {
  return { success: false, error: message, code };
}
