import { randomUUID } from 'node:crypto';
import { Command, Option } from 'commander';
import { holdsDemo, recordedSource } from '../shared/engines/identity';
import { countCells, type ReleaseOptions, type ReleaseOutcome } from '../shared/export/release-periods';
import { releaseRequestId } from '../shared/export/resume';
import { judgeReleases, parseReleaseRequest, runRelease } from '../shared/export/run-release';
import { datesOf as datesOfPeriod } from '../shared/metrics/grain';
import type { Config } from '../shared/platform/config';
import { formatCount, formatMany } from '../shared/platform/counts';
import { Failure } from '../shared/platform/failure';
import { datesOf, options } from './options';
import { complain, EXIT, exitCode, writeJson } from './outcome';
import { releasePackage } from './release-package';
import { DEMO_NOTE } from './render';
import { createCliRun } from './run';
import { openSettler } from './settler';
import { fit } from './terminal';

interface ReleaseFlags {
  date?: string;
  from?: string;
  to?: string;
  replace?: boolean;
  reason?: string;
  acceptSmallChanges?: boolean;
  package?: string;
  zip?: boolean;
  source?: string;
  warehouse?: string;
  timeZone?: string;
  json?: boolean;
}

export function releaseCommand(): Command {
  return new Command('release')
    .description(
      'Release weeks, or days or months (KPI_RELEASE_GRAIN), to partners: once, rounded, with small groups hidden. With KPI_RELEASE=on exports do this; use the command for periods whose reports were exported without it.',
    )
    .addOption(options.date('any day of the period to release'))
    .addOption(options.from('a day of the first period of a range; released periods stay unchanged'))
    .addOption(options.to('a day of the last period'))
    .option('--replace', 'overwrite the released period; needs --date and --reason')
    .option('--reason <text>', 'why it is replaced; it is logged, so without names and ids of people')
    .option('--accept-small-changes', 'replace even if comparing the two could reveal one person')
    .addOption(
      new Option(
        '--package <folder>',
        'release nothing; write all released periods as files for researchers, or those of --from and --to',
      ).conflicts(['date', 'replace', 'reason', 'acceptSmallChanges']),
    )
    .option('--zip', 'with --package: also write FOLDER.zip, to deposit')
    .addOption(options.source())
    .addOption(options.warehouse())
    .addOption(options.timeZone())
    .addOption(options.json('answer as JSON on standard output, and nothing else there'))
    .addHelpText(
      'after',
      `
Examples:
  $ kpi release --date 2025-12-12
  $ kpi release --from 2025-01-01 --to 2025-12-12
  $ kpi release --date 2025-12-12 --replace --reason 'a test device was counted'
  $ kpi release --package ./release-2025 --from 2025-01-01 --to 2025-12-12 --zip

Exit codes: 0 all are out, 2 some could not be released, 1 none could, 64 refused (the line says what was expected), 130 interrupted.`,
    )
    .action(async (flags: ReleaseFlags) => {
      const { package: folder, ...others } = flags;
      if (flags.zip && folder === undefined) throw new Failure('BAD_REQUEST', 'expected --zip with --package');
      process.exitCode = await (folder === undefined ? release(flags) : releasePackage({ ...others, package: folder }));
    });
}

async function release(flags: ReleaseFlags): Promise<number> {
  const { config, openEngine } = await openSettler(flags, 'export').settle();
  const releasedAt = new Date();
  const request = parseReleaseRequest(datesOf(flags), {
    timeZone: config.timeZone,
    grain: config.release.grain,
    now: releasedAt,
  });
  const replace = parseReplacement(flags);
  const interruption = new AbortController();
  const interrupt = () => interruption.abort();
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  try {
    const outcomes = await runRelease(request, {
      openEngine,
      source: recordedSource(config),
      run: createCliRun(config, interruption.signal, releaseRequestId(randomUUID())),
      timeZone: config.timeZone,
      settings: config.release,
      gate: config,
      releasedAt,
      now: () => new Date(),
      replace,
    });
    const verdict = judgeReleases(outcomes);
    const answers = outcomes.map(answerRelease);
    const [first] = answers;
    if (flags.json)
      writeJson(request.shape === 'date' && first ? first : { success: verdict.result === 'all', releases: answers });
    else show(outcomes, config);
    if (verdict.result === 'all') return EXIT.done;
    complain(verdict.failure);
    return interruption.signal.aborted ? EXIT.interrupted : exitCode(verdict);
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
}

function parseReplacement({
  date,
  replace = false,
  reason = '',
  acceptSmallChanges = false,
}: ReleaseFlags): ReleaseOptions['replace'] {
  const refuse = (text: string) => new Failure('BAD_REQUEST', text);
  if (!replace && (reason !== '' || acceptSmallChanges))
    throw refuse('expected --reason and --accept-small-changes only with --replace');
  if (!replace) return null;
  if (date === undefined) throw refuse('expected --replace with --date: one period at a time');
  if (reason.trim() === '') throw refuse('expected --replace with --reason, and a text');
  return { reason: reason.trim(), acceptSmallChanges };
}

function answerRelease(outcome: ReleaseOutcome): object {
  const { period, state } = outcome;
  if (state === 'failed') return { period, success: false, state, error: outcome.failure.message, code: outcome.failure.code };
  const { released_cells, hidden_cells } = countCells(outcome.row);
  return { period, success: true, state, revision: outcome.row.revision, shown: released_cells, hidden: hidden_cells };
}

const said = { released: 'released', replaced: 'replaced', left: 'already released, not changed' };

function show(outcomes: readonly ReleaseOutcome[], config: Config): void {
  const { grain, minPeople, roundTo } = config.release;
  for (const outcome of outcomes) {
    const dates = datesOfPeriod(outcome.period, grain);
    if (outcome.state === 'failed') {
      say(`${dates}  ${outcome.failure.message} (${outcome.failure.code})`);
      continue;
    }
    const { released_cells, hidden_cells } = countCells(outcome.row);
    say(
      `${dates}  ${said[outcome.state]}, revision ${outcome.row.revision}: ${formatMany(released_cells, 'value')} shown, ${formatCount(hidden_cells)} hidden`,
    );
  }
  say(`Rules: at least ${minPeople} people, rounded to ${roundTo}`);
  if (holdsDemo(config)) say(`Released from ${DEMO_NOTE}`);
}

function say(line: string): void {
  process.stdout.write(`${fit(line)}\n`);
}
