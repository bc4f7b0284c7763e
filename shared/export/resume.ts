import { createHash } from 'node:crypto';
import { type CalendarDate, endOf } from '../metrics/calendar';
import type { ExportRun } from '../metrics/tables/export_runs';
import type { Config } from '../platform/config';
import type { Gap } from './gaps';
import type { ExportRequest } from './request';
import { DEFINITIONS_VERSION } from './run-record';

/**
 * Request id of a range from the command line. It is the same for the same dates, source, time zone and definitions, so that a run finds in
 * export_runs what an earlier run has done.
 */
export function rangeRequestId(
  { from, to }: ExportRequest,
  { warehouse, timeZone }: Config,
  definitions = DEFINITIONS_VERSION,
): string {
  const what = createHash('sha256').update(JSON.stringify([warehouse.source, timeZone, definitions]));
  return `range-${from}-${to}-${what.digest('hex').slice(0, 12)}`;
}

const RELEASE_PREFIX = 'release-';

/** Request id of `kpi release`. Its prefix distinguishes its run records from those of exports. */
export function releaseRequestId(id: string): string {
  return `${RELEASE_PREFIX}${id}`;
}

export function isRelease({ request_id }: Pick<ExportRun, 'request_id'>): boolean {
  return request_id.startsWith(RELEASE_PREFIX);
}

const DIGEST_PREFIX = 'digest-';

/** Request id of the digest of a date. Its prefix distinguishes its run records from those of exports. */
export function digestRequestId(date: CalendarDate): string {
  return `${DIGEST_PREFIX}${date}`;
}

export function isDigest({ request_id }: Pick<ExportRun, 'request_id'>): boolean {
  return request_id.startsWith(DIGEST_PREFIX);
}

/** Dates that earlier runs of the same request have done. */
export interface DoneDates {
  /** Dates with a published report. */
  exported: Set<CalendarDate>;
  /** Those of them whose release failed. */
  unreleased: Set<CalendarDate>;
}

/**
 * Finds the dates that these runs have exported completely. `gaps` are the present gaps of the warehouse: a report may have been deleted
 * since. With `mustBeFinal`, a report counts only if it was made after its day was over.
 */
export function doneDates(
  runs: readonly ExportRun[],
  gaps: readonly Gap[],
  { timeZone, mustBeFinal }: { timeZone: string; mustBeFinal: boolean },
): DoneDates {
  const lacking = new Set(gaps.flatMap(({ reportDate, reason }) => (reason === 'provisional' && !mustBeFinal ? [] : reportDate)));
  const succeeded = runs.filter(
    ({ status, started_at, report_date }) =>
      status === 'succeeded' &&
      !lacking.has(report_date) &&
      (!mustBeFinal || Date.parse(started_at) >= endOf(report_date, timeZone).getTime()),
  );
  const exported = new Set(succeeded.map(({ report_date }) => report_date));
  const whole = new Set(succeeded.flatMap(({ error_code, report_date }) => (error_code === null ? report_date : [])));
  return { exported, unreleased: new Set([...exported].filter((date) => !whole.has(date))) };
}
