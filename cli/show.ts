import { join } from 'node:path';
import { Command, Option } from 'commander';
import type { Period } from '../dashboard/data';
import { deriveHistory, metricNames, placeOf, reportMetrics } from '../dashboard/history';
import type { Engine } from '../shared/engines/engine';
import { holdsDemo } from '../shared/engines/identity';
import { reportOf } from '../shared/export/release-periods';
import { MAX_DATES_BY_CLI, parseRequest } from '../shared/export/request';
import { addDays, type CalendarDate, EARLIEST, localDate, PERIODS } from '../shared/metrics/calendar';
import { datesOf as datesOfPeriod, type Grain, periodStart } from '../shared/metrics/grain';
import type { ReportRows } from '../shared/metrics/report';
import {
  type FurtherTable,
  furtherTableNames,
  furtherTables,
  type PublishedTable,
  publishedTableDefinitions,
  publishedTableNames,
  type ReportTable,
  reportTableDefinitions,
  reportTableNames,
  reportTables,
} from '../shared/metrics/tables';
import { releaseDefinitions } from '../shared/metrics/tables/release-tables';
import type { ReleasedRow } from '../shared/metrics/tables/released';
import { newestReport } from '../shared/operate/newest-report';
import type { Config } from '../shared/platform/config';
import { formatMany } from '../shared/platform/counts';
import { renderCsv } from '../shared/platform/csv';
import { Failure } from '../shared/platform/failure';
import { datesOf, options } from './options';
import { NOTHING_RELEASED, nothingThere, writeJson } from './outcome';
import { DEMO_NOTE, renderDays, renderRelease, renderReport, renderTableName } from './render';
import { renderDay } from './render-day';
import { openSettler } from './settler';
import { terminalWidth } from './terminal';
import { nearPath } from './typed';
import { createFileWriter } from './write-file';

interface ShowFlags {
  date?: string;
  from?: string;
  to?: string;
  table?: PublishedTable;
  grain?: Grain;
  wide?: boolean;
  out?: string;
  force?: boolean;
  warehouse?: string;
  timeZone?: string;
  release?: boolean;
  json?: boolean;
  csv?: boolean;
}

export function showCommand(): Command {
  return new Command('show')
    .description('Show a report as it is in the warehouse, or the figures of a range of days.')
    .addOption(options.date('date of the report: YYYY-MM-DD, today or yesterday (default: the newest there is)'))
    .addOption(options.from('first day of a range: each day from its newest report'))
    .addOption(options.to('last day of the range, included'))
    .addOption(new Option('--table <table>', 'one table, in full').choices(publishedTableNames))
    .addOption(
      new Option('--grain <grain>', 'the tables of the week or month that ends on the date (default: the newest there is)')
        .choices(['day', 'week', 'month'])
        .conflicts(['from', 'release', 'table']),
    )
    .option('--wide', 'one line per row with all columns, of any width')
    .addOption(
      new Option('--release', 'what partners see of the released period that holds the date (default: the newest)').conflicts([
        'table',
        'from',
      ]),
    )
    .addOption(options.json('rows as JSON, by table').conflicts('csv'))
    .option('--csv', 'rows as CSV: of one table, or all figures of a day in one row')
    .addOption(
      new Option('--out <folder>', 'with --csv or --json: a file for each table of the report').conflicts(['from', 'release']),
    )
    .option('--force', 'with --out: replace files')
    .addOption(options.warehouse())
    .addOption(options.timeZone())
    .addHelpText(
      'after',
      `
Examples:
  $ kpi show
  $ kpi show --date 2025-12-23 --table daily_errors --csv > errors.csv
  $ kpi show --from 2025-12-01 --to 2025-12-23 --table daily_funnel
  $ kpi show --date 2025-12-23 --csv --out ./report
  $ kpi show --grain week
  $ kpi show --date yesterday --json | jq '.daily_funnel[0]'`,
    )
    .action(show);
}

async function show(flags: ShowFlags): Promise<void> {
  const now = new Date();
  const { config, openEngine } = await openSettler(flags, 'read').settle();
  const context = { timeZone: config.timeZone, askedAt: now, now, maxDates: MAX_DATES_BY_CLI };
  const isDated = flags.date !== undefined || flags.from !== undefined || flags.to !== undefined;
  const request = isDated ? parseRequest(datesOf(flags), context) : null;
  if (flags.out !== undefined && !flags.csv && !flags.json)
    throw new Failure('BAD_REQUEST', 'expected --out with --csv or --json');
  const engine = await openEngine('read');
  // closes the warehouse before printing
  const print = await read(engine, flags, { config, request, today: localDate(now, config.timeZone) }).finally(() =>
    engine.close(),
  );
  print();
}

