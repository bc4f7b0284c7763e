import { randomUUID } from 'node:crypto';
import { Command } from 'commander';
import { answer } from '../shared/answer';
import { addDays, type CalendarDate } from '../shared/calendar';
import type { Config } from '../shared/config';
import { Failure } from '../shared/failure';
import { isExported, type ReportOutcome } from '../shared/outcome';
import type { Report } from '../shared/report';
import { datesOfRequest, MAX_DATES_BY_CLI, parseRequest } from '../shared/request';
import { rangeRequestId } from '../shared/resume';
import { reportTableNames } from '../shared/tables';
import { describeUnknownKinds } from '../shared/unknown-kinds';
import { holdsDemo } from '../shared/warehouse-identity';
import { formatCount, formatMany } from './figures';
import { datesOf, options } from './options';
import { writeJson } from './outcome';
import { renderPrice, renderReport, renderTitle } from './render';
import { concludeRun, type DatesRun, runDates } from './run-dates';
import { openSettler } from './settler';
import { renderSummary, summaryOf } from './summary';
import { terminalWidth, wrap } from './terminal';
import { commandName, nearPath, retyped } from './typed';

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

/** A backfill may fail everywhere; the log has all of it. */
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
    .option('--allow-stale', 'publish today and yesterday also where the source is late')
    .addOption(options.allowFall())
    .option('--dry-run', 'compute and show, write nothing')
    .option('--resume', 'of a range, leave out the dates that earlier runs of it have exported for good')
    .option('--wide', 'show all columns of the four tables, however wide')
    .addOption(options.rebind())
    .addOption(options.json('answer as JSON on standard output, and nothing else there'))
    .addHelpText(
      'after',
      `
Examples:
  $ kpi export --date 2025-12-23
  $ kpi export --from 2025-12-01 --to 2025-12-23 --source ./data --warehouse kpi.duckdb --time-zone Europe/Berlin
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

function nameWarehouse({ warehouse }: Config): string {
  return warehouse.engine === 'duckdb' ? nearPath(warehouse.warehouse) : `${warehouse.project}.${warehouse.dataset}`;
}

interface Shown {
  config: Config;
  dryRun: boolean;
  wide: boolean;
}

/** The report of the last date, what failed, what became of all dates, and what to do next. */
function show({ reports, lastReport, interrupted }: DatesRun, shown: Shown): void {
  const { config, dryRun } = shown;
  const say = (text: string) => process.stdout.write(`${text}\n`);
  if (lastReport !== null && !interrupted) say(`${renderDay(lastReport, shown)}\n`);
  const unknown = describeUnknownKinds(lastReport?.rows.daily_errors ?? []);
  if (unknown !== null && !interrupted) say(`${wrap(unknown, terminalWidth())}\n`);
  say(summarize(reports, { config, dryRun, interrupted }));
  if (lastReport !== null && !dryRun && !interrupted)
    say(
      `\nNext: ${commandName()} dashboard             makes the page that shows all reports\n      ${commandName()} show --table NAME     one table in full, also as --csv`,
    );
}

/** A report on one screen, or its four tables in full. */
function renderDay({ reportDate, rows }: Report, { config, wide }: Shown): string {
  const isDemo = holdsDemo(config);
  if (wide) return reportTableNames.map((table) => renderReport(table, rows[table], { isDemo })).join('\n\n');
  const summary = renderSummary(summaryOf(rows, config.timeZone), terminalWidth());
  return `${renderTitle(reportDate, config.timeZone, isDemo)}\n\n${summary}`;
}

interface Told {
  config: Config;
  dryRun: boolean;
  interrupted: boolean;
}

function summarize(reports: readonly ReportOutcome[], { config, dryRun, interrupted }: Told): string {
  const warehouse = nameWarehouse(config);
  const [first] = reports;
  if (first === undefined) return 'Nothing left to do: earlier runs of this range have exported all of its dates';
  const last = reports.at(-1) ?? first;
  const dates =
    reports.length === 1 ? first.reportDate : `${formatMany(reports.length, 'date')}, ${first.reportDate} to ${last.reportDate}`;
  if (dryRun) return `Dry run of ${dates}: nothing written.`;
  const written = reports.filter(isExported);
  if (interrupted)
    return `Stopped: ${formatCount(written.length)} of ${dates} are in ${warehouse}\nGo on with: ${retyped(['--resume'])}`;
  const failed = failuresOf(reports).map(
    ({ first, last, failure }) => `${first}${first === last ? '' : ` to ${last}`}  ${failure.message} (${failure.code})`,
  );
  const listed = reports.length === 1 ? [] : failed.slice(0, LISTED_FAILURES);
  const unlisted =
    failed.length > listed.length && listed.length > 0 ? [`… and ${formatCount(failed.length - listed.length)} more`] : [];
  const rows = reports.flatMap(({ tables }) => tables).reduce((total, table) => total + table.rows, 0);
  const what = failed.length === 0 ? dates : `${formatCount(written.length)} of ${dates}`;
  return [
    ...listed,
    ...unlisted,
    `Wrote ${formatMany(rows, 'row')} of ${what}${holdsDemo(config) ? ' (demo data)' : ''} to ${warehouse}`,
  ].join('\n');
}

/** What failed; dates in a row that one failure stands for are one. */
function failuresOf(reports: readonly ReportOutcome[]) {
  const found: { first: CalendarDate; last: CalendarDate; failure: Failure }[] = [];
  for (const { reportDate, tables } of reports) {
    const failure = tables.find((table) => table.failure !== undefined)?.failure;
    const open = found.at(-1);
    if (failure === undefined) continue;
    if (open?.failure === failure && addDays(open.last, 1) === reportDate) open.last = reportDate;
    else found.push({ first: reportDate, last: reportDate, failure });
  }
  return found;
}
