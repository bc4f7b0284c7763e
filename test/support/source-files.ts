import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openDatabase, quoteText } from '../../shared/adapters/duckdb-connection';
import { type SourceTable, sourceColumns, sourceTableNames } from '../../shared/source-contract';
import type { SourceRows } from './source-rows';

export const sourceFormats = ['csv', 'ndjson', 'parquet'] as const;
export type SourceFormat = (typeof sourceFormats)[number];

type Row = Record<string, string | null>;

/** Writes users.* and measurements.* into the folder. */
export async function writeSource(folder: string, format: SourceFormat, rows: SourceRows): Promise<void> {
  for (const table of sourceTableNames) {
    const file = join(folder, `${table}.${format}`);
    const records = rows[table].map((row): Row => ({ ...row }));
    if (format === 'csv') writeFileSync(file, csv(table, records));
    else if (format === 'ndjson') writeFileSync(file, ndjson(records));
    else await writeParquet(file, table, records);
  }
}

function columnNames(table: SourceTable): string[] {
  return sourceColumns(table).map(([name]) => name);
}

/** NULL is an empty field; every other field is quoted. */
function csv(table: SourceTable, records: Row[]): string {
  const names = columnNames(table);
  const field = (value: string | null | undefined) => (value == null ? '' : `"${value.replaceAll('"', '""')}"`);
  return [names.join(','), ...records.map((row) => names.map((name) => field(row[name])).join(','))]
    .map((line) => `${line}\n`)
    .join('');
}

/** NULLs are left out. */
function ndjson(records: Row[]): string {
  return records
    .map((row) => `${JSON.stringify(Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)))}\n`)
    .join('');
}

/** Ids as text, instants as TIMESTAMP WITH TIME ZONE. */
async function writeParquet(file: string, table: SourceTable, records: Row[]): Promise<void> {
  const columns = sourceColumns(table);
  const database = await openDatabase();
  try {
    const structure = columns.map(([name]) => `"${name}": "VARCHAR"`).join(', ');
    const typed = columns
      .map(([name, type]) => (type === 'instant' ? `CAST(${name} AS TIMESTAMPTZ) AS ${name}` : name))
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
