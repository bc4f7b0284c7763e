import type { Engine, Run } from '../engines/engine';
import { type CalendarDate, daysWindow, endOf, localDate } from '../metrics/calendar';
import { type FactsByDay, periodFacts } from '../metrics/facts/period-facts';
import { addPeriods, endsPeriod, type Grain, periodEnd, periodStart } from '../metrics/grain';
import type { ReleasedRow } from '../metrics/tables/released';
import type { ReleaseSettings } from '../platform/config';
import { Failure, toFailure } from '../platform/failure';
import { logMessages } from '../platform/log-messages';
import { holdSmallChanges } from '../release/changes';
import { type ReleasedValues, releasedColumnNames } from '../release/columns';
import { deriveReleasePeriod } from '../release/period';
import { release } from '../release/rules';

/** The outcome of a period (named by its first day). `left`: it was released before and stays unchanged. */
export type ReleaseOutcome =
  | { period: CalendarDate; state: 'released' | 'replaced' | 'left'; row: ReleasedRow; failure?: undefined }
  | { period: CalendarDate; state: 'failed'; failure: Failure };

export interface ReleaseOptions {
  engine: Engine;
  run: Run;
  timeZone: string;
  settings: ReleaseSettings;
  releasedAt: Date;
  /** Overwrites released rows; null: released rows stay. */
  replace: { reason: string; acceptSmallChanges: boolean } | null;
}

/** Counts the facts of periods, by the first day of each, as their reports see them. */
export type CountPeriods = (periods: readonly CalendarDate[]) => Promise<{ facts: FactsByDay; bytesProcessed: number | null }>;

/** A release of several periods that can be published one by one. */
export interface Release {
  periods: readonly CalendarDate[];
  /** Bytes that counting for it read. */
  bytesProcessed: number | null;
  /** Publishes one of the periods. Never throws: a failure is an outcome. */
  releaseOne(period: CalendarDate): Promise<ReleaseOutcome>;
}

/** Number of periods from a period to the one whose report releases it. For a day: it is then the oldest of the report's twelve. */
const MATURE_AFTER: Record<Grain, number> = { day: 11, week: 2, month: 1 };

/** First day of the period that is released by the report of a date; null if no period of the grain ends on it. */
export function releasedBy(reportDate: CalendarDate, grain: Grain): CalendarDate | null {
  return endsPeriod(reportDate, grain) ? addPeriods(periodStart(reportDate, grain), -MATURE_AFTER[grain], grain) : null;
}

/** The date of the report that releases a period. */
export function reportOf(period: CalendarDate, grain: Grain): CalendarDate {
  return periodEnd(addPeriods(period, MATURE_AFTER[grain], grain), grain);
}

/** When and where reports are made. */
interface Moment {
  instant: Date;
  timeZone: string;
}

/** Whether a report made at `instant` may release a period: only once the date of that report is over. */
export function isMature(period: CalendarDate, grain: Grain, { instant, timeZone }: Moment): boolean {
  return endOf(reportOf(period, grain), timeZone) <= instant;
}

/** First day of the newest mature period. */
export function newestMature(grain: Grain, { instant, timeZone }: Moment): CalendarDate {
  return addPeriods(periodStart(localDate(instant, timeZone), grain), -1 - MATURE_AFTER[grain], grain);
}

/** The periods, in order of time, that are released by reports made at `instant`. */
export function dueBy(reportDates: readonly CalendarDate[], grain: Grain, moment: Moment): CalendarDate[] {
  return reportDates.flatMap((date) => releasedBy(date, grain) ?? []).filter((period) => isMature(period, grain, moment));
}

/**
 * Finds which of the periods (in order of time) are released already. For the others, counts at once how many people each number comes from.
 * `counting` is the run with the signal that ends the counting.
 */
