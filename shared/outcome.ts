import type { CalendarDate } from './calendar';
import type { TableOutcome } from './engine';
import type { Failure } from './failure';
import type { Report } from './report';

/** How the export of one date went. */
export interface ReportOutcome {
  reportDate: CalendarDate;
  /** One of each table, in their order. */
  tables: TableOutcome[];
  /** What was, or in a dry run would be, published; null where it wasn't computed. */
  report: Report | null;
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
