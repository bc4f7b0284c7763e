import { optionalColumns, type TableDefinition } from '.';
import type { BigQueryType } from './columns';

/** A column of a table that is there. `type` is the engine's own name for it. */
export interface FoundColumn {
  name: string;
  type: string;
  mode: 'REQUIRED' | 'NULLABLE' | 'REPEATED';
}

/**
 * What keeps rows of a definition out of a table that is there, in words that follow its name; null: nothing does. A table may be ahead of the
 * program: a column more is no drift if it takes NULL. Nor is a column that takes NULL and needn't, as one that was added later can't be
 * REQUIRED.
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