type TableRows = Partial<Record<PublishedTable, object[]>>;

interface Asked {
  config: Config;
  /** Null: the newest. */
  request: { from: CalendarDate; to: CalendarDate; shape: 'date' | 'range' } | null;
  today: CalendarDate;
}

/** Reads the requested rows. Returns a function that prints them. */
async function read(engine: Engine, flags: ShowFlags, asked: Asked): Promise<() => void> {
  const { config, request, today } = asked;
  if (flags.release) return readReleased(engine, flags, asked);
  const further = furtherAsked(flags);
  if (further !== null) return readFurther(engine, further, flags, asked);
  if (request?.shape === 'range') {
    const { from, to } = request;
    const last = [addDays(to, PERIODS - 1), today].sort()[0] ?? to;
    const { days } = deriveHistory(await engine.readReports(from, last), config.timeZone);
    return () =>
      printDays(
        days.filter(({ date }) => date >= from && date <= to),
        flags,
        asked,
      );
  }
  const date = request?.from ?? (await newestReport(engine, today));
  if (date === null) return () => nothingThere('no report in the warehouse; run: kpi export');
  const rows = await engine.readReports(date, date);
  if (reportTableNames.some((table) => rows[table].length > 0)) return () => printReport(date, rows, flags, config);
  const newest = await newestReport(engine, today);
  const there = newest === null ? 'no report is in the warehouse' : `the newest report in the warehouse is of ${newest}`;
  return () => {
    if (flags.json) writeJson(rows);
    nothingThere(`no report of ${date}; ${there}; run: kpi export --date ${date}`);
  };
}

/** The requested tables besides the core, if any. */
function furtherAsked({ table, grain }: ShowFlags): readonly FurtherTable[] | null {
  if (table !== undefined) return table in reportTables ? null : [table as FurtherTable];
  return grain === undefined || grain === 'day' ? null : furtherTableNames.filter((name) => furtherTables[name].grain === grain);
}

async function readFurther(
  engine: Engine,
  tables: readonly FurtherTable[],
  flags: ShowFlags,
  { config, request, today }: Asked,
): Promise<() => void> {
  if (request?.shape === 'range') throw new Failure('BAD_REQUEST', `expected ${tables[0]} with --date, not with --from and --to`);
  if (flags.csv && tables.length > 1 && flags.out === undefined)
    throw new Failure('BAD_REQUEST', 'expected --csv with --table, or with --out and a folder: the tables have other columns');
  const date = request?.from ?? (await newestReport(engine, today, tables));
  const names = tables.length === 1 ? tables[0] : `tables of ${flags.grain}s`;
  if (date === null) return () => nothingThere(`no ${names} in the warehouse; export a date that ends a week or a month`);
  const rows = await engine.readFurther(tables, date, date);
  const found = tables.filter((table) => (rows[table]?.length ?? 0) > 0);
  if (found.length === 0) {
    const newest = await newestReport(engine, today, tables);
    return () => nothingThere(`no ${names} of ${date}${newest === null ? '' : `; the newest are of ${newest}`}`);
  }
  const options = { isDemo: holdsDemo(config), width: flags.wide ? Number.POSITIVE_INFINITY : terminalWidth() };
  return () =>
    printTables(found, rows, {
      flags,
      config,
      csv: () => found.map((table) => tableCsv(table, rows)).join('\n'),
      text: () => found.map((table) => renderReport(table, rows[table] ?? [], options)).join('\n\n'),
    });
}

function printReport(date: CalendarDate, rows: ReportRows, flags: ShowFlags, config: Config): void {
  const table = flags.table as ReportTable | undefined;
  printTables(table === undefined ? reportTableNames : [table], rows, {
    flags,
    config,
    csv: () => (table === undefined ? joinedCsv(rows) : tableCsv(table, rows)),
    text: () => renderDay(date, rows, config, { table, wide: flags.wide ?? false }),
  });
}

interface Printing {
  flags: ShowFlags;
  config: Config;
  csv: () => string;
  text: () => string;
}

