import { createHash } from 'node:crypto';
import type { DuckDBConnection } from '@duckdb/node-api';
import { duckDbValues } from '../shared/engines/duckdb/connection';
import { openDuckDb } from '../shared/engines/duckdb/engine';
import { createRun } from '../shared/engines/engine';
import { addDays, type CalendarDate, daysBetween, reportWindow } from '../shared/metrics/calendar';
import { factNames } from '../shared/metrics/facts/facts';
import { indexByDay } from '../shared/metrics/facts/period-facts';
import { deriveReport, periodsOf } from '../shared/metrics/report';
import { reportTableNames } from '../shared/metrics/tables';
import { createLog } from '../shared/platform/log';
import handWritten from './hand-written.sql';
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

const ways: Record<string, (source: string, from: CalendarDate, to: CalendarDate) => Promise<Counted>> = {
  /** The program's engine, up to the derived reports. */
  async program(source, from, to) {
    const engine = await openDuckDb({
      config: { engine: 'duckdb', warehouse: 'none', source: { kind: 'path', path: source } },
      access: 'dry-run',
      now: new Date(),
    });
    const log = createLog({ level: 'error', format: 'text', write: () => {} });
    const run = createRun({ requestId: 'bench', trigger: 'cli', signal: new AbortController().signal, log });
    const window = reportWindow(from, to, 'UTC');
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
    return { milliseconds, counted: Object.fromEntries([...counted, ...columns]) };
  },

  async 'hand-written'(source, from, to) {
    return withDuckDb(async (connection) => {
      await openViews(connection, source);
      const firstDay = addDays(from, -12);
      const found: Record<string, object[]> = {};
      const start = performance.now();
      const [once = '', piece = ''] = handWritten.split(/^-- piece$/m);
      const run = async (text: string, bounds: Record<string, CalendarDate>) => {
        for (const { title, sql } of statements(text)) {
          const rows = await query(connection, sql, bounds);
          if (rows.length > 0) found[title] = [...(found[title] ?? []), ...rows];
        }
      };
      // the program clamps earlier days to the one before its scan; which day that is makes no difference
      const { scanFrom } = reportWindow(from, to, 'UTC');
      await run(once, { scan_from: scanFrom.toISOString().slice(0, 10), until: addDays(to, 1) });
      for (let days = 0; days <= daysBetween(firstDay, to); days += DAYS_AT_ONCE) {
        const end = addDays(firstDay, days + DAYS_AT_ONCE);
        await run(piece, { from: addDays(firstDay, days), to: end > to ? addDays(to, 1) : end });
      }
      const milliseconds = performance.now() - start;
      const facts = ['activity', 'sessions', 'intake', 'users', 'people'];
      return { milliseconds, counted: Object.fromEntries(facts.map((name) => [name, digest(found[name] ?? [])])) };
    });
  },

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
