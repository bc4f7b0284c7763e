import { Command, InvalidArgumentError, Option } from 'commander';
import { holdsDemo } from '../shared/engines/identity';
import { type DeadLetters, readStatus, SHOW_LETTERS } from '../shared/operate/status';
import type { Config } from '../shared/platform/config';
import { options } from './options';
import { EXIT, writeJson } from './outcome';
import { projectOf } from './project';
import { renderStatus } from './render-status';
import { createCliRun } from './run';
import { openSettler } from './settler';
import { terminalWidth } from './terminal';

interface StatusFlags {
  runs: number;
  subscription: string;
  project?: string;
  warehouse?: string;
  timeZone?: string;
  json?: boolean;
}

export function statusCommand(): Command {
  return new Command('status')
    .description('Show the newest report and its age, gaps, the last runs, and the number of waiting dead letters.')
    .addOption(new Option('--runs <number>', 'how many of the last runs to show').argParser(parseCount).default(10))
    .addOption(options.subscription())
    .addOption(options.project())
    .addOption(options.warehouse())
    .addOption(options.timeZone())
    .addOption(options.json('answer as JSON on standard output, and nothing else there'))
    .addHelpText(
      'after',
      `
Examples:
  $ kpi status
  $ kpi status --runs 50
  $ kpi status --json | jq .attention

Exit codes: 0 all is well, 2 something needs attention, 1 the warehouse can't be read, 64 refused (the line says what was expected).`,
    )
    .action(async (flags: StatusFlags) => {
      process.exitCode = await status(flags);
    });
}

async function status(flags: StatusFlags): Promise<number> {
  const now = new Date();
  const { config, openEngine } = await openSettler(flags, 'read').settle();
  const engine = await openEngine('read');
  try {
    const found = await readStatus(
      engine,
      {
        timeZone: config.timeZone,
        isDemo: holdsDemo(config),
        now,
        newestRuns: flags.runs,
        countDeadLetters: () => countDeadLetters(flags, config, now),
      },
      createCliRun(config),
    );
    const isWell = found.attention.length === 0;
    if (flags.json) {
      const { deadLetters, ...rest } = found;
      const letters =
        'failure' in deadLetters
          ? { waiting: null, error: deadLetters.failure.message, code: deadLetters.failure.code }
          : deadLetters;
      writeJson({ success: isWell, ...rest, deadLetters: letters });
    } else process.stdout.write(`${renderStatus(found, now, terminalWidth())}\n`);
    return isWell ? EXIT.done : EXIT.partial;
  } finally {
    await engine.close();
  }
}

/** Asks Cloud Monitoring, because counting in Pub/Sub means pulling, which would hide the letters from a concurrent replay. */
async function countDeadLetters({ subscription, project: named }: StatusFlags, config: Config, now: Date): Promise<DeadLetters> {
  const project = projectOf(named, config);
  if (project === undefined) return { waiting: null, reason: 'no project named (--project)' };
  const { warehouse } = config;
  const onEmulator = named === undefined && warehouse.engine === 'bigquery' && warehouse.endpoint !== null;
  if (process.env.PUBSUB_EMULATOR_HOST || onEmulator)
    return { waiting: null, reason: `an emulator has no Cloud Monitoring that counts them; ${SHOW_LETTERS}` };
  const { readBacklog } = await import('../shared/pubsub/monitoring');
  const backlog = await readBacklog({ project, subscription }, { now });
  return backlog ?? { waiting: null, reason: `Cloud Monitoring has no recent figure of ${subscription}; ${SHOW_LETTERS}` };
}

function parseCount(text: string): number {
  if (!/^[1-9]\d{0,3}$/.test(text)) throw new InvalidArgumentError('Expected a number from 1 to 9999.');
  return Number(text);
}
