import { Command, CommanderError } from 'commander';
import { version } from '../package.json';
import { answerFailure } from '../shared/export/answer';
import { DEFAULT_WAREHOUSE, unknownSettings } from '../shared/platform/config';
import { Failure, toFailure } from '../shared/platform/failure';
import { annotateCommand } from './annotate';
import { completionCommand } from './completion';
import { dashboardCommand } from './dashboard';
import { deleteCommand } from './delete';
import { diffCommand } from './diff';
import { digestCommand } from './digest';
import { doctorCommand } from './doctor';
import { explainCommand } from './explain';
import { exportCommand } from './export';
import { gapsCommand } from './gaps';
import { initCommand } from './init';
import { refuseFlagsOfNpm } from './npm-flags';
import { checkValues } from './options';
import { complain, EXIT, exitCode, writeJson } from './outcome';
import { releaseCommand } from './release';
import { replayCommand } from './replay';
import { requestCommand } from './request';
import { warnOfUnknown } from './settings';
import { showCommand } from './show';
import { statusCommand } from './status';
import { fitHelp, terminalWidth } from './terminal';

/** Wraps help texts to the terminal. commander wraps only its own part, not the added texts. */
const helpOutput = {
  writeOut: (text: string) => void process.stdout.write(fitHelp(text, terminalWidth(process.stdout))),
  writeErr: (text: string) => void process.stderr.write(fitHelp(text, terminalWidth(process.stderr))),
};

const program = new Command('kpi')
  .description("Computes a product's daily KPI aggregates and keeps them as tables that BI tools can read.")
  .version(version)
  .addCommand(initCommand())
  .addCommand(exportCommand())
  .addCommand(showCommand())
  .addCommand(explainCommand())
  .addCommand(statusCommand())
  .addCommand(digestCommand())
  .addCommand(doctorCommand())
  .addCommand(gapsCommand())
  .addCommand(diffCommand())
  .addCommand(dashboardCommand())
  .addCommand(annotateCommand())
  .addCommand(deleteCommand())
  .addCommand(releaseCommand())
  .addCommand(replayCommand())
  .addCommand(requestCommand())
  .addHelpText(
    'after',
    `
Examples:
  $ kpi export --date 2025-12-23
    the built-in demo data, into ${DEFAULT_WAREHOUSE}
  $ kpi export --source ./data --warehouse kpi.duckdb
    your own files, today's report
  $ kpi show --date 2025-12-23 --table daily_funnel --csv

Settings come from the environment too (KPI_WAREHOUSE, KPI_SOURCE, KPI_TIME_ZONE, …; see README.md), and from kpi.config.json in this folder (kpi init makes it). Flags win over the environment, and that over the file.`,
  );

program.addCommand(completionCommand(program));

// commander's own errors (an unknown option, a missing argument) are reported like other refusals
for (const command of [program, ...program.commands])
  command.exitOverride().configureOutput({ outputError: () => {}, ...helpOutput });
for (const command of program.commands) checkValues(command);

async function main(): Promise<void> {
  for (const setting of unknownSettings(process.env)) warnOfUnknown(setting);
  try {
    refuseFlagsOfNpm(program.commands, process.argv.slice(2), process.env);
    await program.parseAsync();
  } catch (thrown) {
    if (thrown instanceof CommanderError && thrown.exitCode === 0) return; // --help, --version
    if (thrown instanceof CommanderError && thrown.code === 'commander.help') {
      process.exitCode = EXIT.refused; // no command given: commander has printed the help
      return;
    }
    const failure = thrown instanceof CommanderError ? new Failure('BAD_REQUEST', oneLine(thrown)) : toFailure(thrown);
    if (process.argv.includes('--json')) writeJson(answerFailure(failure));
    complain(failure);
    process.exitCode ??= exitCode({ result: 'none', failure });
  }
}

/** `error: unknown option '--dat'\n(Did you mean --date?)` */
function oneLine({ code, message }: CommanderError): string {
  const line = message.replace(/^error: /, '').replaceAll(/\s*\n\s*/g, ' ');
  return code === 'commander.unknownCommand' && !line.endsWith('?)') ? `${line}; to see all: kpi help` : line;
}

// without Google credentials the SDK also warns about its search for a metadata server; our failure is enough
const [printWarning] = process.listeners('warning');
process.removeAllListeners('warning').on('warning', (warning) => {
  if (warning.name !== 'MetadataLookupWarning') printWarning?.(warning);
});

// a reader that ends early (`kpi show … | head`) is not an error
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  if (!process.emit('SIGPIPE', 'SIGPIPE')) process.exit(); // commands with something to give back listen (ctrl-c.ts)
});

/** The process ends this long after the command, even if a request is still unanswered. */
const LINGER_MS = 1_000;

/** Resolves when the command is done. */
export const ended = main().finally(() => setTimeout(() => process.exit(), LINGER_MS).unref());
