import type { Engine, Run } from '../engines/engine';
import { addDays, type CalendarDate, daysWindow, endOf, PERIODS } from '../metrics/calendar';
import { type FactsByDay, periodFacts } from '../metrics/facts/period-facts';
import type { DailyMetrics } from '../metrics/tables/daily_metrics';
import type { ReleaseLimits } from '../platform/config';
import { Failure, toFailure } from '../platform/failure';
import { logMessages } from '../platform/log-messages';
import { holdSmallChanges } from '../release/changes';
import { type ReleasedValues, releasedColumnNames } from '../release/columns';
import { deriveReleasePeriod } from '../release/period';
import { release } from '../release/rules';

/** What became of a period: `left` is one that was out before, and still is. */
export type ReleaseOutcome =
  | { period: CalendarDate; state: 'released' | 'replaced' | 'left'; row: DailyMetrics; failure?: undefined }
  | { period: CalendarDate; state: 'failed'; failure: Failure };

export interface ReleaseOptions {
  engine: Engine;
  run: Run;
  timeZone: string;
  limits: ReleaseLimits;
  releasedAt: Date;
  /** Overwrites what is out; null: what is out stays. */
  replace: { reason: string; acceptSmallChanges: boolean } | null;
}

/** Facts of all days that the reports of these periods are made of. */
export type CountDays = (periods: readonly CalendarDate[]) => Promise<{ days: FactsByDay; bytesProcessed: number | null }>;

/** A release of several periods, ready to be put out one by one. */
export interface Release {
  /** Of what was counted for it. */
  bytesProcessed: number | null;
  /** Puts out one of the periods. Never fails: that is an outcome. */
  put(period: CalendarDate): Promise<ReleaseOutcome>;
}

/** The period that is released by the report of a date: the oldest of its twelve. */
export function releasedBy(reportDate: CalendarDate): CalendarDate {
  return addDays(reportDate, 1 - PERIODS);
}

/** The report that releases a period. */
export function reportOf(period: CalendarDate): CalendarDate {
  return addDays(period, PERIODS - 1);
}

/** Whether a report made at `instant` may release a period: only once the date of that report is over. */
export function isMature(period: CalendarDate, instant: Date, timeZone: string): boolean {
  return endOf(reportOf(period), timeZone) <= instant;
}

/**
 * Looks which of the periods, in order of time, are out already, and counts what the others need: the people behind their numbers, of all at
 * once. `counting` is the run with the signal that ends this much.
 */
export async function openRelease(
  periods: readonly CalendarDate[],
  countDays: CountDays,
  options: ReleaseOptions,
  counting = options.run,
): Promise<Release> {
  const { engine, timeZone, replace } = options;
  const [first, last] = [periods[0], periods.at(-1)];
  if (first === undefined || last === undefined) return { bytesProcessed: null, put: async (period) => notAsked(period) };
  try {
    const out = new Map((await engine.readRelease(first, last, counting.signal)).map((row) => [row.period_date, row]));
    const wanted = replace === null ? periods.filter((period) => !out.has(period)) : periods;
    const [firstWanted, lastWanted] = [wanted[0], wanted.at(-1)];
    if (firstWanted === undefined || lastWanted === undefined)
      return { bytesProcessed: null, put: async (period) => leave(period, out.get(period)) };

    const counted = await countDays(wanted);
    const { facts, bytesProcessed } = await engine.readReleaseFacts(daysWindow(firstWanted, lastWanted, timeZone), counting);
    const put = async (period: CalendarDate): Promise<ReleaseOutcome> => {
      const before = out.get(period);
      if (before !== undefined && replace === null) return leave(period, before);
      const exact = deriveReleasePeriod(period, periodFacts(counted.days, reportOf(period), period), facts);
      return write(period, release(exact, options.limits), before, options);
    };
    return {
      bytesProcessed: addBytes(counted.bytesProcessed, bytesProcessed),
      put: async (period) => logged(await put(period).catch((thrown) => failed(period, thrown)), options),
    };
  } catch (thrown) {
    return { bytesProcessed: null, put: async (period) => logged(failed(period, thrown), options) };
  }
}

async function write(
  period: CalendarDate,
  values: ReleasedValues,
  before: DailyMetrics | undefined,
  { engine, run, limits, releasedAt, replace }: ReleaseOptions,
): Promise<ReleaseOutcome> {
  const rowOf = (revision: number): DailyMetrics => ({
    period_date: period,
    revision,
    released_at: releasedAt.toISOString(),
    ...values,
  });
  if (replace === null) {
    const row = rowOf(1);
    const there = await engine.putRelease(row, { replace: false }, run);
    return there === null ? { period, state: 'released', row } : leave(period, there);
  }
  if (before === undefined)
    throw new Failure('BAD_REQUEST', `--replace: ${period} has not been released yet; expected it without --replace`);
  if (!replace.acceptSmallChanges) holdSmallChanges(period, before, values, limits);
  const row = rowOf(before.revision + 1);
  await engine.putRelease(row, { replace: true }, run);
  return { period, state: 'replaced', row };
}

function leave(period: CalendarDate, row: DailyMetrics | undefined): ReleaseOutcome {
  return row === undefined ? notAsked(period) : { period, state: 'left', row };
}

function failed(period: CalendarDate, thrown: unknown): ReleaseOutcome {
  return { period, state: 'failed', failure: toFailure(thrown) };
}

function notAsked(period: CalendarDate): ReleaseOutcome {
  return failed(period, new RangeError(`${period} is none of the periods that the release was opened for`));
}

/** How many values of a released row are shown, and how many are hidden. */
export function countCells(row: DailyMetrics): { released_cells: number; hidden_cells: number } {
  const hidden = releasedColumnNames.filter((column) => row[column] === null).length;
  return { released_cells: releasedColumnNames.length - hidden, hidden_cells: hidden };
}

/** Null plus null stays null: an engine that doesn't bill. */
export function addBytes(one: number | null, other: number | null): number | null {
  return one === null && other === null ? null : (one ?? 0) + (other ?? 0);
}

/** Failures that are not the release's own are logged by whoever asked for it. */
function logged(outcome: ReleaseOutcome, { run, replace }: ReleaseOptions): ReleaseOutcome {
  const { period, state } = outcome;
  if (state === 'failed') {
    const { code, message } = outcome.failure;
    if (code === 'RELEASE_HELD') run.log.warning(logMessages.releaseHeld, { period, code, error: message });
  } else if (state !== 'left') {
    const { row } = outcome;
    const fields = { period, revision: row.revision, ...countCells(row) };
    run.log.info(logMessages.released, { ...fields, ...(replace !== null && { reason: replace.reason }) });
  }
  return outcome;
}