export async function openRelease(
  periods: readonly CalendarDate[],
  countPeriods: CountPeriods,
  options: ReleaseOptions,
  counting = options.run,
): Promise<Release> {
  const { engine, timeZone, settings, replace } = options;
  const { grain } = settings;
  const [first, last] = [periods[0], periods.at(-1)];
  if (first === undefined || last === undefined)
    return { periods, bytesProcessed: null, releaseOne: async (period) => notAsked(period) };
  try {
    const released = await engine.readRelease(grain, first, last, counting.signal);
    const out = new Map(released.map((row) => [row.period_start_date, row]));
    const wanted = replace === null ? periods.filter((period) => !out.has(period)) : periods;
    const [firstWanted, lastWanted] = [wanted[0], wanted.at(-1)];
    if (firstWanted === undefined || lastWanted === undefined)
      return { periods, bytesProcessed: null, releaseOne: async (period) => leave(period, out.get(period)) };

    const counted = await countPeriods(wanted);
    const window = daysWindow(firstWanted, periodEnd(lastWanted, grain), timeZone);
    const { facts, bytesProcessed } = await engine.readReleaseFacts(window, grain, counting);
    const releaseOne = async (period: CalendarDate): Promise<ReleaseOutcome> => {
      const before = out.get(period);
      if (before !== undefined && replace === null) return leave(period, before);
      const exact = periodFacts(counted.facts, reportOf(period, grain), period, addPeriods(period, -1, grain));
      return write(period, release(deriveReleasePeriod(period, exact, facts), settings), before, options);
    };
    return {
      periods,
      bytesProcessed: addBytes(counted.bytesProcessed, bytesProcessed),
      releaseOne: async (period) => logged(await releaseOne(period).catch((thrown) => failed(period, thrown)), options),
    };
  } catch (thrown) {
    return { periods, bytesProcessed: null, releaseOne: async (period) => logged(failed(period, thrown), options) };
  }
}

async function write(
  period: CalendarDate,
  values: ReleasedValues,
  before: ReleasedRow | undefined,
  { engine, run, settings, releasedAt, replace }: ReleaseOptions,
): Promise<ReleaseOutcome> {
  const { grain } = settings;
  const rowOf = (revision: number): ReleasedRow => ({
    period_start_date: period,
    period_end_date: periodEnd(period, grain),
    revision,
    released_at: releasedAt.toISOString(),
    ...values,
  });
  if (replace === null) {
    const row = rowOf(1);
    const there = await engine.writeRelease(row, { grain, replace: false }, run);
    return there === null ? { period, state: 'released', row } : leave(period, there);
  }
  if (before === undefined)
    throw new Failure('BAD_REQUEST', `--replace: ${period} has not been released yet; expected it without --replace`);
  if (!replace.acceptSmallChanges) holdSmallChanges(period, before, values, settings);
  const row = rowOf(before.revision + 1);
  await engine.writeRelease(row, { grain, replace: true }, run);
  return { period, state: 'replaced', row };
}

function leave(period: CalendarDate, row: ReleasedRow | undefined): ReleaseOutcome {
  return row === undefined ? notAsked(period) : { period, state: 'left', row };
}

function failed(period: CalendarDate, thrown: unknown): ReleaseOutcome {
  return { period, state: 'failed', failure: toFailure(thrown) };
}

function notAsked(period: CalendarDate): ReleaseOutcome {
  return failed(period, new RangeError(`${period} is not among the periods that the release was opened for`));
}

/** The numbers of shown and of hidden values of a released row. */
export function countCells(row: ReleasedRow): { released_cells: number; hidden_cells: number } {
  const hidden = releasedColumnNames.filter((column) => row[column] === null).length;
  return { released_cells: releasedColumnNames.length - hidden, hidden_cells: hidden };
}

/** Adds bytes. Null plus null is null: the engine doesn't bill. */
export function addBytes(one: number | null, other: number | null): number | null {
  return one === null && other === null ? null : (one ?? 0) + (other ?? 0);
}

/** Logs an outcome. The caller logs failures that are not specific to the release. */
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
