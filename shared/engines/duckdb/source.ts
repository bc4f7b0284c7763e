import { existsSync, statSync } from 'node:fs';
import { basename, extname } from 'node:path';
import { isNativeError } from 'node:util/types';
import { type SourceColumnType, type SourceTable, sourceColumns, sourceTableNames } from '../../metrics/source-contract';
import type { DuckDbConfig } from '../../platform/config';
import { Failure } from '../../platform/failure';
import { describeFault } from '../../platform/files';
import { generateDemo } from '../demo';
import { type Database, errorKind, quoteIdentifier, quoteText, typeName } from './connection';
import { CELL_ERRORS, reasonOf } from './reasons';
import { bytesFault } from './source-bytes';
import { accepts, BYTES, type CellFormat, cellExpression, expectedTypes } from './source-cells';
import { findFiles, type SourceFile } from './source-files';

/** A source of the embedded engine: the views source_users and source_measurements, with the contract's columns and types. */
export interface Source {
  /** Finds the file that caused a query's error. Returns a Failure that names it, or the error itself if no file caused it. */
  blame(thrown: unknown): Promise<unknown>;
}

/** What a view reads: a file or a table. */
interface Part {
  /** Its name in messages: measurements.csv, users/2025.parquet. */
  name: string;
  relation: string;
  /** Files with the same reader and types are read together. */
  file: SourceFile | null;
  /** SQL that calls the reader, for a list of files. */
  reader: (files: string) => string;
  /** Column types by lower-case name. */
  types: Map<string, string>;
}

interface TableSource {
  table: SourceTable;
  format: CellFormat;
  parts: Part[];
}

/**
 * Opens the source and checks names and types of its columns. Cells are first read when facts are counted. The views are not temporary ones,
 * nor is anything made from them: a temporary view would shadow a table of the same name for the views of the source's own file.
 */
export async function openSource(database: Database, source: NonNullable<DuckDbConfig['source']>, now: Date): Promise<Source> {
  if (source.kind === 'demo') {
    await loadDemo(database, now);
    return { blame: async (thrown) => thrown };
  }
  const tables = await findTables(database, source.path);
  for (const table of tables) {
    await (table.format === 'parquet' ? readParquetTypes(database, table) : readTypes(database, table));
    for (const part of table.parts) await checkColumns(database, table, part);
  }
  const uuids = uuidColumns(tables);
  for (const table of tables) {
    const selects = groups(table).map(([first, relation]) => select(table, first, relation, uuids));
    await database.run(`CREATE OR REPLACE VIEW source_${table.table} AS ${selects.join(' UNION ALL ')}`);
  }
  return { blame: (thrown) => blame(database, tables, uuids, thrown) };
}

/** Files of the same types share a reader. Others are cast separately: a common reader would give ids the type of another file. */
function groups(source: TableSource): [first: Part, relation: string][] {
  const byKind = new Map<string, Part[]>();
  for (const part of source.parts) {
    const types = sourceColumns(source.table).map(([column]) => part.types.get(column));
    const kind = JSON.stringify([part.reader(''), types]);
    byKind.set(kind, [...(byKind.get(kind) ?? []), part]);
  }
  return [...byKind.values()].flatMap((parts): [Part, string][] => {
    const [first] = parts;
    if (first === undefined) return [];
    const paths = parts.flatMap(({ file }) => (file === null ? [] : [file.path]));
    return [[first, first.file === null ? first.relation : first.reader(fileList(paths))]];
  });
}

function select(source: TableSource, part: Part, relation: string, uuids: Set<string>): string {
  const columns = sourceColumns(source.table).map((column) => `${cellOf(source, part, column, uuids)} AS ${column[0]}`);
  return `SELECT ${columns.join(', ')} FROM ${relation}`;
}

function cellOf(
  { format }: TableSource,
  { types }: Part,
  [column, wanted]: [string, SourceColumnType],
  uuids: Set<string>,
): string {
  return cellExpression({ column, wanted, type: types.get(column) ?? 'VARCHAR', format, isUuid: uuids.has(column) });
}

