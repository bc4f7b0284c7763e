import { furtherTableNames, type TableDefinition } from './index';

/**
 * The text of infra/schemas/<table>.json: the columns for BigQuery. The tables besides the core were added to existing deployments, so their
 * columns are NULLABLE even if the program always writes a value.
 */
export function infraSchema({ name: table, columns }: TableDefinition): string {
  const isFurther = (furtherTableNames as string[]).includes(table);
  const fields = columns.map(({ name, type, mode, description }) => ({
    name,
    type,
    mode: isFurther ? 'NULLABLE' : mode,
    description,
  }));
  return `${JSON.stringify(fields, null, 2)}\n`;
}

/** The text of infra/tables.json: what infra/bigquery.tf needs besides the columns. */
export function infraTables(tables: readonly TableDefinition[]): string {
  const described = tables.map(({ name, partitionColumn, description }) => [
    name,
    { partition_column: partitionColumn, description },
  ]);
  return `${JSON.stringify(Object.fromEntries(described), null, 2)}\n`;
}
