import { createHash } from 'node:crypto';
import { type CalendarDate, endOf } from './calendar';
import type { Config } from './config';
import type { Gap } from './gaps';
import type { ExportRequest } from './request';
import { DEFINITIONS_VERSION } from './run-record';
import type { ExportRun } from './tables/export_runs';

/**
 * Id of a range that is exported from the command line: the same whenever the same dates are exported out of the same source, in the same
 * time zone and by the same definitions. So a run finds in export_runs what an earlier one has done.
 */
export function rangeRequestId({ from, to }: ExportRequest, { warehouse, timeZone }: Config): string {
  const what = createHash('sha256').update(JSON.stringify([warehouse.source, timeZone, DEFINITIONS_VERSION]));
  return `range-${from}-${to}-${what.digest('hex').slice(0, 12)}`;
}

/**
 * The report dates that these runs have exported for good: whole, after the day was over, and with what they were to release. `gaps` are what
 * the warehouse lacks now: a report may have been deleted since.
 */
export function completedDates(runs: readonly ExportRun[], gaps: readonly Gap[], timeZone: string): Set<CalendarDate> {
  const complete = runs.filter(
    ({ status, error_code, started_at, report_date }) =>
      status === 'succeeded' && error_code === null && Date.parse(started_at) >= endOf(report_date, timeZone).getTime(),
  );
  const lacking = new Set(gaps.map(({ reportDate }) => reportDate));
  return new Set(complete.map(({ report_date }) => report_date).filter((date) => !lacking.has(date)));
}
