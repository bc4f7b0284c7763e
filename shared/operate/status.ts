import type { Engine, Run } from '../engines/engine';
import { allDates, describeGaps, findGapsAmong, type GapsFound } from '../export/gaps';
import { isDigest, isRelease } from '../export/resume';
import { type CalendarDate, EARLIEST, endOf } from '../metrics/calendar';
import { countUnusual } from '../metrics/judged';
import { reportTableNames, reportTables } from '../metrics/tables';
import type { ExportRun } from '../metrics/tables/export_runs';
import { formatCount } from '../platform/counts';
import { type Failure, toFailure } from '../platform/failure';
import { type ReadJudgedOptions, readJudged } from './judged';

/** The newest report of which any table has rows. */
export interface NewestReport {
  reportDate: CalendarDate;
  /** When its newest rows were made. */
  createdAt: Date;
  /** Made before its day was over in the report time zone, so its newest period is incomplete. */
  isProvisional: boolean;
  /** Number of core tables with rows of it. */
  tables: number;
}

/** How many dead letters waited at a moment of the last minutes; null, with the reason, if it is unknown. */
export type DeadLetters =
  | { waiting: number; asOf: Date }
  | { waiting: null; reason: string }
  | { waiting: null; failure: Failure };

/** Ends a line about dead letters that were not counted. */
export const SHOW_LETTERS = 'to see them, run: kpi replay';

export interface Status {
  timeZone: string;
  /** Whether the warehouse has demo data. */
  isDemo: boolean;
  newest: NewestReport | null;
  /** The newest finished day; null if no report has one. */
  figures: { day: CalendarDate; sentence: string; unusualValues: number | null } | null;
  gaps: GapsFound;
  /** Newest first. */
  runs: ExportRun[];
  deadLetters: DeadLetters;
  /** What needs attention, one line each with the command to run. Empty if all is well. */
  attention: string[];
}

export interface StatusOptions {
  timeZone: string;
  isDemo: boolean;
  now: Date;
  /** How many runs to read. */
  newestRuns: number;
  /** If it throws a Failure, the status reports it and the rest stays. */
  countDeadLetters: () => Promise<DeadLetters>;
}

export async function readStatus(
  engine: Engine,
  { timeZone, isDemo, now, newestRuns, countDeadLetters }: StatusOptions,
  run: Run,
): Promise<Status> {
  const search = allDates(timeZone, now);
  const states = await engine.readReportStates(EARLIEST, search.today);
  const newest = newestOf(states, timeZone);
  const found = {
    timeZone,
    isDemo,
    newest,
    figures: newest === null ? null : await readFigures(engine, { timeZone, now, newest: newest.reportDate }, run),
    gaps: await findGapsAmong(states, engine, search, run),
    runs: await engine.readRuns({ newest: newestRuns }),
    deadLetters: await countDeadLetters().catch((thrown): DeadLetters => ({ waiting: null, failure: toFailure(thrown) })),
  };
  return { ...found, attention: judgeStatus(found) };
}

async function readFigures(
  engine: Engine,
  options: Omit<ReadJudgedOptions, 'grain' | 'date'>,
  run: Run,
): Promise<Status['figures']> {
  const judged = await readJudged(engine, { grain: 'day', date: null, ...options }, run.signal);
  if (judged === null) return null;
  return { day: judged.start, sentence: judged.sentence, unusualValues: countUnusual(judged.judgements) };
}

function newestOf(states: Awaited<ReturnType<Engine['readReportStates']>>, timeZone: string): NewestReport | null {
  const reportDate = states
    .map((state) => state.reportDate)
    .sort()
    .at(-1);
  if (reportDate === undefined) return null;
  const ofIt = states.filter((state) => state.reportDate === reportDate);
  const [oldest, newest] = [
    Math.min(...ofIt.map(({ firstCreatedAt }) => firstCreatedAt.getTime())),
    Math.max(...ofIt.map(({ lastCreatedAt }) => lastCreatedAt.getTime())),
  ];
  return {
    reportDate,
    createdAt: new Date(newest),
    isProvisional: oldest < endOf(reportDate, timeZone).getTime(),
    tables: ofIt.filter(({ table }) => table in reportTables).length,
  };
}

/** Lists what needs attention in a status. */
export function judgeStatus({ timeZone, newest, gaps, runs, deadLetters }: Omit<Status, 'attention'>): string[] {
  const attention: string[] = [];
  if (newest === null) attention.push('no report in the warehouse; run: kpi export');
  else if (newest.tables < reportTableNames.length)
    attention.push(
      `${newest.tables} of ${reportTableNames.length} tables ${newest.tables === 1 ? 'holds' : 'hold'} the report of ${newest.reportDate}; run: kpi export --date ${newest.reportDate}`,
    );
  if (gaps.gaps.length > 0) attention.push(`${describeGaps(gaps)}; run: kpi gaps`);
  for (const run of unmended(runs)) {
    const { report_date, status, error_code } = run;
    attention.push(
      `the last ${kindOf(run)} of ${report_date} ended as ${status}${error_code === null ? '' : ` (${error_code}, docs/errors.md)`}`,
    );
  }
  const zone = runs[0]?.time_zone;
  if (zone !== undefined && zone !== timeZone)
    attention.push(`the newest run counted days of ${zone}, the settings say ${timeZone}; set KPI_TIME_ZONE`);
  if (deadLetters.waiting !== null && deadLetters.waiting > 0)
    attention.push(
      `${deadLetters.waiting === 1 ? 'a dead letter waits' : `${formatCount(deadLetters.waiting)} dead letters wait`}; run: kpi replay`,
    );
  if ('failure' in deadLetters) {
    const { message, code } = deadLetters.failure;
    attention.push(`dead letters are not counted: ${message} (${code}); ${SHOW_LETTERS}`);
  }
  return attention;
}

function kindOf(run: ExportRun): 'release' | 'digest' | 'run' {
  if (isRelease(run)) return 'release';
  return isDigest(run) ? 'digest' : 'run';
}

/** For each date, the newest export, the newest `kpi release` and the newest sending of its digest, each if it didn't succeed completely. */
function unmended(runs: readonly ExportRun[]): ExportRun[] {
  const newest = new Map<string, ExportRun>();
  for (const run of runs) {
    const what = `${run.report_date} ${kindOf(run)}`;
    if (!newest.has(what)) newest.set(what, run);
  }
  return [...newest.values()].filter(({ status }) => status !== 'succeeded');
}
