import type { TableDefinition } from './index';

/** The text of infra/schemas/<table>.json: the columns as BigQuery reads them. */
export function infraSchema({ columns }: TableDefinition): string {
  const fields = columns.map(({ name, type, mode, description }) => ({ name, type, mode, description }));
  return `${JSON.stringify(fields, null, 2)}\n`;
}
