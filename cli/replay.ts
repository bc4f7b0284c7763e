import { Command } from 'commander';
import { createRun } from '../shared/engines/engine';
import { createOpener, type Settled } from '../shared/engines/open';
import { judge } from '../shared/export/outcome';
import { datesOfRequest, MAX_DATES_BY_MESSAGE } from '../shared/export/request';
import { runRequest } from '../shared/export/run-request';
import { formatStretch } from '../shared/metrics/stretches';
import { borrowLetters, type Loan } from '../shared/operate/borrow-letters';
import { type ReadLetter, readLetter } from '../shared/operate/dead-letter';
import { formatCount, formatMany } from '../shared/platform/counts';
import { Failure, toFailure } from '../shared/platform/failure';
import { type CtrlC, listenToCtrlC } from './ctrl-c';
import { openCliLog } from './log';
import { options } from './options';
import { complain, EXIT } from './outcome';
import { requireProject } from './project';
import { readSettings } from './settings';
import { openSettler } from './settler';
import { fit } from './terminal';
import { retyped } from './typed';

const now = () => new Date();

interface ReplayFlags {
  subscription: string;
  project?: string;
  run?: boolean;
  allowFall?: boolean;
  discard?: string;
  source?: string;
  warehouse?: string;
  timeZone?: string;
}

export function replayCommand(): Command {
  return new Command('replay')
    .description('Show the requests on the dead-letter topic, each with its reason; export them again, or drop one.')
    .addOption(options.subscription())
    .addOption(options.project())
    .option('--run', 'export each again; a request whose dates are all written is acknowledged, the others stay')
    .addOption(options.allowFall())
    .option('--discard <id>', 'acknowledge the one with this id without exporting it')
    .addOption(options.source())
    .addOption(options.warehouse())
    .addOption(options.timeZone())
    .addHelpText(
      'after',
      `
Examples:
  $ kpi replay --project my-project
  $ kpi replay --project my-project --run
  $ kpi replay --project my-project --discard 9876543210

Exit codes: 0 all done, 2 some could not be exported and are still there, 64 refused, 130 interrupted.`,
    )
    .action(async (flags: ReplayFlags) => {
      process.exitCode = await replay(flags);
    });
}

async function replay(flags: ReplayFlags): Promise<number> {
  if (flags.run && flags.discard !== undefined) throw new Failure('BAD_REQUEST', 'expected either --run or --discard, got both');
  // one for all letters, so that the engine checks the tables once
  const place = flags.run ? await settleForRun(flags) : openUnsettled(flags);
  const { createPubsub } = await import('../shared/pubsub/client');
  const pubsub = createPubsub(requireProject(flags.project, place.config, flags.subscription));
  const ctrlC = listenToCtrlC(() => {
    if (place.canRun)
      complain({ message: 'stopping: letters are given back, dates that have begun are finished; Ctrl-C again ends those too' });
  });
  const { stop, abort } = ctrlC;
  try {
    return await borrowLetters({ pubsub, subscription: flags.subscription, stop, abort, complain }, (loan) =>
      goThrough(loan, { flags, place, ctrlC }),
    );
  } catch (thrown) {
    if (!stop.aborted) throw thrown;
    process.exitCode = EXIT.interrupted;
    throw new Failure('TIMEOUT', `stopped; continue with: ${retyped([])}`, { cause: thrown });
  } finally {
    ctrlC.end();
    await pubsub.close();
  }
}

/** Shows each letter and exports or discards it if asked to. Returns the exit code. */
async function goThrough({ letters, settle }: Loan, replaying: Replaying): Promise<number> {
  const { flags, place, ctrlC } = replaying;
  let done = 0;
  for (const letter of letters) {
    if (ctrlC.stop.aborted) break;
    const read = readLetter(letter, { timeZone: place.config.timeZone, now: now(), maxDates: MAX_DATES_BY_MESSAGE });
    say(fit(describe(read)));
    if (await settle(letter, async () => letter.id === flags.discard || (await runAgain(read, replaying)))) done++;
  }
  if (flags.discard !== undefined && done === 0)
    throw new Failure('BAD_REQUEST', `--discard: no letter ${flags.discard} is waiting in ${flags.subscription}`);
  const what = flags.run ? `, ${formatCount(done)} exported` : flags.discard ? ', 1 discarded' : '';
  say(`${formatCount(letters.length)} waiting${what}`);
  if (!flags.run || done === letters.length) return EXIT.done;
  if (!ctrlC.stop.aborted) return EXIT.partial;
  say(`Stopped; continue with: ${retyped([])}`);
  return EXIT.interrupted;
}

/** The settings, and whether letters can be exported with them. */
type Place = Settled & { canRun: boolean };

interface Replaying {
  flags: ReplayFlags;
  place: Place;
  ctrlC: CtrlC;
}

/** If the warehouse is busy or can't be reached, letters are only shown. */
async function settleForRun(flags: ReplayFlags): Promise<Place> {
  try {
    return { ...(await openSettler(flags, 'export').settle()), canRun: true };
  } catch (thrown) {
    const failure = toFailure(thrown);
    if (failure.kind !== 'retryable') throw failure;
    complain(failure);
    return openUnsettled(flags);
  }
}

/** Listing letters doesn't open the warehouse, which may be busy. */
function openUnsettled(flags: ReplayFlags): Place {
  const config = readSettings(flags);
  return { config, openEngine: createOpener(config, now), canRun: false };
}

/** Leaves out the data of a letter that can't be read, because it may contain anything. */
function describe({ id, request, reason }: ReadLetter): string {
  if ('from' in request) return `${id}  ${formatStretch({ first: request.from, last: request.to })}  ${reason}`;
  return `${id}  unknown dates (${formatMany(request.bytes, 'byte')}, SHA-256 ${request.sha256})  ${reason}`;
}

/** Exports a letter again. Returns whether all tables of all dates were written. */
async function runAgain(
  { request, requestId }: ReadLetter,
  { flags, place: { config, openEngine, canRun }, ctrlC }: Replaying,
): Promise<boolean> {
  if (!canRun || !('from' in request)) return false;
  const run = createRun({ requestId, trigger: 'replay', signal: ctrlC.abort, log: openCliLog(config) });
  try {
    const { reports } = await runRequest(datesOfRequest(request), {
      config,
      openEngine,
      run,
      allowFall: flags.allowFall ?? false,
      startedAt: now(),
      now,
      stop: ctrlC.stop,
    });
    return judge(reports).result === 'all';
  } catch (thrown) {
    complain(toFailure(thrown));
    return false;
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