/** Id columns with a UUID type in any part. In these, text in the form of a UUID is read in lower case, as DuckDB writes UUIDs. */
function uuidColumns(tables: TableSource[]): Set<string> {
  const typed = tables.flatMap(({ table, parts }) =>
    sourceColumns(table)
      .filter(([name, wanted]) => wanted === 'id' && parts.some(({ types }) => /^(UUID|BLOB)$/.test(types.get(name) ?? '')))
      .map(([name]) => name),
  );
  return new Set(typed);
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
  const tables: TableSource[] = [];
  for (const table of sourceTableNames) {
    const parts: Part[] = [];
    for (const file of findFiles(path, table)) parts.push(await openFile(database, table, file));
    tables.push({ table, format: parts[0]?.file?.format ?? 'table', parts });
  }
  return tables;
}

async function openFile(database: Database, table: SourceTable, file: SourceFile): Promise<Part> {
  const fault = await bytesFault(file).catch((thrown) => `can't be read: ${describeFault(thrown)}`);
  if (fault !== null) throw contractFailure(file, fault);
  const header = file.format === 'csv' ? await readHeader(database, table, file) : { separator: ',', names: [] };
  const reader = (files: string) => readFiles(file, table, header, files);
  return { name: file.name, file, reader, relation: reader(fileList([file.path])), types: new Map() };
}

interface Header {
  separator: string;
  names: string[];
}

/** No type detection, which could change a cell's meaning: CSV and NDJSON are read as text by name, then cast. The path is not data. */
function readFiles({ format, compression }: SourceFile, table: SourceTable, header: Header, files: string): string {
  if (format === 'parquet') return `read_parquet(${files}, union_by_name = true, hive_partitioning = false)`;
  const options = `compression = '${compression}', hive_partitioning = false`;
  if (format === 'csv') {
    const columns = header.names.map((name) => `${quoteText(name)}: 'VARCHAR'`);
    return `read_csv(${files}, columns = {${columns.join(', ')}}, auto_detect = false, header = true, delim = ${quoteText(header.separator)}, quote = '"', escape = '"', comment = '', ${options})`;
  }
  const columns = sourceColumns(table).map(([name]) => `${name}: 'VARCHAR'`);
  return `read_json(${files}, format = 'newline_delimited', columns = {${columns.join(', ')}}, ${options})`;
}

const SEPARATORS = [',', ';', '\t', '|'];