function printTables(tables: readonly PublishedTable[], rows: TableRows, { flags, config, csv, text }: Printing): void {
  if (flags.out !== undefined) writeTables(tables, rows, { ...flags, out: flags.out, config });
  else if (flags.json) writeJson(Object.fromEntries(tables.map((table) => [table, rows[table]])));
  else say(flags.csv ? csv() : text());
}

function printDays(days: readonly Period[], { table: wanted, json, csv, wide }: ShowFlags, { config, request }: Asked): void {
  const table = wanted as ReportTable | undefined;
  const names = table === undefined ? reportMetrics.map(({ name }) => name) : metricNames[table];
  const figures = days.map(({ date, report, provisional, values }) => ({
    date,
    report_date: report,
    provisional,
    ...Object.fromEntries(names.map((name) => [name, values[placeOf.get(name) ?? -1] ?? null])),
  }));
  if (json) writeJson({ days: figures });
  else if (csv) say(renderCsv(figures, ['date', 'report_date', 'provisional', ...names]));
  else if (days.length > 0) {
    const width = wide ? Number.POSITIVE_INFINITY : terminalWidth();
    const title = table === undefined ? '' : `${renderTableName(table)}  `;
    const note = holdsDemo(config) ? `  ${DEMO_NOTE}` : '';
    say(`${title}${asReported(days.length)}${note}\n${renderDays(days, { table, width })}`);
  }
  if (days.length === 0) {
    const { from, to } = request ?? {};
    nothingThere(`no report in the warehouse has a day from ${from} to ${to}; run: kpi export --from ${from} --to ${to}`);
  }
}

function asReported(days: number): string {
  return days === 1 ? '1 day, as its newest report has it' : `${formatMany(days, 'day')}, as their newest reports have them`;
}

function tableCsv(table: PublishedTable, rows: TableRows): string {
  const columns = publishedTableDefinitions[table].columns.map(({ name }) => name);
  return renderCsv<object>(rows[table] ?? [], columns);
}

/** One row per period with the figures of all tables. Only key columns have the same name in several tables. */
function joinedCsv(rows: ReportRows): string {
  const columns = [
    ...new Set(reportTableNames.flatMap((table) => reportTableDefinitions[table].columns.map(({ name }) => name))),
  ];
  const periods = rows.daily_engagement.map((_, index) =>
    Object.assign({}, ...reportTableNames.map((table) => rows[table][index])),
  );
  return renderCsv(periods, [...columns.filter((name) => name !== 'created_at'), 'created_at']);
}

function writeTables(
  tables: readonly PublishedTable[],
  rows: TableRows,
  { out, csv, force = false, config }: ShowFlags & { out: string; config: Config },
): void {
  const files = tables.map((table) => {
    const path = join(out, `${table}.${csv ? 'csv' : 'json'}`);
    const content = csv ? tableCsv(table, rows) : JSON.stringify(rows[table]);
    const write = createFileWriter(path, { flag: '--out', kind: 'a file of this run', isOwn: () => false, force, config });
    return () => write(`${content}\n`);
  });
  for (const write of files) write(); // all paths were checked before the first file is written
  say(`Wrote ${formatMany(files.length, 'file')} to ${nearPath(out)}`);
}

async function readReleased(engine: Engine, flags: ShowFlags, { config, request, today }: Asked): Promise<() => void> {
  const { grain } = config.release;
  const period = request === null ? null : periodStart(request.from, grain);
  const all = await engine.readRelease(grain, period ?? EARLIEST, period ?? today);
  const rows = all.slice(-1);
  return () => printReleased(rows, flags, { isDemo: holdsDemo(config), grain, period, today });
}

function printReleased(
  rows: readonly ReleasedRow[],
  { json, csv }: ShowFlags,
  { isDemo, grain, period, today }: { isDemo: boolean; grain: Grain; period: CalendarDate | null; today: CalendarDate },
): void {
  const [row] = rows;
  const { name, columns } = releaseDefinitions[grain];
  if (json) writeJson({ [name]: rows });
  else if (csv)
    say(
      renderCsv(
        rows,
        columns.map((column) => column.name),
      ),
    );
  else if (row !== undefined) say(renderRelease(row, columns, { isDemo }));
  if (row !== undefined) return;
  if (period === null) {
    nothingThere(NOTHING_RELEASED);
    return;
  }
  const missing = `${datesOfPeriod(period, grain)} has not been released`;
  const report = reportOf(period, grain);
  if (report < today) nothingThere(`${missing}; run: kpi release --date ${period}`);
  else nothingThere(`${missing}; it can be from ${addDays(report, 1)} on`);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
