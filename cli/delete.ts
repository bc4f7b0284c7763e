import { Command } from 'commander';
import type { ReportState, Run, TableOutcome } from '../shared/engines/engine';
import type { OpenEngine } from '../shared/engines/open';
import { judgeFailures } from '../shared/export/outcome';
import { type ExportRequest, MAX_DATES_BY_CLI, parseRequest } from '../shared/export/request';
import { datesBetween } from '../shared/metrics/calendar';
import { formatStretch, stretchesOf } from '../shared/metrics/stretches';
import { publishedTableNames } from '../shared/metrics/tables';
import type { Config } from '../shared/platform/config';
import { formatCount, formatMany } from '../shared/platform/counts';
import { Failure } from '../shared/platform/failure';
import { askLine, canAsk } from './ask';
import { datesOf, options } from './options';
import { complain, EXIT, exitCode, writeJson } from './outcome';
import { createCliRun } from './run';
import { openSettler } from './settler';
import { fit, terminalWidth } from './terminal';
import { nameWarehouse } from './typed';

interface DeleteFlags {
  date?: string;
  from?: string;
  to?: string;
  yes?: boolean;
  warehouse?: string;
  timeZone?: string;
  json?: boolean;
}

/** Most ranges of dates without a report to list. */
const LISTED_STRETCHES = 10;

export function deleteCommand(): Command {
  return new Command('delete')
    .description(
      'Delete reports from all tables of the warehouse, after showing them and asking. Released periods and run records stay.',
    )
    .addOption(options.date('date of the report'))
    .addOption(options.from())
    .addOption(options.to())
    .option('--yes', "don't ask; for scripts")
    .addOption(options.warehouse())
    .addOption(options.timeZone())
    .addOption(options.json('answer as JSON on standard output, and nothing else there'))
    .addHelpText(
      'after',
      `
Examples:
  $ kpi delete --date 2025-12-23
  $ kpi delete --from 2025-12-01 --to 2025-12-23 --yes
  $ kpi delete --date 2025-12-23 --yes --json | jq .summary

Exit codes: 0 deleted, or nothing was there, 2 some tables failed, 1 all failed, 64 refused or not confirmed, 130 interrupted.`,
    )
    .action(async (flags: DeleteFlags) => {
      process.exitCode = await deleteReports(flags);
    });
}

async function deleteReports(flags: DeleteFlags): Promise<number> {
  const now = new Date();
  if (Object.keys(datesOf(flags)).length === 0) throw new Failure('BAD_REQUEST', 'expected --date, or --from and --to');
  const { config, openEngine } = await openSettler(flags, 'read').settle();
  const { timeZone } = config;
  const request = parseRequest(datesOf(flags), { timeZone, askedAt: now, now, maxDates: MAX_DATES_BY_CLI });
  const interruption = new AbortController();
  const interrupt = () => interruption.abort();
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  try {
    const run = createCliRun(config, interruption.signal);
    const found = await look(request, openEngine, run);
    if (!flags.yes || !flags.json) show(found, config, flags.json ? process.stderr : process.stdout);
    if (found.dates.length > 0 && !flags.yes) await confirm(found, interrupt);
    const outcomes = found.dates.length === 0 ? [] : await carryOut(request, openEngine, run);
    const failures = outcomes.flatMap(({ failure }) => failure ?? []);
    const verdict = judgeFailures(failures, { nothingDone: failures.length === outcomes.length });
    if (flags.json) writeJson(answer(found, outcomes));
    else if (found.dates.length > 0)
      process.stdout.write(`Deleted ${formatMany(rowsIn(outcomes), 'row')}; the release is as it was\n`);
    if (verdict.result === 'all') return EXIT.done;
    complain(verdict.failure);
    return interruption.signal.aborted ? EXIT.interrupted : exitCode(verdict);
  } catch (thrown) {
    if (interruption.signal.aborted) process.exitCode = EXIT.interrupted;
    throw thrown;
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
}

interface Found {
  request: ExportRequest;
  states: ReportState[];
  /** Dates of which any table has rows. */
  dates: string[];
  missing: string[];
}

/** Closes the warehouse before the question, because the answer can take long. */
async function look(request: ExportRequest, openEngine: OpenEngine, run: Run): Promise<Found> {
  const engine = await openEngine('read', run);
  const states = await engine.readReportStates(request.from, request.to, run.signal).finally(() => engine.close());
  const dates = [...new Set(states.map(({ reportDate }) => reportDate))].sort();
  return { request, states, dates, missing: datesBetween(request.from, request.to).filter((date) => !dates.includes(date)) };
}

async function carryOut({ from, to }: ExportRequest, openEngine: OpenEngine, run: Run): Promise<TableOutcome[]> {
  const engine = await openEngine('write', run);
  const outcomes = await engine.deleteReports(from, to, run).finally(() => engine.close());
  run.log.info('reports deleted', { from, to, rows: rowsIn(outcomes) });
  return outcomes;
}

function show({ request: { from, to }, states, dates, missing }: Found, config: Config, output: NodeJS.WriteStream): void {
  const say = (line: string) => output.write(`${fit(line, terminalWidth(output))}\n`);
  const place = nameWarehouse(config);
  if (dates.length === 0) {
    say(`Nothing to delete: no report of ${formatStretch({ first: from, last: to })} in ${place}`);
    return;
  }
  say(
    dates.length === 1
      ? `The report of ${dates[0]} in ${place}:`
      : `${formatCount(dates.length)} reports, ${dates[0]} to ${dates.at(-1)}, in ${place}:`,
  );
  const tables = publishedTableNames.filter((name) => states.some(({ table }) => table === name));
  const longest = Math.max(...tables.map(({ length }) => length));
  for (const table of tables)
    say(`  ${table.padEnd(longest)}  ${formatMany(rowsIn(states.filter((state) => state.table === table)), 'row')}`);
  const stretches = stretchesOf(missing.map((date) => [date, null] as const));
  const listed = stretches.slice(0, LISTED_STRETCHES).map(formatStretch);
  const unlisted =
    stretches.length > listed.length ? [formatMany(stretches.length - listed.length, 'more stretch', 'more stretches')] : [];
  if (missing.length > 0) say(`  no report of ${[...listed, ...unlisted].join(', ')}`);
}

/** Throws unless the person at the terminal answers yes. */
async function confirm({ dates }: Found, interrupt: () => void): Promise<void> {
  const what = dates.length === 1 ? 'this report' : `these ${formatCount(dates.length)} reports`;
  if (!canAsk())
    throw new Failure('BAD_REQUEST', `nothing is deleted: expected --yes, as there is no terminal to ask on about ${what}`);
  const said = await askLine(`Delete ${what}? [y/N] `, interrupt);
  if (!/^\s*y(es)?\s*$/i.test(said ?? '')) throw new Failure('BAD_REQUEST', 'nothing is deleted: the answer was not yes');
}

function answer({ dates, missing }: Found, outcomes: readonly TableOutcome[]): object {
  const results = outcomes.map(({ table, rows, failure }) => ({
    table,
    rowsDeleted: rows,
    success: failure === undefined,
    ...(failure && { error: failure.message, code: failure.code }),
  }));
  return {
    success: results.every(({ success }) => success),
    reportDates: dates,
    withoutReport: missing,
    results,
    summary: { tablesUpdated: results.filter(({ success }) => success).length, totalRowsDeleted: rowsIn(outcomes) },
  };
}

function rowsIn(counted: readonly { rows: number }[]): number {
  return counted.reduce((total, { rows }) => total + rows, 0);
}
