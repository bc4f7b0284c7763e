import { randomUUID } from 'node:crypto';
import { Command } from 'commander';
import { holdsDemo } from '../shared/engines/identity';
import type { Settled } from '../shared/engines/open';
import { answerRange } from '../shared/export/answer';
import { allDates, describeGaps, findGaps, type GapsFound, gapReasons, gapStretches } from '../shared/export/gaps';
import { isExported } from '../shared/export/outcome';
import { MAX_DATES_BY_CLI, parseRequest } from '../shared/export/request';
import { formatStretch } from '../shared/metrics/stretches';
import { formatCount, formatMany } from '../shared/platform/counts';
import { Failure } from '../shared/platform/failure';
import { options } from './options';
import { EXIT, writeJson } from './outcome';
import { createCliRun } from './run';
import { concludeRun, runDates } from './run-dates';
import { openSettler } from './settler';
import { fit } from './terminal';
import { retyped } from './typed';

interface GapsFlags {
  from?: string;
  to?: string;
  fix?: boolean;
  allowFall?: boolean;
  rebind?: boolean;
  source?: string;
  warehouse?: string;
  timeZone?: string;
  json?: boolean;
}

export function gapsCommand(): Command {
  return new Command('gaps')
    .description(
      'List the dates without a whole and final report: rows are missing, are of several runs, or were made before the day was over.',
    )
    .addOption(options.from('first date (default: that of the first report)'))
    .addOption(options.to('last date, included (default: yesterday)'))
    .option('--fix', 'export exactly these dates')
    .addOption(options.allowFall())
    .addOption(options.source())
    .addOption(options.warehouse())
    .addOption(options.timeZone())
    .addOption(options.rebind())
    .addOption(options.json('answer as JSON on standard output, and nothing else there'))
    .addHelpText(
      'after',
      `
Examples:
  $ kpi gaps
  $ kpi gaps --from 2025-01-01 --to 2025-12-31
  $ kpi gaps --fix

Exit codes: 0 no gaps, or all of them fixed, 2 gaps there are, 1 none could be fixed, 64 refused (the line says what was expected), 130 interrupted.`,
    )
    .action(async (flags: GapsFlags) => {
      process.exitCode = await gaps(flags);
    });
}

async function gaps(flags: GapsFlags): Promise<number> {
  const settled = await openSettler(flags, flags.fix ? 'export' : 'read').settle();
  const found = await search(flags, settled, new Date());
  const dates = found.gaps.map(({ reportDate }) => reportDate);
  if (!flags.json) show(found, holdsDemo(settled.config));
  if (!flags.fix || dates.length === 0) {
    if (flags.json) writeJson({ success: dates.length === 0, ...found });
    else if (dates.length > 0) process.stdout.write(`Export ${dates.length === 1 ? 'it' : 'them'}: ${retyped(['--fix'])}\n`);
    return dates.length === 0 ? EXIT.done : EXIT.partial;
  }
  if (dates.length > MAX_DATES_BY_CLI)
    throw new Failure(
      'BAD_REQUEST',
      `expected at most ${formatCount(MAX_DATES_BY_CLI)} gaps to fix at once, got ${formatCount(dates.length)}; narrow them with --from and --to`,
    );
  const run = await runDates(dates, {
    ...settled,
    requestId: randomUUID(),
    startedAt: new Date(),
    allowFall: flags.allowFall ?? false,
  });
  if (flags.json) writeJson({ ...found, ...answerRange(run.reports, { dryRun: false }) });
  else
    process.stdout.write(
      `Exported ${formatCount(run.reports.filter(isExported).length)} of ${formatMany(dates.length, 'date')}\n`,
    );
  return concludeRun(run);
}

async function search({ from, to = 'yesterday' }: GapsFlags, { config, openEngine }: Settled, now: Date): Promise<GapsFound> {
  const { timeZone } = config;
  const context = { timeZone, askedAt: now, now, maxDates: Number.POSITIVE_INFINITY };
  const request = parseRequest({ from: from ?? to, to }, context);
  const engine = await openEngine('read');
  try {
    const wanted = { ...allDates(timeZone, now), to: request.to, ...(from !== undefined && { from: request.from }) };
    return await findGaps(engine, wanted, createCliRun(config));
  } finally {
    await engine.close();
  }
}

function show(found: GapsFound, isDemo: boolean): void {
  for (const stretch of gapStretches(found.gaps)) say(`${formatStretch(stretch)}  ${gapReasons[stretch.shared]}`);
  const advice = found.from === null ? '; name the dates that you expect with --from' : '';
  say(`${describeGaps(found)}${isDemo ? ' (demo data)' : ''}${advice}`);
}

function say(line: string): void {
  process.stdout.write(`${fit(line)}\n`);
}
