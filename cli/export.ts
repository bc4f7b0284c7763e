import { randomUUID } from 'node:crypto';
import { Command } from 'commander';
import { answer } from '../shared/answer';
import { type Config, parseConfig, requireSource } from '../shared/config';
import { createRun } from '../shared/engine';
import { createOpener } from '../shared/open-engine';
import { judge, type ReportOutcome } from '../shared/outcome';
import { MAX_DATES_BY_CLI, parseRequest } from '../shared/request';
import { runRequest } from '../shared/run-request';
import { reportTableNames } from '../shared/tables';
import { openCliLog } from './log';
import { datesOf, options } from './options';
import { complain, EXIT, exitCode, writeJson } from './outcome';
import { renderPrices, renderReport } from './render';

interface ExportFlags {
  date?: string;
  from?: string;
  to?: string;
  source?: string;
  warehouse?: string;
  timeZone?: string;
  allowStale?: boolean;
  dryRun?: boolean;
  json?: boolean;
}

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
    .addOption(options.json('answer as JSON on standard output, and nothing else there'))
    .addHelpText(
      'after',
      `
Examples:
  $ kpi export --date 2025-12-23
  $ kpi export --from 2025-12-01 --to 2025-12-23 --source ./data --warehouse kpi.duckdb --time-zone Europe/Berlin
  $ kpi export --date yesterday --dry-run
  $ kpi export --date 2025-12-23 --json | jq .summary

Exit codes: 0 all written, 2 some dates or tables failed, 1 nothing written, 64 refused (the line says what was expected), 130 interrupted.`,
    )
    .action(async (flags: ExportFlags) => {
      process.exitCode = await runExportCommand(flags);
    });
}

/** Ctrl-C ends the run before anything more is written. */
async function runExportCommand(flags: ExportFlags): Promise<number> {
  const interruption = new AbortController();
  const interrupt = () => interruption.abort();
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  try {
    return await runAndAnswer(flags, interruption.signal);
  } catch (thrown) {
    if (interruption.signal.aborted) process.exitCode = EXIT.interrupted;
    throw thrown;
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
}

async function runAndAnswer(flags: ExportFlags, signal: AbortSignal): Promise<number> {
  const config = requireSource(parseConfig(process.env, flags));
  const now = () => new Date();
  const startedAt = now();
  const dryRun = flags.dryRun ?? false;
  const request = parseRequest(datesOf(flags), {
    timeZone: config.timeZone,
    askedAt: startedAt,
    now: startedAt,
    maxDates: MAX_DATES_BY_CLI,
  });

  const run = createRun({ requestId: randomUUID(), trigger: 'cli', signal, log: openCliLog(config) });
  const openEngine = createOpener(config, now);
  const gate = { ...config, allowStale: flags.allowStale };
  const { reports, prices } = await runRequest(request, {
    timeZone: config.timeZone,
    gate,
    openEngine,
    run,
    startedAt,
    now,
    dryRun,
  });
  if (flags.json) writeJson(answer(request, reports, { dryRun }));
  else show(reports, { dryRun, warehouse: nameWarehouse(config) });
  if (prices.length > 0) (flags.json ? process.stderr : process.stdout).write(`${renderPrices(prices)}\n`);
  const verdict = judge(reports);
  if (verdict.result !== 'all') complain(verdict.failure);
  return signal.aborted && verdict.result !== 'all' ? EXIT.interrupted : exitCode(verdict);
}

function nameWarehouse({ warehouse }: Config): string {
  return warehouse.engine === 'duckdb' ? warehouse.warehouse : `${warehouse.project}.${warehouse.dataset}`;
}

/** The report of the last date in full, and what became of all of them. */
function show(outcomes: readonly ReportOutcome[], { dryRun, warehouse }: { dryRun: boolean; warehouse: string }): void {
  const last = outcomes.findLast((outcome) => outcome.report !== null);
  if (last?.report)
    for (const table of reportTableNames) process.stdout.write(`${renderReport(table, last.report.rows[table])}\n\n`);
  const written = outcomes.filter((outcome) => outcome.tables.every(({ failure }) => failure === undefined));
  const dates =
    outcomes.length === 1
      ? outcomes[0]?.reportDate
      : `${outcomes.length} dates, ${outcomes[0]?.reportDate} to ${outcomes.at(-1)?.reportDate}`;
  const rows = outcomes.flatMap(({ tables }) => tables).reduce((total, table) => total + table.rows, 0);
  process.stdout.write(
    dryRun
      ? `Dry run of ${dates}: nothing written.\n`
      : `Wrote ${rows} rows of ${written.length === outcomes.length ? dates : `${written.length} of ${dates}`} to ${warehouse}\n`,
  );
}
