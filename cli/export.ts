import { randomUUID } from 'node:crypto';
import { Command } from 'commander';
import { answer } from '../shared/answer';
import { addDays, type CalendarDate } from '../shared/calendar';
import { type Config, parseConfig, requireSource } from '../shared/config';
import { Failure } from '../shared/failure';
import { isExported, type ReportOutcome } from '../shared/outcome';
import { datesOfRequest, MAX_DATES_BY_CLI, parseRequest } from '../shared/request';
import { rangeRequestId } from '../shared/resume';
import { reportTableNames } from '../shared/tables';
import { describeUnknownKinds } from '../shared/unknown-kinds';
import { datesOf, options } from './options';
import { writeJson } from './outcome';
import { renderPrice, renderReport } from './render';
import { concludeRun, type DatesRun, runDates } from './run-dates';

interface ExportFlags {
  date?: string;
  from?: string;
  to?: string;
  source?: string;
  warehouse?: string;
  timeZone?: string;
  allowStale?: boolean;
  dryRun?: boolean;
  resume?: boolean;
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
    .option('--dry-run', 'compute and show, write nothing')
    .option('--resume', 'of a range, leave out the dates that earlier runs of it have exported for good')
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
  const config = requireSource(parseConfig(process.env, flags));
  const startedAt = new Date();
  const { allowStale = false, dryRun = false, resume = false } = flags;
  const request = parseRequest(datesOf(flags), {
    timeZone: config.timeZone,
    askedAt: startedAt,
    now: startedAt,
    maxDates: MAX_DATES_BY_CLI,
  });
  if (resume && (request.shape === 'date' || dryRun))
    throw new Failure('BAD_REQUEST', 'expected --resume with --from and --to, and without --dry-run');

  const requestId = request.shape === 'range' ? rangeRequestId(request, config) : randomUUID();
  const run = await runDates(datesOfRequest(request), { config, requestId, startedAt, allowStale, dryRun, resume });
  if (flags.json) writeJson(answer(request, run.reports, { dryRun }));
  else show(run, { dryRun, warehouse: nameWarehouse(config) });
  if (run.price !== null) (flags.json ? process.stderr : process.stdout).write(`${renderPrice(run.price)}\n`);
  return concludeRun(run);
}

function nameWarehouse({ warehouse }: Config): string {
  return warehouse.engine === 'duckdb' ? warehouse.warehouse : `${warehouse.project}.${warehouse.dataset}`;
}

/** The report of the last date in full, what failed, and what became of all of them. */
function show({ reports, lastReport }: DatesRun, { dryRun, warehouse }: { dryRun: boolean; warehouse: string }): void {
  if (lastReport !== null)
    for (const table of reportTableNames) process.stdout.write(`${renderReport(table, lastReport.rows[table])}\n\n`);
  const unknown = describeUnknownKinds(lastReport?.rows.daily_errors ?? []);
  if (unknown !== null) process.stdout.write(`${unknown}\n\n`);
  process.stdout.write(summarize(reports, { dryRun, warehouse }));
}

function summarize(reports: readonly ReportOutcome[], { dryRun, warehouse }: { dryRun: boolean; warehouse: string }): string {
  const [first] = reports;
  if (first === undefined) return 'Nothing left to do: earlier runs of this range have exported all of its dates\n';
  const dates =
    reports.length === 1 ? first.reportDate : `${reports.length} dates, ${first.reportDate} to ${reports.at(-1)?.reportDate}`;
  if (dryRun) return `Dry run of ${dates}: nothing written.\n`;
  const failed = failuresOf(reports).map(
    ({ first, last, failure }) => `${first}${first === last ? '' : ` to ${last}`}  ${failure.message} (${failure.code})\n`,
  );
  const listed = reports.length === 1 ? [] : failed.slice(0, LISTED_FAILURES);
  const unlisted = failed.length > listed.length && listed.length > 0 ? `… and ${failed.length - listed.length} more\n` : '';
  const rows = reports.flatMap(({ tables }) => tables).reduce((total, table) => total + table.rows, 0);
  const written = failed.length === 0 ? dates : `${reports.filter(isExported).length} of ${dates}`;
  return `${listed.join('')}${unlisted}Wrote ${rows} rows of ${written} to ${warehouse}\n`;
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
