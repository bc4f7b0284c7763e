import { createHash } from 'node:crypto';
import type { DuckDBConnection } from '@duckdb/node-api';
import { duckDbValues } from '../shared/engines/duckdb/connection';
import { openDuckDb } from '../shared/engines/duckdb/engine';
import { createRun } from '../shared/engines/engine';
import { addDays, type CalendarDate, datesBetween, type ReportWindow, reportWindow } from '../shared/metrics/calendar';
import { type FactRow, factNames, grainFactNames } from '../shared/metrics/facts/facts';
import { indexByDay } from '../shared/metrics/facts/period-facts';
import { type Scope, scopesOf } from '../shared/metrics/facts/scopes';
import { addPeriods, furtherWindow, type Grain, grains } from '../shared/metrics/grain';
import { deriveReport, periodsOf } from '../shared/metrics/report';
import { reportTableNames } from '../shared/metrics/tables';
import { createLog } from '../shared/platform/log';
import handWritten from './hand-written.sql';
import handWrittenPeriods from './hand-written-periods.sql';
import perPeriod from './per-period.sql';
import { statements, withDuckDb } from './source';

/** One way to count, in a process of its own: node measured.js WAY SOURCE FROM TO. Prints a Measured. */
export interface Measured {
  /** From the first query to the last, and what was made of their answers; opening the files is not in it. */
  milliseconds: number;
  /** Peak of the process, in KiB. */
  memory: number;
  /** What was counted, by fact or by column: equal texts for equal numbers. */
  counted: Record<string, string>;
}

type Counted = Pick<Measured, 'milliseconds' | 'counted'>;

/** Days that the hand-written SQL counts at once; it was no faster with all of them, and took more memory. */
const DAYS_AT_ONCE = 31;

/** The windows of the tables of all grains. */
function wholeWindow(from: CalendarDate, to: CalendarDate): ReportWindow {
  return furtherWindow(datesBetween(from, to), reportWindow(from, to, 'UTC'), grains);
}

/** The program's engine, up to the derived reports. */
async function program(source: string, window: ReportWindow, to: CalendarDate): Promise<Counted> {
  const engine = await openDuckDb({
    config: { engine: 'duckdb', warehouse: 'none', source: { kind: 'path', path: source } },
    access: 'dry-run',
    now: new Date(),
  });
  const log = createLog({ level: 'error', format: 'text', write: () => {} });
  const run = createRun({ requestId: 'bench', trigger: 'cli', signal: new AbortController().signal, log });
  const start = performance.now();
  const { facts } = await engine.readFacts(window, run);
  const milliseconds = performance.now() - start;
  await engine.close();
  const report = deriveReport(indexByDay(facts, window), to, new Date(0));
  const columns = reportTableNames.flatMap((table) =>
    report.rows[table].flatMap((row) =>
      Object.entries(row)
        .filter(([name]) => !/^(report_date|period_|created_at)/.test(name))
        .map(([name, value]) => [`${table}.${name} ${row.period_start_date}`, number(value)]),
    ),
  );
  const counted = factNames.map((name) => [name, digest(facts[name])]);
  const further = (['week', 'month'] as const).flatMap((grain) =>
    grainFactNames.map((name) => {
      const rows = facts[grain]?.[name] ?? [];
      return [`${name} ${grain}`, digest(name === 'intake' ? gathered(rows as FactRow<'intake'>[]) : rows)];
    }),
  );
  const audience = ['audience audience', digest(facts.audience ?? [])];
  return { milliseconds, counted: Object.fromEntries([...counted, audience, ...further, ...columns]) };
}

/** Statements that find rows, by what they must equal. */
interface Finder {
  found: Record<string, object[]>;
  run(text: string, bounds: Record<string, CalendarDate>, scope?: string): Promise<void>;
}

/** Hand-written SQL: the core's facts, then those of the other scopes of a window. */
async function byHand(source: string, window: ReportWindow): Promise<Counted> {
  return withDuckDb(async (connection) => {
    await openViews(connection, source);
    const { found, run } = createFinder(connection);
    const start = performance.now();
    const [once = '', piece = ''] = handWritten.split(/^-- piece$/m);
    const [core, ...others] = scopesOf(window);
    // as the program does, which takes earlier days for the one before its scan
    const scanFrom = scopesOf(window).map((scope) => scope.window.scanFrom.toISOString().slice(0, 10));
    await run(once, { scan_from: scanFrom.sort()[0] ?? '', until: addDays(window.lastDay, 1) });
    if (core !== undefined) for (const bounds of piecesOf(core)) await run(piece, bounds);
    const [attempts = { title: '', sql: '' }] = statements(piece);
    for (const scope of others) await countByHand(connection, { found, run }, scope, attempts.sql);
    const milliseconds = performance.now() - start;
    return { milliseconds, counted: Object.fromEntries(Object.entries(found).map(([name, rows]) => [name, digest(rows)])) };
  });
}

/** Of the statements, those that the scope's tables need. */
async function countByHand(connection: DuckDBConnection, { run }: Finder, scope: Scope, attempts: string): Promise<void> {
  const { grain, name, window, facts } = scope;
  const [memory, cohortDays] = { day: [28, 11], week: [1, 77], month: [1, 341] }[grain] as [number, number];
  await connection.run(`
    CREATE OR REPLACE MACRO period_start(day) AS date_trunc('${grain}', day)::DATE;
    CREATE OR REPLACE MACRO memory() AS ${memory};
    CREATE OR REPLACE MACRO cohort_days() AS ${cohortDays}`);
  const isWanted = ({ title }: { title: string }) => !isName(title) || (facts as readonly string[]).includes(title);
  const [begin = '', piece = '', end = ''] = handWrittenPeriods.split(/^-- (?:piece|grain)$/m).map((part) =>
    statements(part)
      .filter(isWanted)
      .map(({ title, sql }) => `-- ${title}\n${sql}`)
      .join(';\n'),
  );
  await run(begin, {}, name);
  for (const bounds of piecesOf(scope)) await run(`${attempts};\n${piece}`, bounds, name);
  await run(end, { first_day: window.firstDay, last_day: window.lastDay }, name);
}

