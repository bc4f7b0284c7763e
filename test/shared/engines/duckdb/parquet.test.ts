import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openDatabase, quoteText } from '../../../../shared/engines/duckdb/connection';
import { writeParquet } from '../../../../shared/engines/duckdb/parquet';
import { releaseDefinitions } from '../../../../shared/metrics/tables/release-tables';
import { releasedRows } from '../../../support/released-rows';
import { inTemporaryFolder } from '../../../support/temporary-folder';

/** More than DuckDB takes in one piece (2,048). */
const rows = releasedRows(3000, 'day');

test('a table has its types, its order, and NULL where it is hidden', () =>
  inTemporaryFolder(async (folder) => {
    const path = join(folder, "it's a.parquet");
    await writeParquet(path, releaseDefinitions.day, rows);
    const database = await openDatabase();
    try {
      expect(await database.rows(`SELECT * FROM ${quoteText(path)}`)).toEqual(rows);
      const columns = await database.rows(`SELECT column_name, column_type FROM (DESCRIBE FROM ${quoteText(path)})`);
      const types = new Map(columns.map(({ column_name, column_type }) => [column_name, column_type]));
      expect(['period_start_date', 'released_at', 'all_tests', 'conversion_rate'].map((name) => types.get(name))).toEqual([
        ...['DATE', 'TIMESTAMP WITH TIME ZONE', 'BIGINT', 'DOUBLE'],
      ]);
    } finally {
      database.close();
    }
  }));

test('the same rows make the same bytes', () =>
  inTemporaryFolder(async (folder) => {
    const write = async (name: string) => {
      await writeParquet(join(folder, name), releaseDefinitions.day, rows);
      return readFileSync(join(folder, name));
    };
    const [one, other] = [await write('one.parquet'), await write('other.parquet')];
    expect(one.equals(other)).toBe(true);
    expect(one.length).toBeGreaterThan(1000);
  }));
