import type { SourceCounts } from '../engine';
import { type SourceTable, sourceIds } from '../source-contract';

/** What an inspection counts in a source table, in the SQL that both engines understand. One row. */
export function selectSourceCounts(table: SourceTable): string {
  const id = sourceIds[table];
  return `SELECT
  COUNT(*) AS source_rows,
  COUNTIF(created_at IS NULL) AS without_created_at,
  COUNT(${id}) - COUNT(DISTINCT ${id}) AS repeated_ids
FROM source_${table}`;
}

/** The row of selectSourceCounts. */
export function parseSourceCounts(row: Record<string, unknown> = {}): SourceCounts {
  return {
    rows: Number(row.source_rows),
    withoutCreatedAt: Number(row.without_created_at),
    repeatedIds: Number(row.repeated_ids),
  };
}
