import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import {
  type FurtherTable,
  furtherTableNames,
  furtherTables,
  isRetention,
  type PublishedTable,
  publishedTableDefinitions,
  reportTableNames,
} from '../../shared/metrics/tables';
import { labelOf, nameOf, periodsOf } from './reference';
import type { ExpectedReport, ExpectedRow } from './report-differences';
import type { SourceRows } from './source-rows';

/**
 * A situation, and the numbers that docs/data-dictionary.md asks for in it:
 *
 *     test/cases/<situation>/case.json            report date, time zone, and what the case pins down
 *                            users.ndjson, measurements.ndjson
 *                            expect/<table>.json  each column's value in each of the 12 periods
 *                            expect/export_runs.json
 *
 * An expectation names every column of the table. A value alone is meant for all periods; else there is a value by date, by dates
 * ("2025-06-04 to 2025-06-09"), and "otherwise" for the rest. A value is a number, null, or text with a calculation ("100 * 2 / 3 - 50").
 *
 * The tables beside the core (daily_audience, weekly_…, monthly_…) have a file only where the case is about them. Their periods are named
 * by their first date. A retention table has a line for each cohort, whose values are a list from age 0 on, or one value for all ages.
 * Labels and last dates may be given too, for some periods or cohorts ("period_label", "cohort_end_date").
 */
export interface Case {
  name: string;
  /** A source folder. */
  folder: string;
  reportDate: string;
  timeZone: string;
  why: string;
  rows: SourceRows;
  /** `further` has those tables that the case is about. */
  expected: ExpectedReport;
}

const CASES = join(__dirname, '..', 'cases');

const CaseFile = z.strictObject({ report_date: z.iso.date(), time_zone: z.string(), why: z.string().min(1) });
const Value = z.union([z.number(), z.null(), z.string().transform(calculate)]);
const Expectation = z.record(z.string(), z.union([Value, z.record(z.string(), Value)]));
type Value = z.infer<typeof Value>;

const Texts = z.record(z.iso.date(), z.string()).optional();
const texts = { period_label: Texts, period_end_date: Texts, cohort_label: Texts, cohort_end_date: Texts };
const FurtherExpectation = z
  .object(texts)
  .catchall(z.union([Value, z.record(z.string(), z.union([Value, z.array(Value).min(1)]))]));

/** Columns that follow from report date and period. */
const KEYS = [...Object.keys(texts), 'report_date', 'period_start_date', 'cohort_start_date', 'age', 'created_at'];

const UserLine = z.strictObject({
  user_id: z.string().nullable().default(null),
  created_at: z.string().nullable().default(null),
});
const MeasurementLine = z.strictObject({
  measurement_id: z.string().nullable().default(null),
  user_id: z.string().nullable().default(null),
  session_id: z.string().nullable().default(null),
  created_at: z.string().nullable().default(null),
  error_type: z.string().nullable().default(null),
});

const expectedFiles = [
  'case.json',
  'expect',
  'expect/export_runs.json',
  ...reportTableNames.map((table) => `expect/${table}.json`),
  'measurements.ndjson',
  'users.ndjson',
];

export function caseNames(): string[] {
  return readdirSync(CASES).sort();
}

/** Reads a case; refuses one that leaves anything open: a file, a column or a period without an expectation. */
export function readCase(name: string, cases = CASES): Case {
  const folder = join(cases, name);
  const files = readdirSync(folder, { recursive: true }).map((file) => String(file).replaceAll('\\', '/'));
  const furtherFiles = furtherTableNames.map((table) => `expect/${table}.json`);
  const core = files.filter((file) => !furtherFiles.includes(file));
  if (core.sort().join() !== [...expectedFiles].sort().join())
    throw new Error(`${name}: expected the files ${expectedFiles.join(', ')}; got ${core.join(', ')}`);
  const json = (file: string): unknown => JSON.parse(readFileSync(join(folder, file), 'utf8'));
  const { report_date, time_zone, why } = CaseFile.parse(json('case.json'));
  const periods = twelvePeriods(report_date);
  const tables = reportTableNames.map((table) => {
    const expectation = Expectation.parse(json(`expect/${table}.json`));
    checkColumns(table, Object.keys(expectation), name);
    const values = Object.entries(expectation).map(
      ([column, given]) => [column, spread(given, periods, `${name}: ${table}.${column}`)] as const,
    );
    return [
      table,
      periods.map((period) => ({
        period,
        values: Object.fromEntries(values.map(([column, byPeriod]) => [column, byPeriod.get(period) ?? null])),
      })),
    ] as const;
  });
  const further = furtherTableNames
    .filter((table) => files.includes(`expect/${table}.json`))
    .map(
      (table) => [table, furtherRows(table, FurtherExpectation.parse(json(`expect/${table}.json`)), report_date, name)] as const,
    );
  const run = z
    .strictObject({ rejected_rows: z.number(), unclassified_errors: z.number() })
    .parse(json('expect/export_runs.json'));
  return {
    name,
    folder,
    reportDate: report_date,
    timeZone: time_zone,
    why,
    rows: {
      users: lines(join(folder, 'users.ndjson')).map((line) => UserLine.parse(line)),
      measurements: lines(join(folder, 'measurements.ndjson')).map((line) => MeasurementLine.parse(line)),
    },
    expected: {
      reportDate: report_date,
      tables: Object.fromEntries(tables) as ExpectedReport['tables'],
      further: Object.fromEntries(further),
      rejectedRows: run.rejected_rows,
      unclassifiedErrors: run.unclassified_errors,
    },
  };
}

