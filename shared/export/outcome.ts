import type { TableOutcome } from '../engines/engine';
import type { CalendarDate } from '../metrics/calendar';
import type { Failure } from '../platform/failure';
import type { ReleaseOutcome } from './release-periods';

/** How the export of one date went. */
export interface ReportOutcome {
  reportDate: CalendarDate;
  /** One of each table, in their order. */
  tables: TableOutcome[];
  /** What its run record says besides; null where the report wasn't computed. */
  findings: Findings | null;
  /** What became of the period that it releases; null where it was to release none. */
  release: ReleaseOutcome | null;
}

/** What a run came to know on the way to a report. */
export interface Findings {
  rejectedRows: number;
  unclassifiedErrors: number;
  /** Failed tests of the periods, those included. */
  failedTests: number;
  /** Newest measurement seen in the periods, cut to the hour. */
  sourceLatestHour: Date | null;
  /** Figures of days already reported that it changed; null where what had been reported couldn't be read. */
  revisedValues: number | null;
  /** Figures of its newest complete day outside their usual range; null if none was judged. */
  unusualValues: number | null;
}

/** How an export ended, over all tables of all dates and what they release. Doors turn it into a status, an exit code, an acknowledgement. */
export type Verdict = { result: 'all' } | { result: 'some' | 'none'; failure: Failure };

/** `failure` is the first retryable one, otherwise the first. */
export function judge(outcomes: readonly ReportOutcome[]): Verdict {
  const tables = outcomes.flatMap((outcome) => outcome.tables);
  const failed = tables.flatMap((table) => table.failure ?? []);
  const failures = [...failed, ...outcomes.flatMap(({ release }) => release?.failure ?? [])];
  return judgeFailures(failures, { nothingDone: failed.length === tables.length });
}

export function judgeFailures(failures: readonly Failure[], { nothingDone }: { nothingDone: boolean }): Verdict {
  const failure = failures.find(({ kind }) => kind === 'retryable') ?? failures[0];
  if (failure === undefined) return { result: 'all' };
  return { result: nothingDone ? 'none' : 'some', failure };
}

/** Whether the four tables are in; a failed release doesn't matter. */
export function isExported({ tables }: ReportOutcome): boolean {
  return tables.length > 0 && tables.every(({ failure }) => failure === undefined);
}
