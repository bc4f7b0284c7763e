import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { isNativeError } from 'node:util/types';
import type { DuckDbConfig } from '../config';
import { generateDemo } from '../demo';
import { Failure } from '../failure';
import { type SourceColumnType, type SourceTable, sourceColumns, sourceTableNames } from '../source-contract';
import { type Database, errorKind, quoteIdentifier, quoteText, typeName } from './duckdb-connection';

/** A source of the embedded engine: the views source_users and source_measurements, with the contract's columns and types. */
export interface Source {
  /** Finds out which file an error that a query met is in, and says so; the error itself where none is to blame. */
  blame(thrown: unknown): Promise<unknown>;
}

/** What a view reads: one file, several of one format, or a table. */
interface Part {
  /** As it is named in messages: measurements.csv, users/2025.parquet. */
  name: string;
  relation: string;
}

type Format = 'parquet' | 'csv' | 'ndjson' | 'table';

interface TableSource {
  table: SourceTable;
  format: Format;
  parts: Part[];
  /** All parts as one. */
  whole: string;
  /** SQL expression of each of the contract's columns. */
  expressions: Record<string, string>;
}

const formats = ['parquet', 'csv', 'ndjson'] as const;

/** Opens the source and checks names and types of its columns; cells are read when facts are. */
export async function openSource(database: Database, source: NonNullable<DuckDbConfig['source']>, now: Date): Promise<Source> {
  if (source.kind === 'demo') {
    await loadDemo(database, now);
    return { blame: async (thrown) => thrown };
  }
  const tables = await findTables(database, source.path);
  for (const table of tables) {
    table.expressions = await checkColumns(database, table);
    await database.run(`CREATE OR REPLACE TEMP VIEW source_${table.table} AS ${select(table, table.whole)}`);
  }
  return { blame: (thrown) => blame(database, tables, thrown) };
}

function select({ expressions }: TableSource, relation: string): string {
  const columns = Object.entries(expressions).map(([name, expression]) => `${expression} AS ${name}`);
  return `SELECT ${columns.join(', ')} FROM ${relation}`;
}

async function findTables(database: Database, path: string): Promise<TableSource[]> {
  if (!existsSync(path)) {
    throw new Failure(
      'BAD_CONFIG',
      `source ${path} does not exist; expected a folder with users and measurements (parquet, csv or ndjson), a .duckdb file, or demo; ` +
        'a BigQuery dataset needs a warehouse bigquery:PROJECT.DATASET',
    );
  }
  if (!statSync(path).isDirectory()) return attachTables(database, path);
  return sourceTableNames.map((table) => findFiles(path, table));
}

function findFiles(folder: string, table: SourceTable): TableSource {
  const found = formats.flatMap((format) => {
    const file = join(folder, `${table}.${format}`);
    const single = existsSync(file) && statSync(file).isFile() ? [file] : [];
    const several = filesIn(join(folder, table), format);
    return [single, several].filter((files) => files.length > 0).map((files) => ({ format, files }));
  });
  const [first, second] = found;
  if (first === undefined) {
    throw new Failure(
      'BAD_CONFIG',
      `source ${folder} has no ${table}; expected ${table}.parquet, ${table}.csv, ${table}.ndjson, or a folder ${table} with files of one of these`,
    );
  }
  if (second !== undefined) {
    const names = found.map(({ files }) => files.map((file) => basename(file))[0]).join(' and ');
    throw new Failure('BAD_CONFIG', `source ${folder} has ${table} twice (${names}); expected files of one format in one place`);
  }
  const { format, files } = first;
  const parts = files.map((file) => ({ name: file.slice(folder.length + 1), relation: readFiles(format, table, [file]) }));
  return { table, format, parts, whole: readFiles(format, table, files), expressions: {} };
}

function filesIn(folder: string, format: string): string[] {
  if (!existsSync(folder) || !statSync(folder).isDirectory()) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith(`.${format}`))
    .sort()
    .map((name) => join(folder, name));
}