/** Reads the unchanged header, because DuckDB renames repeated columns. Uses the separator that gives most of the expected names. */
async function readHeader(database: Database, table: SourceTable, file: SourceFile): Promise<Header> {
  const part = { name: file.name };
  const line = await firstLine(database, file);
  if (line === '') throw contractFailure(part, 'begins with an empty line; expected a header');
  if ((line.match(/"/g)?.length ?? 0) % 2 === 1)
    throw contractFailure(part, 'has a quote in its header that is not closed on its line; expected names without line breaks');
  const wanted = sourceColumns(table).map(([name]) => name);
  const candidates = file.separator === null ? SEPARATORS : [file.separator];
  const headers = candidates.map((separator) => ({ separator, names: splitHeader(line, separator) }));
  const hits = ({ names }: Header) => wanted.filter((name) => names.some((cell) => cell.trim().toLowerCase() === name)).length;
  const header = headers.reduce((best, other) => (hits(other) > hits(best) ? other : best));
  checkTwice(part, table, header.names);
  const spaced = wanted.find((name) => header.names.some((cell) => cell !== cell.trim() && cell.trim().toLowerCase() === name));
  if (spaced !== undefined)
    throw contractFailure(part, `has spaces around ${spaced} in its header; expected names and cells without spaces around them`);
  const keys = header.names.map((name) => name.toLowerCase());
  // columns that are not read may have no name, or repeat one
  return {
    ...header,
    names: header.names.map((name, index) => (name === '' || keys.indexOf(keys[index] ?? '') < index ? `column ${index}` : name)),
  };
}

async function firstLine(database: Database, file: SourceFile): Promise<string> {
  const relation = `read_csv(${fileList([file.path])}, columns = {'line': 'VARCHAR'}, auto_detect = false, header = false, delim = '\u0001', quote = '', escape = '', comment = '', strict_mode = false, compression = '${file.compression}', hive_partitioning = false, parallel = false)`;
  try {
    const [row] = await database.rows(`SELECT line FROM ${relation} LIMIT 1`);
    return String(row?.line ?? '')
      .replace(/^\ufeff/, '')
      .replace(/\r$/, '');
  } catch (thrown) {
    throw unreadable({ name: file.name }, file.format, thrown);
  }
}

/** Splits a header into names. A separator within quotes belongs to the name. */
function splitHeader(line: string, separator: string): string[] {
  const cell = new RegExp(`[${separator}]("(?:[^"]|"")*"|[^${separator}]*)`, 'g');
  return [...`${separator}${line}`.matchAll(cell)].map(([, name = '']) => name.replace(/^"(.*)"$/, '$1').replaceAll('""', '"'));
}

function checkTwice(part: { name: string }, table: SourceTable, names: string[]): void {
  const twice = sourceColumns(table).find(([name]) => names.filter((cell) => cell.trim().toLowerCase() === name).length > 1);
  if (twice !== undefined)
    throw contractFailure(part, `has the column ${twice[0]} twice; expected each column once, in any case of letters`);
}

function unreadable(part: { name: string }, format: string, thrown: unknown): unknown {
  if (ENDED.includes(errorKind(thrown))) return thrown;
  const reason = reasonOf(thrown);
  const text =
    reason === null ? `can't be read as ${format}; expected a complete, uncorrupted file` : `can't be read: it ${reason}`;
  return contractFailure(part, text, thrown);
}

function fileList(paths: string[]): string {
  return `[${paths.map((path) => quoteText(escapeGlob(path))).join(', ')}]`;
}

/** A glob pattern that matches only this path. */
function escapeGlob(path: string): string {
  return path.replaceAll(/[[*?]/g, '[$&]');
}

/** Names of the engine's own catalogs. */
const TAKEN_CATALOGS = ['memory', 'system', 'temp', 'warehouse', 'main', 'pg_catalog', 'information_schema'];

/** Attaches the file under its own name, as DuckDB does, because a view may name its catalog. */
async function attachTables(database: Database, path: string): Promise<TableSource[]> {
  const own = basename(path, extname(path));
  const catalog = TAKEN_CATALOGS.includes(own.toLowerCase()) ? 'source_file' : own;
  try {
    await database.run(`ATTACH ${quoteText(path)} AS ${quoteIdentifier(catalog)} (READ_ONLY, TYPE duckdb)`);
  } catch (thrown) {
    if (isLockError(thrown))
      throw new Failure('BUSY', `source ${path} is open in another process; close it there, or export a copy`);
    const reason = reasonOf(thrown);
    throw new Failure(
      'BAD_CONFIG',
      reason === null
        ? `source ${path} is not a DuckDB file; expected a folder with users and measurements, or a .duckdb file`
        : `source ${path} can't be read: it ${reason}`,
      { cause: thrown },
    );
  }
  const tables: TableSource[] = [];
  // one after the other: closing the engine while a query runs can hang
  for (const table of sourceTableNames) {
    const [found] = await database.rows(
      `SELECT schema_name AS name FROM (
         SELECT database_name, schema_name, table_name FROM duckdb_tables()
         UNION ALL SELECT database_name, schema_name, view_name FROM duckdb_views()
       ) WHERE database_name = ${quoteText(catalog)} AND schema_name = 'main' AND lower(table_name) = '${table}'`,
    );
    if (found === undefined)
      throw new Failure('BAD_CONFIG', `source ${path} has no table ${table}; expected users and measurements in its schema main`);
    const relation = `${quoteIdentifier(catalog)}.main.${table}`;
    tables.push({
      table,
      format: 'table',
      parts: [{ name: `${basename(path)} table ${table}`, relation, file: null, reader: () => relation, types: new Map() }],
    });
  }
  return tables;
}

export function isLockError(thrown: unknown): boolean {
  return isNativeError(thrown) && thrown.message.startsWith('IO Error: Could not set lock on file');
}

/** Checks that a part has all columns, with types that can be read. */
async function checkColumns(database: Database, { table }: TableSource, part: Part): Promise<void> {
  for (const [column, wanted] of sourceColumns(table)) {
    const type = part.types.get(column);
    if (type === undefined) {
      const names = sourceColumns(table).map(([name]) => name);
      throw contractFailure(part, `has no column ${column}; expected ${names.join(', ')}`);
    }
    if (!accepts(wanted, type)) {
      if (!(await isEmpty(database, part, column)))
        throw contractFailure(part, `column ${column} is ${typeName(type)}; expected ${expectedTypes[wanted]}`);
      part.types.set(column, '"NULL"');
    }
  }
}

/** Sets the types of all parts, with one query for the schemas and one DESCRIBE for each different schema. */
async function readParquetTypes(database: Database, { table, parts }: TableSource): Promise<void> {
  const schemas = await parquetSchemas(database, parts);
  const known = new Map<string, Map<string, string>>();
  for (const part of parts) {
    const columns = topColumns(schemas.get(part.file?.path ?? '') ?? []);
    const key = JSON.stringify(columns);
    let types = known.get(key);
    if (types === undefined) {
      const names = columns.map(({ name }) => name);
      checkTwice(part, table, names);
      types = await describe(database, part, 'parquet');
      for (const { name, type } of columns)
        if (types.get(name.toLowerCase()) === 'BLOB' && type !== 'FIXED_LEN_BYTE_ARRAY(16)') types.set(name.toLowerCase(), BYTES);
      known.set(key, types);
    }
    part.types = new Map(types);
  }
}

/** An element of a parquet schema; `children` is the number of its child elements, which follow it. */
interface ParquetElement {
  name: string;
  /** The physical type; for bytes of a fixed length with the length. */
  type: string;
  logicalType: string;
  children: number;
}

/** The schema of each file by path, as stored in the file: readers rename or drop repeated columns. */
async function parquetSchemas(database: Database, parts: Part[]): Promise<Map<string, ParquetElement[]>> {
  const read = (some: Part[]) =>
    database.rows(
      `SELECT file_name, name, concat(type, '(' || type_length || ')') AS type, concat_ws(' ', duckdb_type, converted_type, logical_type) AS logical_type,
         COALESCE(num_children, 0) AS children
       FROM parquet_schema(${fileList(some.flatMap(({ file }) => file?.path ?? []))}) ORDER BY file_name, column_id`,
    );
  const rows = await read(parts).catch(async (thrown) => {
    for (const part of parts) {
      await read([part]).catch((cause) => {
        throw unreadable(part, 'parquet', cause);
      });
    }
    throw thrown;
  });
  const schemas = new Map<string, ParquetElement[]>();
  for (const row of rows) {
    const path = String(row.file_name);
    const element = {
      name: String(row.name),
      type: String(row.type),
      logicalType: String(row.logical_type),
      children: Number(row.children),
    };
    const schema = schemas.get(path);
    if (schema === undefined) schemas.set(path, [element]);
    else schema.push(element);
  }
  return schemas;
}

/** The columns of a parquet schema, which lists the root, then each column followed by its child elements. */
function topColumns(schema: ParquetElement[]): ParquetElement[] {
  const columns: ParquetElement[] = [];
  let inside = 0;
  for (const element of schema.slice(1)) {
    if (inside === 0) columns.push(element);
    else inside -= 1;
    inside += element.children;
  }
  return columns;
}

/** In NDJSON a column exists if any row has it. error_type always exists, because rows may leave out NULLs. */
async function readTypes(database: Database, { table, format, parts }: TableSource): Promise<void> {
  for (const part of parts) {
    if (format === 'ndjson') await checkKeys(database, table, part);
    part.types = await describe(database, part, format);
    if (format !== 'ndjson') continue;
    for (const [column, type] of sourceColumns(table)) {
      if (type !== 'text' && (await isEmpty(database, part, column)) && !(await isEmpty(database, part, null)))
        part.types.delete(column);
    }
  }
}

/** DuckDB's names of the JSON types that a column may have. NULL and missing values are always allowed. */
const jsonTypes = {
  id: `'VARCHAR', 'BIGINT', 'UBIGINT', 'HUGEINT', 'BOOLEAN', 'OBJECT', 'ARRAY', 'NULL'`, // an object is read as its text
  instant: `'VARCHAR', 'BIGINT', 'UBIGINT', 'DOUBLE', 'NULL'`, // numbers are refused with their line
  text: `'VARCHAR', 'NULL'`,
} satisfies Record<SourceColumnType, string>;

const expectedJson = { id: 'whole numbers or text', instant: 'text', text: 'text or null' } satisfies Record<
  SourceColumnType,
  string
>;

/** Refuses repeated keys, of which the reader takes one, and fractions: the reader keeps a number's text, so 1 and 1.0 would be two ids. */
async function checkKeys(database: Database, table: SourceTable, part: Part): Promise<void> {
  const columns = sourceColumns(table);
  const squashed = columns.map(([name]) => quoteText(squash(name))).join(', ');
  const types = columns.map(([name, wanted]) => {
    const type = `json_type(json, '$.${name}')`;
    return `string_agg(DISTINCT ${type}) FILTER (WHERE ${type} NOT IN (${jsonTypes[wanted]})) AS ${name}`;
  });
  let found: Record<string, unknown>[];
  try {
    found = await database.rows(
      `SELECT CAST(to_json(list_filter(json_keys(json), lambda key: regexp_replace(lower(key), '[_ -]', '', 'g') IN (${squashed}))) AS VARCHAR) AS keys,
         ${types.join(', ')}
       FROM read_ndjson_objects(${fileList([part.file?.path ?? ''])}, compression = '${part.file?.compression}', hive_partitioning = false)
       GROUP BY keys`,
    );
  } catch (thrown) {
    throw unreadable(part, 'ndjson', thrown);
  }
  for (const row of found) {
    const keys = JSON.parse(String(row.keys)) as string[];
    checkTwice(part, table, keys);
    for (const [name, wanted] of columns) {
      if (!keys.includes(name) && keys.some((key) => squash(key) === squash(name)))
        throw contractFailure(part, `has rows that spell ${name} in another way; expected the key ${name} in all rows`);
      const others = row[name];
      if (typeof others === 'string')
        throw contractFailure(
          part,
          `column ${name} has ${others === 'DOUBLE' ? 'a number with a fraction or an exponent' : 'values of other types'}; expected ${expectedJson[wanted]}`,
        );
    }
  }
}

/** Makes errorType, ERROR_TYPE and error-type equal, which people use for the same name. */
function squash(name: string): string {
  return name.toLowerCase().replaceAll(/[_ -]/g, '');
}

/** Types of a part's columns by lower-case name. */
async function describe(database: Database, part: Part, format: string): Promise<Map<string, string>> {
  try {
    const columns = await database.rows(`SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM ${part.relation})`);
    return new Map(columns.map((row) => [String(row.column_name).toLowerCase(), String(row.column_type)]));
  } catch (thrown) {
    throw unreadable(part, format, thrown);
  }
}

/** Whether a column of the part is all NULL; without a column, whether the part has no rows. */
async function isEmpty(database: Database, part: Part, column: string | null): Promise<boolean> {
  const where = column === null ? '' : `WHERE ${quoteIdentifier(column)} IS NOT NULL`;
  try {
    return (await database.rows(`SELECT 1 AS found FROM ${part.relation} ${where} LIMIT 1`)).length === 0;
  } catch (thrown) {
    throw unreadable(part, part.file?.format ?? 'table', thrown);
  }
}

/** Kinds of errors that no file causes. */
const ENDED = ['INTERRUPT', 'Out of Memory'];

async function blame(database: Database, tables: TableSource[], uuids: Set<string>, thrown: unknown): Promise<unknown> {
  if (ENDED.includes(errorKind(thrown))) return thrown;
  for (const source of tables) {
    for (const part of source.parts) {
      for (const [column, wanted] of sourceColumns(source.table)) {
        const cell = cellOf(source, part, [column, wanted], uuids);
        try {
          await database.rows(`SELECT max(${cell}) IS NULL AS empty FROM ${part.relation}`);
        } catch (cause) {
          if (ENDED.includes(errorKind(cause))) return cause;
          if (wanted === 'instant' && isNativeError(cause) && cause.message.includes(CELL_ERRORS.instant)) {
            const line = await lineOf(database, source, part, cell);
            const expected = 'expected timestamps such as 2025-12-23T06:00:00Z in all rows, or nothing';
            return contractFailure(
              part,
              `column ${column} can't be read; ${expected}${line === null ? '' : ` (line ${line})`}`,
              cause,
            );
          }
          const reason = reasonOf(cause);
          const expected =
            source.format === 'table' ? 'a table or view that can be read to its end' : 'a complete, uncorrupted file';
          const text = reason === null ? `can't be read; expected ${expected}` : `can't be read: it ${reason}`;
          return contractFailure(part, `column ${column} ${text}`, cause);
        }
      }
    }
  }
  return thrown;
}

/** The line on which the first row with a refused cell begins. A cell of CSV may hold line breaks. */
async function lineOf(database: Database, source: TableSource, part: Part, cell: string): Promise<number | null> {
  if (source.format !== 'csv' && source.format !== 'ndjson') return null;
  const refused = cell.replaceAll(`error('${CELL_ERRORS.instant}')`, `TIMESTAMPTZ 'infinity'`);
  const cells = 'concat(*COLUMNS(*))';
  const breaks = source.format === 'csv' ? `length(${cells}) - length(replace(${cells}, chr(10), ''))` : '0';
  await database.run('SET preserve_insertion_order = true');
  try {
    const [first] = await database.rows(
      `SELECT min(line) AS line FROM (
         SELECT row_number() OVER () + COALESCE(sum(${breaks}) OVER (ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS line,
           ${refused} AS instant FROM ${part.relation}
       ) WHERE instant = 'infinity'`,
    );
    return first === undefined ? null : Number(first.line) + (source.format === 'csv' ? 1 : 0);
  } finally {
    await database.run('SET preserve_insertion_order = false');
  }
}

function contractFailure(part: { name: string }, text: string, cause?: unknown): Failure {
  return new Failure('SOURCE_CONTRACT', `source ${part.name} ${text}`, { cause });
}

async function loadDemo(database: Database, now: Date): Promise<void> {
  const demo = generateDemo(now);
  for (const table of sourceTableNames) {
    const columns = sourceColumns(table);
    // passes each column as one string that the engine splits: many times faster than an appender, which takes single cells
    const texts = Object.entries<(string | number)[]>(demo[table]).map(([name, values]) => [name, values.join('\n')]);
    const lists = columns.map(([name]) => `unnest(string_split($${name}, chr(10))) AS ${name}`);
    const cells = columns.map(([name, type]) => {
      const cell = `NULLIF(${name}, '')`;
      return `${type === 'instant' ? `to_timestamp(CAST(${cell} AS BIGINT))` : cell} AS ${name}`;
    });
    await database.run(
      `CREATE OR REPLACE TABLE source_${table} AS SELECT ${cells.join(', ')} FROM (SELECT ${lists.join(', ')})`,
      Object.fromEntries(texts),
    );
  }
}
