import { availableParallelism, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { isNativeError } from 'node:util/types';
import {
  DATE,
  type DuckDBConnection,
  DuckDBDateValue,
  DuckDBInstance,
  DuckDBTimestampTZValue,
  type DuckDBValue,
  type JS,
  TIMESTAMPTZ,
} from '@duckdb/node-api';
import type { Window } from '../../metrics/calendar';
import { Failure } from '../../platform/failure';

/** A value in a result: integers as numbers, dates as YYYY-MM-DD, instants as ISO 8601 in UTC. */
export type Value = string | number | boolean | null;

/** The embedded engine: a database in memory, to which files are attached. */
export interface Database {
  run(sql: string, parameters?: Record<string, DuckDBValue>): Promise<void>;
  rows(sql: string, parameters?: Record<string, DuckDBValue>): Promise<Record<string, Value>[]>;
  /** The running query fails with an "INTERRUPT Error". */
  interrupt(): void;
  close(): void;
}

const GIBIBYTE = 2 ** 30;

export async function openDatabase(): Promise<Database> {
  const instance = await DuckDBInstance.create(':memory:', {
    threads: String(availableParallelism()),
    memory_limit: `${Math.floor(Math.min(1.25 * GIBIBYTE, totalmem() / 2) / 2 ** 20)}MiB`,
    temp_directory: join(tmpdir(), `kpi-export-${process.pid}`), // for data above the memory limit; removed at close
    preserve_insertion_order: 'false',
    autoinstall_known_extensions: 'false', // no downloads: icu, json and parquet are built in
    autoload_known_extensions: 'false',
  });
  const connection = await instance.connect();
  await connection.run(DIALECT);
  return {
    run: async (sql, parameters) => {
      await connection.run(sql, parameters);
    },
    rows: (sql, parameters) => readRows(connection, sql, parameters),
    interrupt: () => connection.interrupt(),
    close: () => {
      connection.closeSync();
      instance.closeSync();
    },
  };
}

/**
 * Macros that give the facts' SQL, a subset of GoogleSQL, the same meaning in DuckDB. DuckDB's own countif is NULL instead of 0 if its
 * condition is NULL in every row. Its // rounds towards 0, but UNIX_SECONDS rounds down. A time without an offset is UTC. A
 * file gets its checkpoint when it is closed; one of the database in memory would take time and save nothing.
 */
const DIALECT = `
SET TimeZone = 'UTC';
SET checkpoint_threshold = '1TB';
CREATE MACRO countif(condition) AS count(*) FILTER (WHERE condition);
CREATE MACRO div(dividend, divisor) AS dividend // divisor;
CREATE MACRO unix_date(day) AS CAST(day AS DATE) - DATE '1970-01-01';
CREATE MACRO date_from_unix_date(days) AS DATE '1970-01-01' + CAST(days AS INTEGER);
CREATE MACRO unix_seconds(instant) AS (epoch_us(instant) - (epoch_us(instant) % 1000000 + 1000000) % 1000000) // 1000000;
`;

/**
 * GoogleSQL's DATETIME(instant, zone). Within the window it adds the zone's offset, which is about twenty times faster than timezone()
 * (docs/gotchas.md). Outside the window it calls timezone().
 */
export function dateTimeMacro({ scanFrom, offsets }: Window): string {
  const spans = offsets.map(({ until, offsetSeconds }) => `WHEN instant < ${literal(until)} THEN ${offsetSeconds}::BIGINT`);
  return `CREATE OR REPLACE MACRO datetime(instant, zone) AS CASE
    WHEN instant >= ${literal(scanFrom)} AND instant < ${literal(offsets.at(-1)?.until ?? scanFrom)}
    THEN make_timestamp(epoch_us(instant) + 1000000 * CASE ${spans.join(' ')} END)
    ELSE timezone(zone, instant)
  END`;
}

function literal(instant: Date): string {
  return `TIMESTAMPTZ '${instant.toISOString()}'`;
}

export const duckDbValues = {
  STRING: (value: string): DuckDBValue => value,
  DATE: (value: string): DuckDBValue => {
    const [year = 0, month = 0, day = 0] = value.split('-').map(Number);
    return DuckDBDateValue.fromParts({ year, month, day });
  },
  TIMESTAMP: (value: Date): DuckDBValue => new DuckDBTimestampTZValue(BigInt(value.getTime()) * 1000n),
};

async function readRows(
  connection: DuckDBConnection,
  sql: string,
  parameters?: Record<string, DuckDBValue>,
): Promise<Record<string, Value>[]> {
  const reader = await connection.runAndReadAll(sql, parameters);
  const names = reader.columnNames();
  const converters = reader.columnTypes().map((type) => converter(String(type)));
  return reader
    .getRowsJS()
    .map((row) => Object.fromEntries(names.map((name, index) => [name, (converters[index] ?? toPlain)(row[index] ?? null)])));
}

function converter(type: string): (value: JS | null) => Value {
  if (type === String(DATE)) return (value) => (value instanceof Date ? value.toISOString().slice(0, 10) : null);
  if (type === String(TIMESTAMPTZ)) return (value) => (value instanceof Date ? value.toISOString() : null);
  return toPlain;
}

function toPlain(value: JS | null): Value {
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
  if (typeof value === 'bigint') return Number(value);
  throw new TypeError('a query answered a value that is neither text nor number');
}

/** The name of a column's type, without the values of an ENUM or the fields of a STRUCT. */
export function typeName(type: string): string {
  if (type.endsWith(']')) return 'a list';
  return /^[A-Z ]+/.exec(type)?.[0] ?? 'of another type';
}

/** The kind of a DuckDB error: the prefix of its message, since it has no code. The rest of the message may quote a cell. */
export function errorKind(thrown: unknown): string {
  return /^(?:Error: )?([A-Za-z-]+(?: [A-Za-z-]+)*?) Error/.exec(isNativeError(thrown) ? thrown.message : '')?.[1] ?? 'unknown';
}

/** How a message ends if the disk is full, or a quota or file size limit is reached. */
const DISK_FULL = /: (No space left on device|Disk quota exceeded|File too large)/;

/** TransactionContext and FATAL: a commit, and everything after it, fails exactly when its file can't be written. */
const DISK_KINDS = ['IO', 'TransactionContext', 'FATAL'];

/** Converts an error of a query. The files were readable when they were opened. */
export function toEngineFailure(thrown: unknown): Failure {
  if (thrown instanceof Failure) return thrown;
  const kind = errorKind(thrown);
  if (kind === 'INTERRUPT') return new Failure('TIMEOUT', 'the run was stopped before it had finished', { cause: thrown });
  if (kind === 'Out of Memory')
    return new Failure('UNAVAILABLE', 'the embedded engine ran out of memory or of disk for temporary files', { cause: thrown });
  if (isNativeError(thrown) && DISK_FULL.test(thrown.message))
    return new Failure('UNAVAILABLE', 'the disk of the warehouse, or that of temporary files, is full', { cause: thrown });
  if (DISK_KINDS.includes(kind))
    return new Failure('UNAVAILABLE', 'the embedded engine could not read or write a file', { cause: thrown });
  return new Failure('UNEXPECTED', `the embedded engine failed (${kind}); please report it with the version`, { cause: thrown });
}

export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
