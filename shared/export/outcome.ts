import type { TableOutcome } from '../engines/engine';
import type { CalendarDate } from '../metrics/calendar';
import type { Failure } from '../platform/failure';
import type { ReleaseOutcome } from './release-periods';

/** The outcome of the export of one date. */
export interface ReportOutcome {
  reportDate: CalendarDate;
  /** One for each table, in the order of the tables. */
  tables: TableOutcome[];
  /** Further values for its run record; null if the report was not computed. */
  findings: Findings | null;
  /** The outcome of the period that it releases; null if it releases none. */
  release: ReleaseOutcome | null;
}

/** What a run found out while it made a report. */
export interface Findings {
  rejectedRows: number;
  unclassifiedErrors: number;
  /** Failed tests of the periods, including those. */
  failedTests: number;
  /** Time of the newest measurement in the periods, cut to the hour. */
  sourceLatestHour: Date | null;
  /** Number of figures of already reported days that it changed; null if the earlier reports couldn't be read. */
  revisedValues: number | null;
  /** Number of figures of its newest complete day outside their usual range; null if none was judged. */
  unusualValues: number | null;
}

/** The result of an export over all tables, dates and releases. Entry points turn it into a status, an exit code or an acknowledgement. */
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

/** Whether all tables were written. Ignores a failed release. */
export function isExported({ tables }: ReportOutcome): boolean {
  return tables.length > 0 && tables.every(({ failure }) => failure === undefined);
}
