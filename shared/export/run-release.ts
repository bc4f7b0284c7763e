import type { OpenEngine } from '../engines/open';
import { addDays, type CalendarDate, datesBetween, localDate, PERIODS, reportWindow } from '../metrics/calendar';
import { checkReport, type GateOptions } from '../metrics/checks/quality-gate';
import { holdsAnyone, indexByDay } from '../metrics/facts/period-facts';
import { deriveReport } from '../metrics/report';
import { Failure, toFailure } from '../platform/failure';
import { logFailure } from '../platform/log';
import { judgeFailures, type Verdict } from './outcome';
import { type CountDays, openRelease, type ReleaseOptions, type ReleaseOutcome, reportOf } from './release-periods';
import { type ExportRequest, MAX_DATES_BY_CLI, parseRequest, type RequestBody } from './request';
import { appendRecords, runRecord } from './run-record';

export interface RunReleaseOptions extends Omit<ReleaseOptions, 'engine'> {
  openEngine: OpenEngine;
  /** Recorded as what was counted. */
  source?: string | null;
  gate: GateOptions;
  now: () => Date;
}

/** Periods to release, both included; BAD_REQUEST where one is not complete yet. */
export function parseReleaseRequest(body: RequestBody, { timeZone, now }: { timeZone: string; now: Date }): ExportRequest {
  if (Object.keys(body).length === 0) throw new Failure('BAD_REQUEST', 'expected --date, or --from and --to');
  const request = parseRequest(body, { timeZone, askedAt: now, now, maxDates: MAX_DATES_BY_CLI });
  const last = addDays(localDate(now, timeZone), -PERIODS);
  if (request.to > last)
    throw new Failure(
      'BAD_REQUEST',
      `expected dates up to ${last}: a day is released once the report of ${PERIODS - 1} days later is final`,
    );
  return request;
}

/** Releases the periods of a request, or replaces one. */
export async function runRelease(
  { from, to }: ExportRequest,
  { openEngine, ...options }: RunReleaseOptions,
): Promise<ReleaseOutcome[]> {
  const engine = await openEngine('export', options.run);
  try {
    return await releasePeriods(datesBetween(from, to), { ...options, engine });
  } finally {
    await engine.close();
  }
}

/**
 * Releases periods, in order of time, whose reports were made without. Their reports are derived and checked as if they were published, out of
 * one count; they aren't. Each period that is released or fails leaves a run record under the date of its report.
 */
export async function releasePeriods(
  periods: readonly CalendarDate[],
  { now, gate, source = null, ...options }: Omit<RunReleaseOptions, 'openEngine'> & ReleaseOptions,
): Promise<ReleaseOutcome[]> {
  const { engine, run, timeZone, releasedAt } = options;
  const reports = new Map<CalendarDate, Failure | null>();
  const countDays: CountDays = async (wanted) => {
    const [first = '', last = first] = [wanted[0], wanted.at(-1)];
    const window = reportWindow(reportOf(first), reportOf(last), timeZone);
    const { facts, bytesProcessed } = await engine.readFacts(window, run);
    const days = indexByDay(facts, window);
    for (const period of wanted)
      reports.set(
        period,
        holdsAnyone(days, period)
          ? check(() => checkReport(deriveReport(days, reportOf(period), releasedAt), days, gate))
          : nobodyYet(period),
      );
    return { days, bytesProcessed };
  };
  const release = await openRelease(periods, countDays, options);
  const outcomes: ReleaseOutcome[] = [];
  for (const period of periods) {
    const failure = reports.get(period) ?? null;
    const outcome: ReleaseOutcome = failure === null ? await release.put(period) : { period, state: 'failed', failure };
    outcomes.push(outcome);
  }
  const [fault] = outcomes.flatMap(({ failure }) => (failure?.code === 'BAD_CONFIG' ? failure : []));
  if (fault !== undefined && outcomes.every(({ failure }) => failure === fault)) throw fault;
  for (const { period, failure } of outcomes) if (failure !== undefined) logFailure(run.log, failure, { period });
  const context = { run, startedAt: releasedAt, finishedAt: now(), timeZone, source, bytesProcessed: release.bytesProcessed };
  const records = outcomes
    .filter(({ state, failure }) => state !== 'left' && !failure?.refused)
    .map((outcome) => runRecord({ reportDate: reportOf(outcome.period), tables: [], findings: null, release: outcome }, context));
  await appendRecords(engine, records, run);
  return outcomes;
}

export function judgeReleases(outcomes: readonly ReleaseOutcome[]): Verdict {
  const failures = outcomes.flatMap(({ failure }) => failure ?? []);
  return judgeFailures(failures, { nothingDone: failures.length === outcomes.length });
}

function nobodyYet(period: CalendarDate): Failure {
  return new Failure('BAD_REQUEST', `the source holds no account and no test up to ${period}; expected a later date`);
}

/** Why the report may not be published; null: it may. */
function check(passes: () => Failure | null): Failure | null {
  try {
    return passes();
  } catch (thrown) {
    return toFailure(thrown);
  }
}
