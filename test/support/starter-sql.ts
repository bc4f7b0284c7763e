import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = join(__dirname, '../../docs/sql');

/** The queries of docs/sql by name. */
export const starterQueries: [name: string, sql: string][] = readdirSync(folder)
  .filter((file) => file.endsWith('.sql'))
  .map((file) => [file.replace('.sql', ''), readFileSync(join(folder, file), 'utf8')]);

/** Those that run on both engines, and in an emulator. */
export const portableQueries = starterQueries.filter(([name]) => !name.endsWith('.bigquery'));
