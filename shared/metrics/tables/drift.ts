import { optionalColumns, type TableDefinition } from '.';
import type { BigQueryType } from './columns';

/** A column of an existing table. `type` is the engine's own name of the type. */
export interface FoundColumn {
  name: string;
  type: string;
  mode: 'REQUIRED' | 'NULLABLE' | 'REPEATED';
}

/**
 * Why an existing table can't take rows of a definition, in words that follow its name; null if it can. Extra nullable columns are not drift:
 * the table may be newer than the program. A NULLABLE column is not drift either where the definition says REQUIRED, because a column that was
 * added later can't be REQUIRED.
 */
export function driftOf(
  definition: TableDefinition,
  columns: readonly FoundColumn[],
  typeName: (type: BigQueryType) => string,
): string | null {
  const found = new Map(columns.map((column) => [column.name, column]));
  const optional = optionalColumns(definition);
  for (const column of definition.columns) {
    const there = found.get(column.name);
    found.delete(column.name);
    if (there === undefined && optional.includes(column)) continue;
    if (there === undefined) return `has no column ${column.name}`;
    const expected = typeName(column.type);
    if (there.type !== expected) return `has column ${column.name} as ${there.type}, expected ${expected}`;
    if (there.mode !== column.mode && there.mode !== 'NULLABLE')
      return `has column ${column.name} as ${there.mode}, expected ${column.mode}`;
  }
  const required = [...found.values()].find(({ mode }) => mode !== 'NULLABLE');
  return required === undefined ? null : `has a column ${required.name} that is unknown here and not NULLABLE`;
}
