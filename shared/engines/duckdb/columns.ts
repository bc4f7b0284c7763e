import type { Column } from '../../metrics/tables';
import type { BigQueryType } from '../../metrics/tables/columns';

export const duckDbTypes = {
  STRING: 'VARCHAR',
  INT64: 'BIGINT',
  FLOAT64: 'DOUBLE',
  BOOL: 'BOOLEAN',
  DATE: 'DATE',
  TIMESTAMP: 'TIMESTAMPTZ',
} satisfies Record<BigQueryType, string>;

/** A query that returns the rows of `$rows`, a JSON array, with the types of the columns. */
export function selectOfRows(columns: readonly Column[]): string {
  const names = columns.map(({ name }) => name).join(', ');
  const structure = columns.map(({ name, type }) => `"${name}": "${duckDbTypes[type]}"`).join(', ');
  return `SELECT ${names} FROM (SELECT unnest(from_json(CAST($rows AS JSON), '[{${structure}}]'), recursive := true))`;
}
