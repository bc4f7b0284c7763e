import type { OpenEngine } from '../engines/open';
import { type CalendarDate, reportWindow } from '../metrics/calendar';
import { checkReport, type GateOptions } from '../metrics/checks/quality-gate';
import { indexFurther, periodsOfGrain } from '../metrics/facts/further-facts';
import { holdsAnyone, indexByDay } from '../metrics/facts/period-facts';
import { furtherWindow, type Grain, periodEnd, periodsOfDays } from '../metrics/grain';
import { deriveReport } from '../metrics/report';
import { Failure, toFailure } from '../platform/failure';
import { logFailure } from '../platform/log';
import { reachedPeriods, readNewestDay } from './newest-day';
import { judgeFailures, type Verdict } from './outcome';
import {
  type CountPeriods,
  newestMature,
  openRelease,
  type ReleaseOptions,
  type ReleaseOutcome,
  reportOf,
} from './release-periods';
import { type ExportRequest, MAX_DATES_BY_CLI, parseRequest, type RequestBody } from './request';
import { appendRecords, runRecord } from './run-record';

export interface RunReleaseOptions extends Omit<ReleaseOptions, 'engine'> {
  openEngine: OpenEngine;
  /** The source for the run record. */
  source?: string | null;
  gate: GateOptions;
  now: () => Date;
}

const released: Record<Grain, string> = {
  day: 'a day is released once the report of 11 days later is final',
  week: 'a week is released once the second weekly report after it is final',
  month: 'a month is released once the report of the month after it is final',
};

/** Reads the days whose periods to release, both included. Throws BAD_REQUEST if one can't be released yet. */
export function parseReleaseRequest(
  body: RequestBody,
  { timeZone, grain, now }: { timeZone: string; grain: Grain; now: Date },
): ExportRequest {
  if (Object.keys(body).length === 0) throw new Failure('BAD_REQUEST', 'expected --date, or --from and --to');
  const request = parseRequest(body, { timeZone, askedAt: now, now, maxDates: MAX_DATES_BY_CLI });
  const last = periodEnd(newestMature(grain, { instant: now, timeZone }), grain);
  if (request.to > last) throw new Failure('BAD_REQUEST', `expected dates up to ${last}: ${released[grain]}`);
  return request;
}

/** Releases the periods that hold the days of a request, or replaces one. */
export async function runRelease(
  { from, to }: ExportRequest,
  { openEngine, ...options }: RunReleaseOptions,
): Promise<ReleaseOutcome[]> {
  const engine = await openEngine('export', options.run);
  try {
    return await releasePeriods(periodsOfDays(from, to, options.settings.grain), { ...options, engine });
  } finally {
    await engine.close();
  }
}

/**
 * Releases periods (in order of time) that the exports of their reports did not release. Derives and checks these reports from one count, but
 * doesn't publish them. Each released or failed period gets a run record under the date of its report.
 */
export async function releasePeriods(
  periods: readonly CalendarDate[],
  { now, gate, source = null, ...options }: Omit<RunReleaseOptions, 'openEngine'> & ReleaseOptions,
): Promise<ReleaseOutcome[]> {
  const { engine, run, timeZone, settings, releasedAt } = options;
  const { grain } = settings;
  const reports = new Map<CalendarDate, Failure | null>();
  const countPeriods: CountPeriods = async (wanted) => {
    const dates = wanted.map((period) => reportOf(period, grain));
    const [first = '', last = first] = [dates[0], dates.at(-1)];
    const core = reportWindow(first, last, timeZone);
    const window = grain === 'day' ? core : furtherWindow(dates, core, ['day', grain]);
    const { facts, bytesProcessed } = await engine.readFacts(window, run);
    const days = indexByDay(facts, window);
    const further = indexFurther(facts, window);
    const counted = periodsOfGrain(days, further, grain);
    const readNewest = () => readNewestDay(engine, { timeZone, now: releasedAt }, run);
    const reached = await reachedPeriods(wanted, counted, grain, readNewest);
    for (const [place, period] of wanted.entries())
      reports.set(
        period,
        refuseEmpty(period, { grain, isHeld: holdsAnyone(counted, period), isReached: reached.includes(period) }) ??
          check(() => checkReport(deriveReport(days, dates[place] ?? last, releasedAt, further), days, gate)),
      );
    return { facts: counted, bytesProcessed };
  };
  const release = await openRelease(periods, countPeriods, options);
  const outcomes: ReleaseOutcome[] = [];
  for (const period of periods) {
    const failure = reports.get(period) ?? null;
    const outcome: ReleaseOutcome = failure === null ? await release.releaseOne(period) : { period, state: 'failed', failure };
    outcomes.push(outcome);
  }
  const [fault] = outcomes.flatMap(({ failure }) => (failure?.code === 'BAD_CONFIG' ? failure : []));
  if (fault !== undefined && outcomes.every(({ failure }) => failure === fault)) throw fault;
  for (const { period, failure } of outcomes) if (failure !== undefined) logFailure(run.log, failure, { period });
  const context = { run, startedAt: releasedAt, finishedAt: now(), timeZone, source, bytesProcessed: release.bytesProcessed };
  const records = outcomes
    .filter(({ state, failure }) => state !== 'left' && !failure?.refused)
    .map((outcome) =>
      runRecord({ reportDate: reportOf(outcome.period, grain), tables: [], findings: null, release: outcome }, context),
    );
  await appendRecords(engine, records, run);
  return outcomes;
}

export function judgeReleases(outcomes: readonly ReleaseOutcome[]): Verdict {
  const failures = outcomes.flatMap(({ failure }) => failure ?? []);
  return judgeFailures(failures, { nothingDone: failures.length === outcomes.length });
}

/** Of a period before the source begins, or of one that the source has not reached: it would be released empty, and stay so. */
function refuseEmpty(
  period: CalendarDate,
  { grain, isHeld, isReached }: { grain: Grain; isHeld: boolean; isReached: boolean },
): Failure | null {
  const end = periodEnd(period, grain);
  if (!isHeld) return new Failure('BAD_REQUEST', `the source holds no account and no test up to ${end}; expected a later date`);
  if (isReached) return null;
  return new Failure(
    'SOURCE_NOT_READY',
    `the source has no measurement from ${period} on; expected one, since a ${grain} is released once and would stay empty`,
  );
}

/** Why the report must not be published; null if it may be. */
function check(passes: () => Failure | null): Failure | null {
  try {
    return passes();
  } catch (thrown) {
    return toFailure(thrown);
  }
}
