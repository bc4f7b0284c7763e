import { createHash } from 'node:crypto';
import { type CalendarDate, endOf } from '../metrics/calendar';
import type { ExportRun } from '../metrics/tables/export_runs';
import type { Config } from '../platform/config';
import type { Gap } from './gaps';
import type { ExportRequest } from './request';
import { DEFINITIONS_VERSION } from './run-record';

/**
 * Id of a range that is exported from the command line: the same whenever the same dates are exported out of the same source, in the same
 * time zone and by the same definitions. So a run finds in export_runs what an earlier one has done.
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

/** Id of what `kpi release` asks for, by which its run records are told from those of exports. */
export function releaseRequestId(id: string): string {
  return `${RELEASE_PREFIX}${id}`;
}

export function isRelease({ request_id }: Pick<ExportRun, 'request_id'>): boolean {
  return request_id.startsWith(RELEASE_PREFIX);
}

const DIGEST_PREFIX = 'digest-';

/** Id of the digest of a date, by which the run records of its sending are found, and told from those of exports. */
export function digestRequestId(date: CalendarDate): string {
  return `${DIGEST_PREFIX}${date}`;
}

export function isDigest({ request_id }: Pick<ExportRun, 'request_id'>): boolean {
  return request_id.startsWith(DIGEST_PREFIX);
}

/** What earlier runs of the same request have done of its dates. */
export interface DoneDates {
  /** Their report is in. */
  exported: Set<CalendarDate>;
  /** Of those, the ones whose release failed. */
  unreleased: Set<CalendarDate>;
}

/**
 * What these runs have exported whole. `gaps` are what the warehouse lacks now: a report may have been deleted since. With `mustBeFinal`, the day
 * of a report must have been over when it was made.
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
