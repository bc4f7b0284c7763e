import { randomUUID } from 'node:crypto';
import { Command } from 'commander';
import { holdsDemo } from '../shared/engines/identity';
import { answer } from '../shared/export/answer';
import { isExported, type ReportOutcome } from '../shared/export/outcome';
import { datesOfRequest, MAX_DATES_BY_CLI, parseRequest } from '../shared/export/request';
import { rangeRequestId } from '../shared/export/resume';
import { formatStretch, stretchesOf } from '../shared/metrics/stretches';
import type { Config } from '../shared/platform/config';
import { formatCount, formatMany } from '../shared/platform/counts';
import { Failure } from '../shared/platform/failure';
import { datesOf, options } from './options';
import { writeJson } from './outcome';
import { renderPrice } from './render';
import { renderDay } from './render-day';
import { concludeRun, type DatesRun, runDates } from './run-dates';
import { openSettler } from './settler';
import { fitTerminal, renderNext } from './terminal';
import { commandName, flagsFor, nameWarehouse, retyped } from './typed';

interface ExportFlags {
  date?: string;
  from?: string;
  to?: string;
  source?: string;
  warehouse?: string;
  timeZone?: string;
  allowStale?: boolean;
  allowFall?: boolean;
  dryRun?: boolean;
  resume?: boolean;
  wide?: boolean;
  rebind?: boolean;
  json?: boolean;
}

/** Most failures to list. The log has all. */
const LISTED_FAILURES = 10;

export function exportCommand(): Command {
  return new Command('export')
    .description('Compute the report of a date, or of each date of a range, and write it to the warehouse.')
    .addOption(options.date('date of the report: YYYY-MM-DD, today or yesterday (default: today in the report time zone)'))
    .addOption(options.from())
    .addOption(options.to())
    .addOption(options.source())
    .addOption(options.warehouse())
    .addOption(options.timeZone())
    .option('--allow-stale', 'publish today and yesterday even if the source is late')
    .addOption(options.allowFall())
    .option('--dry-run', 'compute and show, write nothing')
    .option('--resume', 'skip dates of a range whose final report an earlier run of it has exported')
    .option('--wide', 'show the four tables instead of a summary, one line per row of any width')
    .addOption(options.rebind())
    .addOption(options.json('answer as JSON on standard output, and nothing else there'))
    .addHelpText(
      'after',
      `
Examples:
  $ kpi export --date 2025-12-23
  $ kpi export --source ./data --warehouse kpi.duckdb --time-zone Europe/Berlin
  $ kpi export --from 2025-12-01 --to 2025-12-23
  $ kpi export --from 2024-01-01 --to 2025-12-31 --resume
  $ kpi export --date yesterday --dry-run
  $ kpi export --date 2025-12-23 --json | jq .summary

Exit codes: 0 all written, 2 some dates or tables failed, 1 nothing written, 64 refused (the line says what was expected), 130 interrupted.`,
    )
    .action(async (flags: ExportFlags) => {
      process.exitCode = await runExportCommand(flags);
    });
}

async function runExportCommand(flags: ExportFlags): Promise<number> {
  const settled = await openSettler(flags, 'export').settle();
  const { config } = settled;
  const startedAt = new Date();
  const { allowStale = false, allowFall = false, dryRun = false, resume = false, wide = false } = flags;
  const request = parseRequest(datesOf(flags), {
    timeZone: config.timeZone,
    askedAt: startedAt,
    now: startedAt,
    maxDates: MAX_DATES_BY_CLI,
  });
  if (resume && (request.shape === 'date' || dryRun))
    throw new Failure('BAD_REQUEST', 'expected --resume with --from and --to, and without --dry-run');

  const requestId = request.shape === 'range' ? rangeRequestId(request, config) : randomUUID();
  const run = await runDates(datesOfRequest(request), {
    ...settled,
    requestId,
    startedAt,
    allowStale,
    allowFall,
    dryRun,
    resume,
  });
  if (flags.json) writeJson(answer(request, run.reports, { dryRun }));
  else show(run, { config, dryRun, wide });
  if (run.price !== null) (flags.json ? process.stderr : process.stdout).write(`${renderPrice(run.price)}\n`);
  return concludeRun(run);
}

interface Shown {
  config: Config;
  dryRun: boolean;
  wide: boolean;
}

/** Prints the report of the last date, the failures, the result of all dates, and next steps. */
function show({ reports, lastReport, interrupted }: DatesRun, { config, dryRun, wide }: Shown): void {
  const say = (text: string) => process.stdout.write(`${text}\n`);
  const report = interrupted ? null : lastReport;
  if (report !== null) say(`${renderDay(report.reportDate, report.rows, config, { wide })}\n`);
  for (const line of summarize(reports, { config, dryRun, interrupted }).split('\n')) say(fitTerminal(line, process.stdout));
  if (report !== null && !dryRun)
    say(
      `\n${renderNext([
        [`${commandName()} dashboard${flagsFor('dashboard')}`, 'makes the page that shows all reports'],
        [`${commandName()} show --table NAME${flagsFor('show')}`, 'one table in full, also as --csv'],
      ])}`,
    );
}

function summarize(
  reports: readonly ReportOutcome[],
  { config, dryRun, interrupted }: { config: Config; dryRun: boolean; interrupted: boolean },
): string {
  const warehouse = nameWarehouse(config);
  const [first] = reports;
  if (first === undefined) return 'Nothing left to do: earlier runs of this range have exported all of its dates';
  if (reports.every(({ tables }) => tables.length === 0))
    return `Nothing left to export; the release of ${formatMany(reports.length, 'date')} was tried again`;
  const last = reports.at(-1) ?? first;
  const dates =
    reports.length === 1 ? first.reportDate : `${formatMany(reports.length, 'date')}, ${first.reportDate} to ${last.reportDate}`;
  if (dryRun) return `Dry run of ${dates}: nothing written.`;
  const written = reports.filter(isExported);
  if (interrupted && written.length < reports.length)
    return `Stopped: ${formatCount(written.length)} of ${dates} ${written.length === 1 ? 'is' : 'are'} in ${warehouse}\nContinue with: ${retyped(['--resume'])}`;
  const failures = reports.flatMap(({ reportDate, tables }) =>
    tables.flatMap(({ failure }) => (failure === undefined ? [] : [[reportDate, failure] as const])).slice(0, 1),
  );
  // many dates can share one failure
  const failed = stretchesOf(failures).map(
    (stretch) => `${formatStretch(stretch)}  ${stretch.shared.message} (${stretch.shared.code})`,
  );
  const listed = reports.length === 1 ? [] : failed.slice(0, LISTED_FAILURES);
  const unlisted =
    failed.length > listed.length && listed.length > 0 ? [`… and ${formatCount(failed.length - listed.length)} more`] : [];
  const rows = reports.flatMap(({ tables }) => tables).reduce((total, table) => total + table.rows, 0);
  const what = failed.length === 0 ? dates : `${formatCount(written.length)} of ${dates}`;
  const released = reports.flatMap(({ release }) => (release?.state === 'released' ? release.period : []));
  return [
    ...listed,
    ...unlisted,
    ...(released.length === 0 ? [] : [`Released ${formatMany(released.length, config.release.grain)}`]),
    `Wrote ${formatMany(rows, 'row')} of ${what}${holdsDemo(config) ? ' (demo data)' : ''} to ${warehouse}`,
  ].join('\n');
}
