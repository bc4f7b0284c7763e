import { createRun } from '../shared/engines/engine';
import type { Settled } from '../shared/engines/open';
import { judge } from '../shared/export/outcome';
import type { ExportOutcome } from '../shared/export/run-export';
import { runRequest } from '../shared/export/run-request';
import type { CalendarDate } from '../shared/metrics/calendar';
import type { Report } from '../shared/metrics/report';
import type { Config } from '../shared/platform/config';
import { Failure } from '../shared/platform/failure';
import { logMessages } from '../shared/platform/log-messages';
import { listenToCtrlC } from './ctrl-c';
import { openCliLog } from './log';
import { complain, EXIT, exitCode } from './outcome';
import { createProgress, type Progress } from './progress';
import { retyped } from './typed';

export interface RunDatesOptions extends Settled {
  requestId: string;
  startedAt: Date;
  allowStale?: boolean;
  allowFall?: boolean;
  dryRun?: boolean;
  resume?: boolean;
}

export interface DatesRun extends ExportOutcome {
  /** The report of the last date with one. */
  lastReport: Report | null;
  interrupted: boolean;
}

/**
 * Exports dates for a command, with a progress bar. After the first Ctrl-C started dates are finished and no further one is started; the second
 * Ctrl-C ends those too.
 */
export async function runDates(dates: readonly CalendarDate[], options: RunDatesOptions): Promise<DatesRun> {
  const {
    config,
    openEngine,
    requestId,
    startedAt,
    allowStale = false,
    allowFall = false,
    dryRun = false,
    resume = false,
  } = options;
  const progress = process.stderr.isTTY ? createProgress(process.stderr, dates.length) : null;
  const { stop, abort, end } = listenToCtrlC(() =>
    progress?.write('Stopping: dates that have begun are finished, no further one is begun; Ctrl-C again ends those too'),
  );
  let lastReport: Report | null = null;
  try {
    const outcome = await runRequest(dates, {
      run: createRun({ requestId, trigger: 'cli', signal: abort, log: openLog(config, dates.length, progress) }),
      openEngine,
      config,
      allowStale,
      allowFall,
      startedAt,
      now: () => new Date(),
      dryRun,
      resume: resume ? 'final' : null,
      stop,
      onStart: (wanted) => progress?.begin(wanted.length),
      onReport: (outcome, report) => {
        lastReport = report ?? lastReport;
        progress?.advance(judge([outcome]).result !== 'all');
      },
    });
    return { ...outcome, lastReport, interrupted: stop.aborted };
  } catch (thrown) {
    if (!stop.aborted) throw thrown;
    process.exitCode = EXIT.interrupted;
    throw new Failure('TIMEOUT', `stopped before any date was in; continue with: ${retyped([])}`);
  } finally {
    progress?.end();
    end();
  }
}

/** The bar replaces log lines about successful dates. If the only date fails, the reason is printed at the end, not logged. */
function openLog(config: Config, dates: number, progress: Progress | null) {
  if (progress === null) return openCliLog(config);
  const logLevel = config.logLevel === 'info' ? 'warning' : config.logLevel;
  const isSaidLater = (line: string) => dates === 1 && line.includes(` ${logMessages.failed} `);
  return openCliLog({ ...config, logLevel }, (line) => {
    if (!isSaidLater(line)) progress.write(line);
  });
}

/** Prints the failure, if any. Returns the exit code. */
export function concludeRun({ reports, interrupted }: DatesRun): number {
  const verdict = judge(reports);
  if (verdict.result === 'all') return EXIT.done;
  if (interrupted) return EXIT.interrupted; // the rest hasn't failed, and was already reported
  complain(verdict.failure);
  return exitCode(verdict);
}
