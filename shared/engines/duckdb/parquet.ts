import type { TableDefinition } from '../../metrics/tables';
import { selectOfRows } from './columns';
import { openDatabase, quoteText, toEngineFailure } from './connection';

/** Writes rows of a table to a new file, in the given order. With the same version of DuckDB, the same rows give the same bytes. */
export async function writeParquet(path: string, { columns }: TableDefinition, rows: readonly object[]): Promise<void> {
  const database = await openDatabase();
  try {
    await database.run('SET threads = 1; SET preserve_insertion_order = true');
    await database.run(`COPY (${selectOfRows(columns)}) TO ${quoteText(path)} (FORMAT parquet)`, { rows: JSON.stringify(rows) });
  } catch (thrown) {
    throw toEngineFailure(thrown);
  } finally {
    database.close();
  }
}
