import { type SourceColumnType, type SourceTable, sourceTableNames, sourceTables } from '../source-contract';
import type { TableDefinition } from '.';

/** docs/data-dictionary.md: every column of every table, sources included, as Markdown. */
export function dataDictionary(tables: readonly TableDefinition[]): string {
  return `# Data dictionary

Generated from the definitions in shared/metrics/tables by \`npm run generate\`; change them there.

A report is 12 rows in each of four tables: one for the report date and one for each of the eleven days before it, in the report time
zone. Counts are never NULL. Rates and percentages are on a scale of 0 to 100, unrounded, and NULL where their divisor is 0. A day is
reported twelve times; the report with the newest \`report_date\` has its final figures.

${tables.map(describeTable).join('\n')}
## Sources

What the two source tables must hold. A deployer maps their own tables onto them with views. A row with NULL in a column that is not
nullable takes part in no metric, but makes a first test if it has a \`user_id\` and a \`created_at\`. A \`created_at\` before 1970-01-01 UTC
counts as none, and one after the report date is invisible. The words NULL, None or nan as text are kinds of error, unknown ones.

${sourceTableNames.map(describeSource).join('\n')}`;
}

/** docs/release-data-dictionary.md: a page that readers of the release can be given by itself, as Markdown. */
export function releaseDataDictionary(table: TableDefinition, dataset: string): string {
  return `# Data dictionary of the release

Generated from the definitions in shared/metrics/tables by \`npm run generate\`; change them there.

\`${dataset}.${table.name}\` has one row per day, in the time zone of the reports. A day is released once, as the report of the eleventh day
after it has it, and then left: days that follow don't change it. Only a correction raises \`revision\`.

**NULL means hidden**, never zero and never unknown. A number is hidden where fewer than k people stand behind it or behind what it leaves of
its whole, where one person holds more than half of it, or where the numbers that are shown would give it away; counts of 0 are hidden as
well. A day of which everything is hidden still has its row. k is 20 where nobody has set more, and never below 11.

**Counts are rounded** to the nearest multiple of b, halves up; b is 10 unless set otherwise, and never below 5. So parts need not add up to
their whole, and a sum of counts is off by up to b / 2 for each of them. **Rates** are computed from the rounded counts. They are on a scale of 0 to 100, with one
decimal; \`avg_tests_per_active_user\` is a quotient, with one decimal too. The Gini coefficient has two decimals.

Please don't try to find out about single people, and tell us if you come upon a way.

${describeTable(table)}`;
}

function describeTable({ name, description, partitionColumn, columns }: TableDefinition): string {
  const rows = columns.map((column) => [
    `\`${column.name}\``,
    column.type,
    column.mode === 'REQUIRED' ? 'no' : 'yes',
    column.description,
  ]);
  return `## ${name}\n\n${description}. Partitioned by day on \`${partitionColumn}\`.\n\n${markdownTable(['column', 'type', 'NULL', 'meaning'], rows)}`;
}

const sourceTypes: Record<SourceColumnType, string> = { id: 'STRING', instant: 'TIMESTAMP', text: 'STRING, nullable' };

function describeSource(table: SourceTable): string {
  const rows = Object.entries<{ type: SourceColumnType; description: string }>(sourceTables[table]).map(
    ([name, { type, description }]) => [`\`${name}\``, sourceTypes[type], description],
  );
  return `### ${table}\n\n${markdownTable(['column', 'type', 'meaning'], rows)}`;
}

function markdownTable(head: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`;
  return line(head) + line(head.map(() => '---')) + rows.map(line).join('');
}
