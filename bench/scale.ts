import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { addDays, type CalendarDate } from '../shared/metrics/calendar';
import { machine, mebibytes, seconds, table, times, writeResults } from './document';
import { sourceOf, withDuckDb } from './source';

/** node bench/start.mjs scale: sources far beyond the usual ones, each exported once. 20 GB in bench/.data/. */
const LAST_DATE: CalendarDate = '2025-12-30';
const MILLION = 1_000_000;

interface Trial {
  title: string;
  source: () => Promise<string>;
  dates?: number;
}

const trials: Trial[] = [
  { title: '1 million measurements', source: () => sourceOf(MILLION) },
  { title: '20 million', source: () => sourceOf(20 * MILLION) },
  { title: '100 million, 5 million accounts', source: () => sourceOf(100 * MILLION, 20) },
  { title: '1 million, and 1 million of one user in one session', source: () => made('heavy', heavyUser) },
  { title: '1 million in 10,000 Parquet files', source: () => made('files', manyFiles) },
  { title: '20 million in a CSV', source: () => made('csv', (to, run) => csv(to, run, 20)) },
  { title: '55 million in a CSV', source: () => made('csv-large', (to, run) => csv(to, run, 55)) },
  { title: '20 million, 100 dates', source: () => sourceOf(20 * MILLION), dates: 100 },
  { title: '20 million, 720 dates', source: () => sourceOf(20 * MILLION), dates: 720 },
];

type Query = DuckDBConnection['run'];

/** A folder that `make` fills; made on first use. */
async function made(name: string, make: (folder: string, run: Query) => Promise<void>): Promise<string> {
  const folder = join('bench/.data', `scale-${name}`);
  if (existsSync(folder)) return folder;
  process.stderr.write(`making ${folder}\n`);
  const unfinished = `${folder}.unfinished`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(join(unfinished, 'measurements'), { recursive: true });
  await withDuckDb((connection) => make(unfinished, (sql) => connection.run(sql)));
  execFileSync('mv', [unfinished, folder]);
  return folder;
}

async function heavyUser(folder: string, run: Query): Promise<void> {
  const source = await sourceOf(MILLION);
  await run(`COPY (FROM '${source}/users.parquet') TO '${folder}/users.parquet'`);
  await run(`COPY (FROM '${source}/measurements.parquet') TO '${folder}/measurements/usual.parquet'`);
  await run(`COPY (
    SELECT 'heavy' || range AS measurement_id, 'heavy' AS user_id, 'heavy' AS session_id,
      TIMESTAMPTZ '${LAST_DATE} 00:00:00Z' + to_microseconds(range * 80000) AS created_at,
      if(range % 3 = 0, 'analysis_error', NULL) AS error_type
    FROM range(${MILLION})
  ) TO '${folder}/measurements/heavy.parquet'`);
}

async function manyFiles(folder: string, run: Query): Promise<void> {
  const source = await sourceOf(MILLION);
  await run(`COPY (FROM '${source}/users.parquet') TO '${folder}/users.parquet'`);
  await run(`CREATE TEMP TABLE numbered AS SELECT *, row_number() OVER () // 100 AS file FROM '${source}/measurements.parquet'`);
  for (let file = 0; file < 10_000; file++)
    await run(`COPY (SELECT * EXCLUDE (file) FROM numbered WHERE file = ${file}) TO '${folder}/measurements/${file}.parquet'`);
}

async function csv(folder: string, run: Query, millions: number): Promise<void> {
  const source = await sourceOf(100 * MILLION, 20);
  const from = `'${source}/measurements.parquet'`;
  await run(`COPY (FROM '${source}/users.parquet') TO '${folder}/users.csv'`);
  // of all days alike
  await run(
    `COPY (SELECT * FROM ${from} WHERE hash(session_id) % 100 < ${millions}) TO '${folder}/measurements/measurements.csv'`,
  );
}

interface Outcome {
  milliseconds: number;
  memory: number;
  /** The first line of what the command complained of, if it failed. */
  failure: string | null;
}

/** The command as it is typed, into a new warehouse. */
function exportDates(source: string, dates: number): Outcome {
  const folder = mkdtempSync('bench/.data/scale-run-');
  const memoryFile = join(folder, 'memory');
  const warehouse = join(folder, 'warehouse.duckdb');
  const range = dates === 1 ? ['--date', LAST_DATE] : ['--from', addDays(LAST_DATE, 1 - dates), '--to', LAST_DATE];
  const args = ['bin/kpi.mjs', 'export', ...range, '--source', source, '--warehouse', warehouse, '--json'];
  const start = performance.now();
  try {
    execFileSync(process.execPath, ['--require', './bench/peak-memory.cjs', ...args], {
      env: { ...process.env, PEAK_MEMORY_FILE: memoryFile, KPI_LOG_LEVEL: 'error' },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    return { milliseconds: performance.now() - start, memory: Number(readFileSync(memoryFile, 'utf8')), failure: null };
  } catch (thrown) {
    const [failure = ''] = String((thrown as { stderr?: Buffer }).stderr ?? thrown).split('\n');
    return { milliseconds: performance.now() - start, memory: 0, failure };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function main(): Promise<void> {
  const rows: string[][] = [];
  let base: Outcome | null = null;
  for (const { title, source, dates = 1 } of trials) {
    const folder = await source();
    const outcome = exportDates(folder, dates);
    base ??= outcome;
    const shown =
      outcome.failure === null
        ? [seconds(outcome.milliseconds), times(outcome.milliseconds / base.milliseconds), mebibytes(outcome.memory)]
        : [outcome.failure, '', ''];
    rows.push([title, sizeOf(folder), ...shown]);
    process.stderr.write(`${rows.at(-1)?.join(', ')}\n`);
  }
  const text = `${machine()}; Node.js ${process.version}. Each exported once, a date unless more are named.\n\n${table(['', 'source', 'time', 'against the first', 'peak memory'], rows)}`;
  process.stdout.write(`${text}\n`);
  writeResults('bench:scale', text);
}

function sizeOf(folder: string): string {
  const bytes = Number(execFileSync('du', ['-sb', folder], { encoding: 'utf8' }).split('\t')[0]);
  return statSync(folder).isDirectory() ? `${(bytes / 1e9).toFixed(2)} GB` : '';
}

main().catch((thrown) => {
  process.stderr.write(`${thrown instanceof Error ? thrown.message : thrown}\n`);
  process.exitCode = 1;
});
