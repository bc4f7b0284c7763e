import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { openDatabase, quoteText } from '../../shared/engines/duckdb/connection';
import { type SourceTable, sourceColumns, sourceTableNames } from '../../shared/metrics/source-contract';
import type { SourceRows } from './source-rows';

export const sourceFormats = ['csv', 'ndjson', 'parquet'] as const;
export type SourceFormat = (typeof sourceFormats)[number];

/** The same rows over three files of a folder and its sub-folders: compressed or not, with other separators, of other types. */
export type PartedFormat = `${SourceFormat} in parts`;

type Row = Record<string, string | null>;

/** Writes users.* and measurements.*, or folders of that name, into the folder. */
export async function writeSource(folder: string, format: SourceFormat | PartedFormat, rows: SourceRows): Promise<void> {
  for (const table of sourceTableNames) {
    const records = rows[table].map((row): Row => ({ ...row }));
    if (format === 'csv' || format === 'ndjson' || format === 'parquet') {
      await writers[format](join(folder, `${table}.${format}`), table, records);
      continue;
    }
    for (const [index, name] of partNames[format].entries()) {
      const file = join(folder, table, name);
      mkdirSync(dirname(file), { recursive: true });
      const part = records.filter((_, row) => row % partNames[format].length === index);
      await writers[baseFormat(format)](file, table, part);
    }
  }
}

const partNames: Record<PartedFormat, readonly string[]> = {
  'csv in parts': ['a.csv', 'old/B.CSV.GZ', 'old/2025/c.tsv'],
  'ndjson in parts': ['a.ndjson', 'old/b.jsonl.gz', 'old/2025/c.jsonl'],
  'parquet in parts': ['a.parquet', 'old/b-local.parquet', 'old/2025/c-text.parq'],
};

function baseFormat(format: PartedFormat): SourceFormat {
  return sourceFormats.find((base) => format.startsWith(base)) ?? 'csv';
}

const writers: Record<SourceFormat, (file: string, table: SourceTable, records: Row[]) => void | Promise<void>> = {
  csv: (file, table, records) => writeText(file, csv(table, records, file.endsWith('.tsv') ? '\t' : ',')),
  ndjson: (file, _table, records) => writeText(file, ndjson(records)),
  parquet: writeParquet,
};

function writeText(file: string, text: string): void {
  writeFileSync(file, /\.gz$/i.test(file) ? gzipSync(text) : text);
}

function columnNames(table: SourceTable): string[] {
  return sourceColumns(table).map(([name]) => name);
}

/** NULL is an empty field; every other field is quoted. */
function csv(table: SourceTable, records: Row[], separator: string): string {
  const names = columnNames(table);
  const field = (value: string | null | undefined) => (value == null ? '' : `"${value.replaceAll('"', '""')}"`);
  return [names.join(separator), ...records.map((row) => names.map((name) => field(row[name])).join(separator))]
    .map((line) => `${line}\n`)
    .join('');
}

/** NULLs are left out. */
function ndjson(records: Row[]): string {
  return records
    .map((row) => `${JSON.stringify(Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)))}\n`)
    .join('');
}

/** Ids as text, instants as TIMESTAMP WITH TIME ZONE; those of *-local as TIMESTAMP in UTC, of *-text as text. */
async function writeParquet(file: string, table: SourceTable, records: Row[]): Promise<void> {
  const columns = sourceColumns(table);
  const instantType = file.includes('-text') ? null : file.includes('-local') ? 'TIMESTAMP' : 'TIMESTAMPTZ';
  const database = await openDatabase();
  try {
    const structure = columns.map(([name]) => `"${name}": "VARCHAR"`).join(', ');
    const typed = columns
      .map(([name, type]) =>
        type === 'instant' && instantType !== null ? `CAST(CAST(${name} AS TIMESTAMPTZ) AS ${instantType}) AS ${name}` : name,
      )
      .join(', ');
    await database.run(
      `CREATE TABLE written AS SELECT unnest(from_json(CAST($rows AS JSON), '[{${structure}}]'), recursive := true)`,
      {
        rows: JSON.stringify(records),
      },
    );
    await database.run(`COPY (SELECT ${typed} FROM written) TO ${quoteText(file)} (FORMAT parquet)`);
  } finally {
    database.close();
  }
}