/** Nothing is sniffed that could give a cell another meaning: CSV and NDJSON come as text, by name, and are cast. */
function readFiles(format: (typeof formats)[number], table: SourceTable, files: string[]): string {
  const list = `[${files.map((file) => quoteText(escapeGlob(file))).join(', ')}]`;
  if (format === 'parquet') return `read_parquet(${list}, union_by_name = true, binary_as_string = true)`;
  if (format === 'csv') {
    return `read_csv(${list}, all_varchar = true, header = true, delim = ',', quote = '"', escape = '"', comment = '', skip = 0, union_by_name = true)`;
  }
  const columns = sourceColumns(table).map(([name]) => `${name}: 'VARCHAR'`);
  return `read_json(${list}, format = 'newline_delimited', columns = {${columns.join(', ')}})`;
}

/** A path as a pattern that matches just itself. */
function escapeGlob(path: string): string {
  return path.replaceAll(/[[*?]/g, '[$&]');
}

async function attachTables(database: Database, path: string): Promise<TableSource[]> {
  try {
    await database.run(`ATTACH ${quoteText(path)} AS source_file (READ_ONLY, TYPE duckdb)`);
  } catch (thrown) {
    if (isLockError(thrown))
      throw new Failure('BUSY', `source ${path} is open in another process; close it there, or export a copy`);
    throw new Failure(
      'BAD_CONFIG',
      `source ${path} is not a DuckDB file; expected a folder with users and measurements, or a .duckdb file`,
    );
  }
  const tables: TableSource[] = [];
  // one after the other: closing the engine while a query still runs may never end
  for (const table of sourceTableNames) {
    const [found] = await database.rows(
      `SELECT schema_name AS name FROM (
         SELECT database_name, schema_name, table_name FROM duckdb_tables()
         UNION ALL SELECT database_name, schema_name, view_name FROM duckdb_views()
       ) WHERE database_name = 'source_file' AND schema_name = 'main' AND lower(table_name) = '${table}'`,
    );
    if (found === undefined)
      throw new Failure('BAD_CONFIG', `source ${path} has no table ${table}; expected users and measurements in its schema main`);
    const relation = `source_file.main.${table}`;
    tables.push({
      table,
      format: 'table',
      parts: [{ name: `${basename(path)} table ${table}`, relation }],
      whole: relation,
      expressions: {},
    });
  }
  return tables;
}

export function isLockError(thrown: unknown): boolean {
  return isNativeError(thrown) && thrown.message.startsWith('IO Error: Could not set lock on file');
}

/** Checks each part by itself, so that the one at fault can be named, and gives the expressions for all of them together. */
async function checkColumns(database: Database, source: TableSource): Promise<Record<string, string>> {
  for (const part of source.parts) {
    const types = await columnTypes(database, source, part);
    for (const [column, wanted] of sourceColumns(source.table)) {
      const type = types.get(column);
      if (type === undefined) {
        throw contractFailure(
          part,
          `has no column ${column}; expected ${sourceColumns(source.table)
            .map(([name]) => name)
            .join(', ')}`,
        );
      }
      if (!accepts(wanted, type) && !(await isEmpty(database, part, column))) {
        throw contractFailure(part, `column ${column} is ${typeName(type)}; expected ${expectedTypes[wanted]}`);
      }
    }
  }
  const types = await columnTypes(database, source, { name: source.table, relation: source.whole });
  return Object.fromEntries(
    sourceColumns(source.table).map(([column, wanted]) => [
      column,
      expression(source.format, column, wanted, types.get(column) ?? 'VARCHAR'),
    ]),
  );
}

/** Columns of a part by lower-case name. In NDJSON a column is there if any row has it, and error_type always: NULLs may be left out. */
async function columnTypes(database: Database, source: TableSource, part: Part): Promise<Map<string, string>> {
  let described: Record<string, unknown>[];
  try {
    described = await database.rows(`SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM ${part.relation})`);
  } catch (thrown) {
    throw contractFailure(part, `can't be read as ${source.format}; expected a complete, uncorrupted file`, thrown);
  }
  const types = new Map(described.map((row) => [String(row.column_name).toLowerCase(), String(row.column_type)]));
  if (source.format !== 'ndjson') return types;
  for (const [column, type] of sourceColumns(source.table)) {
    if (type !== 'text' && (await isEmpty(database, part, column)) && !(await isEmpty(database, part, null)))
      types.delete(column);
  }
  return types;
}

/** Whether a column of the part holds nothing but NULL; of no column: whether it has no row. */
async function isEmpty(database: Database, part: Part, column: string | null): Promise<boolean> {
  const where = column === null ? '' : `WHERE ${quoteIdentifier(column)} IS NOT NULL`;
  try {
    return (await database.rows(`SELECT 1 AS found FROM ${part.relation} ${where} LIMIT 1`)).length === 0;
  } catch (thrown) {
    throw contractFailure(part, "can't be read; expected a complete, uncorrupted file with one row a line", thrown);
  }
}

const expectedTypes = {
  id: 'text or a number',
  instant: 'a timestamp, with or without time zone, or text with one',
  text: 'text',
} satisfies Record<SourceColumnType, string>;

function accepts(wanted: SourceColumnType, type: string): boolean {
  if (wanted === 'instant') return type.startsWith('TIMESTAMP') || type === 'VARCHAR';
  if (wanted === 'text') return type === 'VARCHAR' || type.startsWith('ENUM(') || type === '"NULL"';
  return !/^(STRUCT|MAP|UNION)|\[\d*\]$/.test(type);
}

function expression(format: Format, column: string, wanted: SourceColumnType, type: string): string {
  const cell = format === 'csv' ? `NULLIF(${quoteIdentifier(column)}, '')` : quoteIdentifier(column);
  if (wanted !== 'instant') return type === 'VARCHAR' ? cell : `CAST(${cell} AS VARCHAR)`;
  if (type === 'TIMESTAMP WITH TIME ZONE') return cell;
  if (type === 'VARCHAR') {
    // with an offset DuckDB wants seconds, which ISO 8601 does not
    const withSeconds = `regexp_replace(${cell}, '${NO_SECONDS}', '\\1:00\\2')`;
    return `COALESCE(TRY_CAST(${cell} AS TIMESTAMPTZ), CAST(${withSeconds} AS TIMESTAMPTZ))`;
  }
  // a time without zone is UTC; a plain cast would ask the time zone library row by row
  return `make_timestamptz(epoch_us(CAST(${cell} AS TIMESTAMP)))`;
}

const NO_SECONDS = String.raw`^(\d{4}-\d\d-\d\d[T ]\d\d:\d\d)([Z+ -]|$)`;

async function blame(database: Database, tables: TableSource[], thrown: unknown): Promise<unknown> {
  if (!['Conversion', 'Invalid Input', 'IO', 'Serialization', 'Out of Range'].includes(errorKind(thrown))) return thrown;
  for (const source of tables) {
    for (const part of source.parts) {
      for (const [column, type] of sourceColumns(source.table)) {
        try {
          await database.rows(`SELECT max(${source.expressions[column]}) IS NULL AS empty FROM ${part.relation}`);
        } catch (cause) {
          if (errorKind(cause) === 'INTERRUPT') return cause;
          const expected =
            type === 'instant'
              ? 'timestamps such as 2025-12-23T06:00:00Z in all rows, or nothing'
              : 'a complete, uncorrupted file';
          return contractFailure(part, `column ${column} can't be read; expected ${expected}`, cause);
        }
      }
    }
  }
  return thrown;
}

function contractFailure(part: Part, text: string, cause?: unknown): Failure {
  return new Failure('SOURCE_CONTRACT', `source ${part.name} ${text}`, { cause });
}

async function loadDemo(database: Database, now: Date): Promise<void> {
  const demo = generateDemo(now);
  for (const table of sourceTableNames) {
    const structure = sourceColumns(table).map(
      ([name, type]) => `"${name}": "${type === 'instant' ? 'TIMESTAMPTZ' : 'VARCHAR'}"`,
    );
    await database.run(
      `CREATE OR REPLACE TEMP TABLE source_${table} AS
       SELECT unnest(from_json(CAST($rows AS JSON), '[{${structure.join(', ')}}]'), recursive := true)`,
      { rows: JSON.stringify(demo[table]) },
    );
  }
}
