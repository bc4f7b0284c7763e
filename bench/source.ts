import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import generate from './generate.sql';

const DATA = 'bench/.data';

/** A folder with `rows` measurements as Parquet, and an account for every `rowsPerAccount` of them; made on first use. */
export async function sourceOf(rows: number, rowsPerAccount = 40): Promise<string> {
  const folder = join(DATA, rowsPerAccount === 40 ? `source-${rows}` : `source-${rows}-${rowsPerAccount}`);
  if (existsSync(folder)) return folder;
  process.stderr.write(`making ${rows} measurements\n`);
  const unfinished = `${folder}.unfinished`;
  mkdirSync(unfinished, { recursive: true });
  await withDuckDb(async (connection) => {
    await connection.run(
      `SET preserve_insertion_order = true; SET VARIABLE row_count = ${rows}; SET VARIABLE rows_per_account = ${rowsPerAccount}`,
    );
    for (const { sql } of statements(generate)) await connection.run(sql);
    for (const table of ['users', 'measurements'])
      await connection.run(`COPY ${table} TO '${join(unfinished, `${table}.parquet`)}'`);
  });
  renameSync(unfinished, folder);
  return folder;
}

/** A connection as an expert would open it for this: all threads, rows in any order, UTC. */
export async function withDuckDb<Result>(work: (connection: DuckDBConnection) => Promise<Result>): Promise<Result> {
  const instance = await DuckDBInstance.create(':memory:', {
    threads: String(availableParallelism()),
    preserve_insertion_order: 'false',
  });
  const connection = await instance.connect();
  try {
    await connection.run("SET TimeZone = 'UTC'");
    return await work(connection);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

/** The statements of a text, each with the comment line right above it. */
export function statements(text: string): { title: string; sql: string }[] {
  return text
    .split(/;\s*$/m)
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map((part) => {
      const comments = [...part.matchAll(/^-- (.*)$/gm)];
      return { title: comments.at(-1)?.[1] ?? '', sql: part.replaceAll(/^--.*$/gm, '').trim() };
    });
}
