import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(__dirname, '..', '..');
const folder = join(root, 'docs', 'sql');

/** The queries of docs/sql by name. */
export const starterQueries: [name: string, sql: string][] = readdirSync(folder)
  .filter((file) => file.endsWith('.sql'))
  .map((file) => [file.replace('.sql', ''), readFileSync(join(folder, file), 'utf8')]);

/** The views that they read, each after those that it reads itself; tables under the names that `nameTable` gives. */
export function biViews(nameTable: (table: string) => string): [name: string, sql: string][] {
  return ['latest_report', 'daily_kpis', 'kpi_trends', 'metric_definitions'].map((name) => {
    const text = readFileSync(join(root, 'infra', 'views', `${name}.sql`), 'utf8');
    return [name, text.replaceAll(/\$\{(\w+)\}/g, (_, table) => nameTable(table))];
  });
}
