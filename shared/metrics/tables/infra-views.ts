import { periodColumns } from './columns';
import { reportTableDefinitions } from './index';

/** The text of infra/views/metric_definitions.sql: a row for each column that is a table's own, read off the definitions. */
export function metricDefinitionsView(): string {
  const rows = Object.values(reportTableDefinitions).flatMap(({ name: table, columns }) =>
    columns
      .filter(({ name }) => !(name in periodColumns || name === 'created_at'))
      .map(({ name, type, description }) => [table, name, type, description].map(literal)),
  );
  const selects = rows.map(([table, metric, type, definition], index) =>
    index === 0
      ? `SELECT ${table} AS table_name, ${metric} AS metric, ${type} AS type, ${definition} AS definition`
      : `SELECT ${table}, ${metric}, ${type}, ${definition}`,
  );
  return `-- One row per metric: where it is, and how it is defined.\n${selects.join('\nUNION ALL\n')}\n`;
}

/** A text as every engine reads it; they don't agree on how to write a quote, a backslash or a line break. `${` is Terraform's. */
function literal(text: string): string {
  if (/['\\\n]|[$%]\{/.test(text)) throw new Error(`no quote, backslash, line break or template in a description: ${text}`);
  return `'${text}'`;
}
