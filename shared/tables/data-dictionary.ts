import { type SourceColumnType, type SourceTable, sourceTableNames, sourceTables } from '../source-contract';
import type { TableDefinition } from '.';

/** docs/data-dictionary.md: every column of every table, sources included, as Markdown. */
export function dataDictionary(tables: readonly TableDefinition[]): string {
  return `# Data dictionary

Generated from the definitions in shared/tables by \`npm run generate\`; change them there.

A report is 12 rows in each of four tables: one for the report date and one for each of the eleven days before it, in the report time
zone. Counts are never NULL. Rates and percentages are on a scale of 0 to 100, unrounded, and NULL where their divisor is 0. A day is
reported twelve times; the report with the newest \`report_date\` has its final figures.

${tables.map(describeTable).join('\n')}
## Sources

What the two source tables must hold. A deployer maps their own tables onto them with views. A row with NULL in a column that is not
nullable takes part in no metric, but makes a first test if it has a \`user_id\` and a \`created_at\`.

${sourceTableNames.map(describeSource).join('\n')}`;
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