/** The days of a scope in pieces of whole periods, of about a month each. */
function* piecesOf({ grain, window: { firstDay, lastDay } }: Scope): Generator<{ from: CalendarDate; to: CalendarDate }> {
  const periods: Record<Grain, number> = { day: DAYS_AT_ONCE, week: 4, month: 1 };
  for (let from = firstDay; from <= lastDay; ) {
    const end = addPeriods(from, periods[grain], grain);
    const to = end > lastDay ? addDays(lastDay, 1) : end;
    yield { from, to };
    from = to;
  }
}

/** Whether a statement's title says what its rows must equal. */
function isName(title: string): boolean {
  return /^[a-z]+$/.test(title);
}

function createFinder(connection: DuckDBConnection): Finder {
  const found: Record<string, object[]> = {};
  return {
    found,
    async run(text, bounds, scope) {
      for (const { title, sql } of statements(text)) {
        const rows = await query(connection, sql, bounds);
        const name = scope === undefined ? title : `${title} ${scope}`;
        if (isName(title)) found[name] = [...(found[name] ?? []), ...rows];
      }
    },
  };
}

const ways: Record<string, (source: string, from: CalendarDate, to: CalendarDate) => Promise<Counted>> = {
  program: (source, from, to) => program(source, reportWindow(from, to, 'UTC'), to),
  'program-all': (source, from, to) => program(source, wholeWindow(from, to), to),
  'hand-written': (source, from, to) => byHand(source, reportWindow(from, to, 'UTC')),
  'hand-written-all': (source, from, to) => byHand(source, wholeWindow(from, to)),

  async 'per-period'(source, _from, to) {
    return withDuckDb(async (connection) => {
      await openViews(connection, source);
      await connection.run(`
        CREATE VIEW valid AS SELECT * FROM measurements
        WHERE measurement_id IS NOT NULL AND user_id IS NOT NULL AND session_id IS NOT NULL;
        CREATE MACRO first_successes(period_start, period_end) AS TABLE
        SELECT coalesce(min(attempt) FILTER (error_type IS NULL), 0) AS first_success
        FROM (
          SELECT session_id, error_type, row_number() OVER (PARTITION BY session_id ORDER BY created_at, measurement_id) AS attempt
          FROM valid WHERE created_at >= period_start AND created_at < period_end
        )
        GROUP BY session_id`);
      const counted: Record<string, string> = {};
      const start = performance.now();
      for (const period of periodsOf(to)) {
        for (const { title, sql } of statements(perPeriod)) {
          const bounds = { start: period, end: addDays(period, 1), report_end: addDays(to, 1) };
          const [row = {}] = await query(connection, sql, bounds);
          counted[`${title} ${period}`] = number(Object.values(row)[0]);
        }
      }
      return { milliseconds: performance.now() - start, counted };
    });
  },
};

async function openViews(connection: DuckDBConnection, source: string): Promise<void> {
  for (const table of ['users', 'measurements'])
    await connection.run(`CREATE VIEW ${table} AS SELECT * FROM read_parquet('${source}/${table}.parquet')`);
}

/** Runs a statement with those of the bounds that it names: midnights in UTC. */
async function query(connection: DuckDBConnection, sql: string, bounds: Record<string, CalendarDate>): Promise<object[]> {
  const named = Object.entries(bounds).filter(([name]) => new RegExp(`\\$${name}\\b`).test(sql));
  const values = named.map(([name, date]) => [name, duckDbValues.TIMESTAMP(new Date(date))]);
  const reader = await connection.runAndReadAll(sql, Object.fromEntries(values));
  return reader.getRowObjectsJS();
}

/** The same text for the same rows, in whatever order and type. */
function digest(rows: object[]): string {
  const plain = (_: string, value: unknown) => (typeof value === 'bigint' ? Number(value) : value);
  const lines = rows.map((row) => JSON.stringify(Object.entries(row).sort(), plain).replaceAll('T00:00:00.000Z', ''));
  return createHash('sha256').update(lines.sort().join('\n')).digest('hex');
}

/** The engine counts the rows of a week in the months that it reads. */
function gathered(rows: FactRow<'intake'>[]): FactRow<'intake'>[] {
  const periods = new Map<string, FactRow<'intake'>>();
  for (const row of rows) {
    const key = `${row.day} ${row.outcome}`;
    const { source_rows: before, latest_hour: hour } = periods.get(key) ?? { source_rows: 0, latest_hour: row.latest_hour };
    periods.set(key, { ...row, source_rows: before + row.source_rows, latest_hour: Math.max(hour, row.latest_hour) });
  }
  return [...periods.values()];
}

/** To twelve digits: the ways add up in different orders. */
function number(value: unknown): string {
  return value === null || value === undefined ? 'null' : String(Number(Number(value).toPrecision(12)));
}

async function main([way = '', source = '', from = '', to = '']: string[]): Promise<void> {
  const count = ways[way];
  if (count === undefined) throw new Error(`expected one of ${Object.keys(ways).join(', ')}`);
  const counted = await count(source, from, to);
  const measured: Measured = { ...counted, memory: process.resourceUsage().maxRSS };
  process.stdout.write(JSON.stringify(measured));
}

main(process.argv.slice(2));
