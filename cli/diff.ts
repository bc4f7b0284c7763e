import { Command } from 'commander';
import { holdsDemo, nameSource } from '../shared/engines/identity';
import { datesOfRequest, MAX_DATES_BY_CLI, parseRequest } from '../shared/export/request';
import { formatStretch, stretchesOf } from '../shared/metrics/stretches';
import {
  type ColumnDifferences,
  comparePublished,
  countDifferences,
  type Differences,
  type RowKey,
  type TableDifferences,
  type ValueDifference,
} from '../shared/operate/diff';
import type { Config } from '../shared/platform/config';
import { formatCount, formatMany } from '../shared/platform/counts';
import { Failure } from '../shared/platform/failure';
import { printable } from '../shared/platform/printable';
import { listenToCtrlC } from './ctrl-c';
import { NONE } from './figures';
import { renderGrid } from './grid';
import { datesOf, options } from './options';
import { EXIT, writeJson } from './outcome';
import { renderTableName } from './render';
import { createCliRun } from './run';
import { openSettler } from './settler';
import { fit } from './terminal';
import { nameWarehouse } from './typed';

interface DiffFlags {
  date?: string;
  from?: string;
  to?: string;
  source?: string;
  warehouse?: string;
  timeZone?: string;
  json?: boolean;
}

/** Most values of a table to list. */
const LISTED_VALUES = 10;
/** Most ranges of dates to list. */
const LISTED_DATES = 10;

export function diffCommand(): Command {
  return new Command('diff')
    .description(
      'Count reports with this program, these settings and this source, and compare them with the published ones. Writes nothing.',
    )
    .addOption(options.date('date of the report: YYYY-MM-DD, today or yesterday'))
    .addOption(options.from())
    .addOption(options.to())
    .addOption(options.source())
    .addOption(options.warehouse())
    .addOption(options.timeZone())
    .addOption(options.json('answer as JSON on standard output, and nothing else there'))
    .addHelpText(
      'after',
      `
Examples:
  $ kpi diff --from 2025-12-01 --to 2025-12-23
    before a new version is deployed, or after a definition was changed
  $ kpi diff --from 2025-12-01 --to 2025-12-23 --source ./moved
    another source than the one of the warehouse is allowed: nothing is written
  $ kpi diff --date 2025-12-23 --json | jq '.tables[].columns[].column'

Exit codes: 0 nothing differs, 2 something does, 1 not compared, 64 refused (the line says what was expected), 130 interrupted.`,
    )
    .action(async (flags: DiffFlags) => {
      process.exitCode = await diff(flags);
    });
}

async function diff(flags: DiffFlags): Promise<number> {
  if (flags.date === undefined && flags.from === undefined && flags.to === undefined)
    throw new Failure('BAD_REQUEST', 'expected --from and --to, or --date: the reports to compare');
  const settled = await openSettler(flags, 'compare').settle();
  const { config } = settled;
  const startedAt = new Date();
  const context = { timeZone: config.timeZone, askedAt: startedAt, now: startedAt, maxDates: MAX_DATES_BY_CLI };
  const request = parseRequest(datesOf(flags), context);
  const { stop, end } = listenToCtrlC(() => {});
  try {
    const run = createCliRun(config, stop);
    const found = await comparePublished(datesOfRequest(request), { ...settled, run, startedAt });
    const differences = countDifferences(found);
    if (flags.json) writeJson(answer(request, found, differences));
    else show(found, differences, config);
    return differences === 0 ? EXIT.done : EXIT.partial;
  } catch (thrown) {
    if (stop.aborted) process.exitCode = EXIT.interrupted;
    throw thrown;
  } finally {
    end();
  }
}

function answer({ from, to }: { from: string; to: string }, found: Differences, differences: number): object {
  const { reports, missing, refused, provisional, tables } = found;
  const why = (failure: Failure | null) => (failure === null ? {} : { error: failure.message, code: failure.code });
  return {
    success: differences === 0,
    from,
    to,
    reports,
    provisional,
    differences,
    missing: missing.map(({ date, isPublished, failure }) => ({ date, published: isPublished, ...why(failure) })),
    refused: refused.map(({ date, failure }) => ({ date, ...why(failure) })),
    tables,
  };
}

function show(found: Differences, differences: number, config: Config): void {
  for (const table of found.tables) if (hasDifferences(table)) process.stdout.write(`${renderTable(table)}\n\n`);
  for (const line of [...describeDates(found), summarize(found, differences, config)]) process.stdout.write(`${fit(line)}\n`);
}

