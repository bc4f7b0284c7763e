import { Command } from 'commander';
import { formatCount } from '../shared/counts';
import { type ReadLetter, readLetter } from '../shared/dead-letter';
import { createRun } from '../shared/engine';
import { Failure, toFailure } from '../shared/failure';
import { createOpener, type Settled } from '../shared/open-engine';
import { judge } from '../shared/outcome';
import { datesOfRequest, MAX_DATES_BY_MESSAGE } from '../shared/request';
import { runRequest } from '../shared/run-request';
import { formatStretch } from '../shared/stretches';
import { openCliLog } from './log';
import { options } from './options';
import { complain, EXIT } from './outcome';
import { requireProject } from './project';
import { readSettings } from './settings';
import { openSettler } from './settler';
import { fit } from './terminal';

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
    .option('--run', 'export each again; what succeeds is acknowledged, the rest stays')
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

Exit codes: 0 all done, 2 some could not be exported and are still there, 64 refused.`,
    )
    .action(async (flags: ReplayFlags) => {
      process.exitCode = await replay(flags);
    });
}

async function replay(flags: ReplayFlags): Promise<number> {
  if (flags.run && flags.discard !== undefined) throw new Failure('BAD_REQUEST', 'expected either --run or --discard, got both');
  // one for all letters: what its engine has learnt of the tables is not asked again
  const settled = flags.run ? await settleForRun(flags) : openUnsettled(flags);
  const { config, canRun } = settled;
  const { createPubsub } = await import('../shared/adapters/pubsub');
  const pubsub = createPubsub(requireProject(flags.project, config, flags.subscription));
  try {
    const lent = await pubsub.pullAll(flags.subscription);
    const done: typeof lent = [];
    let left = 0;
    try {
      for (const letter of lent) {
        const read = readLetter(letter, { timeZone: config.timeZone, now: now(), maxDates: MAX_DATES_BY_MESSAGE });
        process.stdout.write(`${fit(describe(letter.id, read))}\n`);
        if (
          letter.id === flags.discard ||
          (flags.run && canRun && read !== null && (await runAgain(read, settled, flags.allowFall ?? false)))
        )
          done.push(letter);
        else if (flags.run) left++;
      }
    } finally {
      await pubsub.acknowledge(flags.subscription, done);
      await pubsub.release(
        flags.subscription,
        lent.filter((letter) => !done.includes(letter)),
      );
    }
    if (flags.discard !== undefined && done.length === 0) {
      throw new Failure('BAD_REQUEST', `--discard: no letter ${flags.discard} is waiting in ${flags.subscription}`);
    }
    process.stdout.write(
      `${formatCount(lent.length)} waiting${flags.run ? `, ${formatCount(done.length)} exported` : ''}${flags.discard ? ', 1 discarded' : ''}\n`,
    );
    return left === 0 ? EXIT.done : EXIT.partial;
  } finally {
    await pubsub.close();
  }
}

/** What is known of the warehouse, and whether letters can be exported into it. */
type Place = Settled & { canRun: boolean };

/** A warehouse that is busy or out of reach leaves all letters where they are, and they are shown. */
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

/** To list letters takes no warehouse, which may be busy. */
function openUnsettled(flags: ReplayFlags): Place {
  const config = readSettings(flags);
  return { config, openEngine: createOpener(config, now), canRun: false };
}

/** Without the data of a letter that can't be read: it may hold anything. */
function describe(id: string, read: ReadLetter | null): string {
  if (read === null) return `${id}  can't be read; drop it with --discard ${id}`;
  const { request, reason } = read;
  const dates = request === null ? 'unknown dates' : formatStretch({ first: request.from, last: request.to });
  return `${id}  ${dates}  ${reason}`;
}

/** Whether all tables of all dates are in now. */
async function runAgain(
  { request, requestId }: ReadLetter,
  { config, openEngine }: Settled,
  allowFall: boolean,
): Promise<boolean> {
  if (request === null) return false;
  const run = createRun({ requestId, trigger: 'replay', signal: new AbortController().signal, log: openCliLog(config) });
  try {
    const { reports } = await runRequest(datesOfRequest(request), {
      config,
      openEngine,
      run,
      allowFall,
      startedAt: now(),
      now,
    });
    return judge(reports).result === 'all';
  } catch (thrown) {
    complain(toFailure(thrown));
    return false;
  }
}
