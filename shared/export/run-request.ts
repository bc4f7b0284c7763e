import type { Engine, Run } from '../engines/engine';
import { recordedSource } from '../engines/identity';
import type { OpenEngine } from '../engines/open';
import { type CalendarDate, localDate } from '../metrics/calendar';
import type { Config } from '../platform/config';
import { type Failure, toFailure } from '../platform/failure';
import { type Log, logFailure } from '../platform/log';
import { logMessages } from '../platform/log-messages';
import { findGaps } from './gaps';
import { isExported, judge, type ReportOutcome } from './outcome';
import { dueBy, reportOf } from './release-periods';
import { type DoneDates, doneDates } from './resume';
import { type ExportOptions, type ExportOutcome, runExport } from './run-export';
import { releasePeriods } from './run-release';

/** The entry point creates the run, whose log has run_id and request_id. */
export interface RequestOptions extends Omit<ExportOptions, 'engine' | 'dryRun' | 'timeZone' | 'source' | 'gate' | 'release'> {
  config: Config;
  openEngine: OpenEngine;
  /** Publish reports of today and yesterday even if the source is late. */
  allowStale?: boolean;
  /** Publish even if most rows behind the published numbers of their days are gone. */
  allowFall?: boolean;
  dryRun?: boolean;
  /**
   * Skips dates that earlier runs of the same request have exported. If such a date's release had failed, only the release is repeated. `final`:
   * skips dates with a final report. `failed`: skips all exported dates, but only if a part of the request had failed; a message that is
   * delivered twice although everything succeeded is exported again.
   */
  resume?: 'final' | 'failed' | null;
  /** Called before the export with the dates that will be exported. */
  onStart?: (dates: readonly CalendarDate[]) => void;
}

/** Exports dates, from opening the engine to closing it, and logs each outcome at once. The entry point logs what is thrown. */
export async function runRequest(
  dates: readonly CalendarDate[],
  {
    config,
    openEngine,
    allowStale = false,
    allowFall = false,
    dryRun = false,
    resume = null,
    onStart,
    ...options
  }: RequestOptions,
): Promise<ExportOutcome> {
  const { run, startedAt, now } = options;
  const { timeZone, release } = config;
  const signal = options.stop === undefined ? run.signal : AbortSignal.any([run.signal, options.stop]);
  const engine = await openEngine(dryRun ? 'dry-run' : 'export', { signal, log: run.log });
  try {
    const done = resume === null ? nothingDone : await readDone(engine, dates, { run, timeZone, now: startedAt, resume });
    const wanted = dates.filter((date) => !done.exported.has(date));
    const unreleased = dates.filter((date) => done.unreleased.has(date));
    const source = recordedSource(config);
    const gate = { ...config, allowStale, allowFall };
    const repeated = await repeatReleases(unreleased, { engine, run, timeZone, startedAt, now, source, gate, release });
    if (wanted.length === 0) return { reports: repeated, price: null };
    onStart?.(wanted);
    const refusals = new Set<Failure>(); // one failure may refuse a thousand dates; it is logged once
    const { reports, price } = await runExport(wanted, {
      ...options,
      engine,
      timeZone,
      source,
      gate,
      release: release.isOn ? release : null,
      dryRun,
      onReport: (outcome, report) => {
        const { failure } = outcome.tables[0] ?? {};
        if (failure === undefined || !refusals.has(failure))
          logReport(outcome, run.log, now().getTime() - startedAt.getTime(), dryRun);
        if (failure?.refused) refusals.add(failure);
        options.onReport?.(outcome, report);
      },
    });
    return { reports: [...repeated, ...reports], price };
  } finally {
    await engine.close();
  }
}

const nothingDone: DoneDates = { exported: new Set(), unreleased: new Set() };

interface ResumeOptions {
  run: Run;
  timeZone: string;
  now: Date;
  resume: 'final' | 'failed';
}

async function readDone(
  engine: Engine,
  dates: readonly CalendarDate[],
  { run, timeZone, now, resume }: ResumeOptions,
): Promise<DoneDates> {
  try {
    const runs = await engine.readRuns({ requestId: run.requestId }, run.signal);
    if (runs.length === 0) return nothingDone;
    const [from = '', to = from] = [dates[0], dates.at(-1)];
    const { gaps } = await findGaps(engine, { from, to, timeZone, today: localDate(now, timeZone) }, run);
    const done = doneDates(runs, gaps, { timeZone, mustBeFinal: resume === 'final' });
    const isAllDone = done.unreleased.size === 0 && dates.every((date) => done.exported.has(date));
    return resume === 'failed' && isAllDone ? nothingDone : done;
  } catch (thrown) {
    if (resume === 'final') throw thrown; // the user asked to resume; for a message it is safe to export again
    const { code, message } = toFailure(thrown);
    run.log.warning('earlier runs not read', { code, error: message });
    return nothingDone;
  }
}

type RepeatOptions = Required<Pick<ExportOptions, 'engine' | 'run' | 'timeZone' | 'startedAt' | 'now' | 'source' | 'gate'>> &
  Pick<Config, 'release'>;

/** Releases periods that earlier runs of the request failed to release, if their reports are published. */
async function repeatReleases(
  reportDates: readonly CalendarDate[],
  { startedAt, release: settings, ...options }: RepeatOptions,
): Promise<ReportOutcome[]> {
  const { timeZone } = options;
  const { grain } = settings;
  const periods = dueBy(reportDates, grain, { instant: startedAt, timeZone });
  if (!settings.isOn || periods.length === 0) return [];
  const outcomes = await releasePeriods(periods, { ...options, settings, releasedAt: startedAt, replace: null });
  return outcomes.map((release) => ({ reportDate: reportOf(release.period, grain), tables: [], findings: null, release }));
}

function logReport(report: ReportOutcome, log: Log, durationMs: number, dryRun: boolean): void {
  const fields = { report_date: report.reportDate, duration_ms: durationMs };
  const verdict = judge([report]);
  if (verdict.result !== 'all') logFailure(log, verdict.failure, fields);
  if (isExported(report) && !dryRun)
    log.info(logMessages.exported, { ...fields, rows: report.tables.reduce((total, { rows }) => total + rows, 0) });
}