function hasDifferences({ rows, columns }: TableDifferences): boolean {
  return columns.length > 0 || rows.onlyPublished + rows.onlyCounted > 0;
}

/** A line per column that differs, then the first differing values and rows, earliest dates first. */
function renderTable({ table, rows, columns }: TableDifferences): string {
  const lines = [renderTableName(table)];
  if (columns.length > 0) {
    const heads = ['Column', 'Differ', 'Of', 'At most by'];
    const cells = columns.map(({ column, differing, values, most }) => [
      column,
      formatCount(differing),
      formatCount(values),
      most === null ? NONE : formatValue(most),
    ]);
    const grid = heads.map((head, place) => ({
      head,
      align: place === 0 ? ('left' as const) : ('right' as const),
      cells: cells.map((row) => row[place] ?? ''),
    }));
    lines.push(renderGrid(grid).text, ...listValues(columns));
  }
  const lonely = [
    [rows.onlyPublished, 'published and not counted'],
    [rows.onlyCounted, 'counted and not published'],
  ] as const;
  for (const [count, which] of lonely) if (count > 0) lines.push(`${formatMany(count, 'row')} ${which}`);
  lines.push(...rows.first.map((row) => `${nameRow(row)}  only ${row.only}`));
  return lines.map((line) => (line.includes('\n') ? line : fit(line))).join('\n');
}

/** Lines with date, period or cohort, column, published value and counted value. */
function listValues(columns: readonly ColumnDifferences[]): string[] {
  const all = columns.flatMap(({ column, first }) => first.map((one) => ({ column, ...one })));
  const listed = all.toSorted(byRow).slice(0, LISTED_VALUES);
  const differing = columns.reduce((sum, column) => sum + column.differing, 0);
  const width = Math.max(...listed.map(({ column }) => column.length));
  const unlisted = differing - listed.length;
  return [
    ...listed.map(
      (one) => `${nameRow(one)}  ${one.column.padEnd(width)}  ${formatValue(one.published)} → ${formatValue(one.counted)}`,
    ),
    ...(unlisted > 0 ? [`… and ${formatCount(unlisted)} more; --json has the first ten of each column`] : []),
  ];
}

/** Within a report the newest period first, as in the tables. */
function byRow(one: ValueDifference, other: ValueDifference): number {
  const [first, second] = [one, other].map(({ cohort, period }) => cohort ?? period);
  return one.date.localeCompare(other.date) || (second ?? '').localeCompare(first ?? '') || (one.age ?? 0) - (other.age ?? 0);
}

function nameRow({ date, period, cohort, age }: RowKey): string {
  return `${date}  ${cohort === undefined ? period : `${cohort} age ${age}`}`;
}

/** Numbers with ten digits. A warehouse may change later digits. */
function formatValue(value: ValueDifference['published']): string {
  if (value === null) return NONE;
  return typeof value === 'number' ? String(Number(value.toPrecision(10))) : printable(String(value), 40);
}

function describeDates({ missing, refused, provisional }: Differences): string[] {
  const sides = [
    ...missing.map(({ date, isPublished, failure }): [string, string] => [
      date,
      `${isPublished ? 'published and not counted' : 'not published'}${failure === null ? '' : `: ${failure.message} (${failure.code})`}`,
    ]),
    ...refused.map(({ date, failure }): [string, string] => [
      date,
      `an export would be refused: ${failure.message} (${failure.code})`,
    ]),
  ];
  const lines = stretchesOf(sides).map((stretch) => `${formatStretch(stretch)}  ${stretch.shared}`);
  const unlisted = lines.length - LISTED_DATES;
  return [
    ...lines.slice(0, LISTED_DATES),
    ...(unlisted > 0 ? [`… and ${formatCount(unlisted)} more; --json has all dates`] : []),
    ...(provisional > 0
      ? [
          `${formatMany(provisional, 'report was', 'reports were')} published before the date was over: figures of that day were to change`,
        ]
      : []),
  ];
}

function summarize({ reports, tables }: Differences, differences: number, config: Config): string {
  const rows = tables.reduce((sum, table) => sum + table.rows.compared, 0);
  const compared = `${formatMany(rows, 'row')} of ${formatMany(reports, 'report')} in ${nameWarehouse(config)}`;
  const source = holdsDemo(config) ? 'demo data' : (nameSource(config) ?? '');
  const verdict = differences === 0 ? 'nothing differs' : formatMany(differences, 'difference');
  return `Compared ${compared} with ${source}: ${verdict}. Nothing written.`;
}