function checkColumns(table: PublishedTable, given: string[], name: string): void {
  const columns = publishedTableDefinitions[table].columns
    .map((column) => column.name)
    .filter((column) => !KEYS.includes(column));
  const missing = columns.filter((column) => !given.includes(column));
  const unknown = given.filter((column) => !columns.includes(column));
  if (missing.length + unknown.length > 0)
    throw new Error(`${name}: expect/${table}.json: missing ${missing.join() || 'none'}, unknown ${unknown.join() || 'none'}`);
}

function furtherRows(
  table: FurtherTable,
  { period_label, period_end_date, cohort_label, cohort_end_date, ...given }: z.infer<typeof FurtherExpectation>,
  reportDate: string,
  name: string,
): ExpectedRow[] {
  checkColumns(table, Object.keys(given), name);
  const periods = periodsOf(reportDate, furtherTables[table].grain);
  const starts = periods.map(({ start }) => start);
  const values = Object.entries(given).map(
    ([column, cells]) => [column, spread(cells, starts, `${name}: ${table}.${column}`)] as const,
  );
  const cell = (column: string, cells: Map<string, Value | Value[]>, start: string, age: number, ages: number): Value => {
    const list = cells.get(start) ?? null;
    if (!Array.isArray(list)) return list;
    if (list.length !== ages)
      throw new Error(`${name}: ${table}.${column}: expected ${ages} values for ${start}, got ${list.length}`);
    return list[age] ?? null;
  };
  return periods.flatMap((period, index): ExpectedRow[] => {
    if (!isRetention(table))
      return [
        {
          report_date: reportDate,
          period_label: period_label?.[period.start] ?? labelOf(period, index),
          period_start_date: period.start,
          period_end_date: period_end_date?.[period.start] ?? period.end,
          ...Object.fromEntries(values.map(([column, cells]) => [column, cell(column, cells, period.start, 0, 1)])),
        },
      ];
    const later = periods.slice(0, index + 1).reverse();
    return later.map(({ start, end }, age) => ({
      report_date: reportDate,
      cohort_label: cohort_label?.[period.start] ?? nameOf(period),
      cohort_start_date: period.start,
      cohort_end_date: cohort_end_date?.[period.start] ?? period.end,
      age,
      period_start_date: start,
      period_end_date: end,
      ...Object.fromEntries(values.map(([column, cells]) => [column, cell(column, cells, period.start, age, later.length)])),
    }));
  });
}

function lines(file: string): unknown[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

/** The report date first. */
function twelvePeriods(reportDate: string): string[] {
  return Array.from({ length: 12 }, (_, age) => dayAfter(reportDate, -age));
}

function dayAfter(date: string, days: number): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
}

/** A column's value in each period. */
function spread<Cell extends Value | Value[]>(
  given: Value | Record<string, Cell>,
  periods: string[],
  where: string,
): Map<string, Value | Cell> {
  const byKey: Record<string, Value | Cell> = given !== null && typeof given === 'object' ? given : { otherwise: given };
  const values = new Map<string, Value | Cell>();
  for (const [key, value] of Object.entries(byKey)) {
    if (key === 'otherwise') continue;
    const [first = '', last = first] = key.split(' to ');
    if (first > last || ![first, last].every((date) => periods.includes(date)))
      throw new Error(`${where}: expected a period, or the first and the last of several, got ${key}`);
    for (const period of periods.filter((date) => date >= first && date <= last)) {
      if (values.has(period)) throw new Error(`${where}: two values for ${period}`);
      values.set(period, value);
    }
  }
  for (const period of periods) {
    if (values.has(period)) continue;
    if (byKey.otherwise === undefined) throw new Error(`${where}: no value for ${period}`);
    values.set(period, byKey.otherwise);
  }
  return values;
}

/** Numbers joined by + - * /, with the usual precedence: "100 * 2 / 3 - 50". */
function calculate(text: string): number {
  const [first = '', ...rest] = text.split(/ ([+-]) /);
  let total = product(first);
  for (let index = 0; index < rest.length; index += 2) {
    const term = product(rest[index + 1] ?? '');
    total += rest[index] === '-' ? -term : term;
  }
  return total;
}

function product(text: string): number {
  const [first = '', ...rest] = text.split(/ ([*/]) /);
  let result = number(first);
  for (let index = 0; index < rest.length; index += 2) {
    const factor = number(rest[index + 1] ?? '');
    result = rest[index] === '/' ? result / factor : result * factor;
  }
  return result;
}

function number(text: string): number {
  if (!/^-?\d+(\.\d+)?$/.test(text)) throw new Error(`expected numbers joined by + - * /, got ${text}`);
  return Number(text);
}
