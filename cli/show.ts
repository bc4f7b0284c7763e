import { Command, Option } from 'commander';
import { stringify } from 'csv-stringify/sync';
import type { CalendarDate } from '../shared/calendar';
import { parseConfig } from '../shared/config';
import type { Engine } from '../shared/engine';
import { createOpener } from '../shared/open-engine';
import { MAX_DATES_BY_CLI, parseRequest } from '../shared/request';
import {
  dailyMetricsDefinition,
  type ReportRow,
  type ReportTable,
  reportTableDefinitions,
  reportTableNames,
} from '../shared/tables';
import { datesOf, options } from './options';
import { EXIT, writeJson } from './outcome';
import { renderRelease, renderReport } from './render';
import { createCliRun } from './run';

interface ShowFlags {
  date?: string;
  table?: ReportTable;
  warehouse?: string;
  timeZone?: string;
  release?: boolean;
  json?: boolean;
  csv?: boolean;
}

export function showCommand(): Command {
  return new Command('show')
    .description('Show the report of a date as it is in the warehouse.')
    .addOption(options.date('date of the report: YYYY-MM-DD, today or yesterday (default: today in the report time zone)'))
    .addOption(new Option('--table <table>', 'one table only').choices(reportTableNames))
    .addOption(options.warehouse())
    .addOption(options.timeZone())
    .addOption(options.json('rows as JSON, by table').conflicts('csv'))
    .addOption(new Option('--release', 'what partners see of the date, once it is released').conflicts('table'))
    .option('--csv', 'rows as CSV; needs --table or --release')
    .addHelpText(
      'after',
      `
Examples:
  $ kpi show --date 2025-12-23
  $ kpi show --date 2025-12-23 --table daily_errors --csv > errors.csv
  $ kpi show --date yesterday --json | jq '.daily_funnel[0]'`,
    )
    .action(async (flags: ShowFlags, command: Command) => {
      if (flags.csv && flags.table === undefined && !flags.release)
        command.error(`error: option --csv needs --release or --table, one of: ${reportTableNames.join(', ')}`);
      await show(flags);
    });
}

async function show(flags: ShowFlags): Promise<void> {
  const config = parseConfig(process.env, flags);
  const now = new Date();
  const { from: date } = parseRequest(datesOf(flags), {
    timeZone: config.timeZone,
    askedAt: now,
    now,
    maxDates: MAX_DATES_BY_CLI,
  });
  const engine = await createOpener(config, () => now)('read', createCliRun(config));
  try {
    if (flags.release) return await showRelease(engine, date, flags);
    const tables = flags.table === undefined ? reportTableNames : [flags.table];
    const found: { table: ReportTable; rows: ReportRow[] }[] = [];
    for (const table of tables) found.push({ table, rows: await engine.readRows(table, date, date) });
    if (found.every(({ rows }) => rows.length === 0)) {
      process.exitCode = EXIT.failed;
      process.stderr.write(`kpi: no report of ${date} in the warehouse; run: kpi export --date ${date}\n`);
    }
    if (flags.json) {
      writeJson(Object.fromEntries(found.map(({ table, rows }) => [table, rows])));
    } else if (flags.csv) {
      for (const { table, rows } of found) {
        const columns = reportTableDefinitions[table].columns.map(({ name }) => name);
        process.stdout.write(stringify(rows, { header: true, columns }));
      }
    } else {
      for (const { table, rows } of found) if (rows.length > 0) process.stdout.write(`${renderReport(table, rows)}\n\n`);
    }
  } finally {
    await engine.close();
  }
}

async function showRelease(engine: Engine, date: CalendarDate, { json, csv }: ShowFlags): Promise<void> {
  const rows = await engine.readRelease(date, date);
  const [row] = rows;
  if (row === undefined) {
    process.exitCode = EXIT.failed;
    process.stderr.write(`kpi: ${date} has not been released; run: kpi release --date ${date}\n`);
  }
  const columns = dailyMetricsDefinition.columns.map(({ name }) => name);
  if (json) writeJson({ daily_metrics: rows });
  else if (csv) process.stdout.write(stringify(rows, { header: true, columns }));
  else if (row !== undefined) process.stdout.write(`${renderRelease(row)}\n`);
}
