/** The two source tables: their columns and what each must hold (docs/data-dictionary.md, "Sources"). */
export const sourceTables = {
  users: {
    user_id: { type: 'id', description: 'Unique; who the account belongs to' },
    created_at: { type: 'instant', description: 'When the account was created' },
  },
  measurements: {
    measurement_id: { type: 'id', description: 'Unique' },
    user_id: { type: 'id', description: 'Who took the test' },
    session_id: { type: 'id', description: 'The sitting that the attempt belongs to' },
    created_at: { type: 'instant', description: 'When the test was taken' },
    error_type: { type: 'text', description: 'NULL or the empty text: the test succeeded; else the kind of error' },
  },
} as const satisfies Record<string, Record<string, { type: SourceColumnType; description: string }>>;

/** Ids are compared as text, by code point. An instant is a TIMESTAMP. Text may be NULL. */
export type SourceColumnType = 'id' | 'instant' | 'text';
export type SourceTable = keyof typeof sourceTables;
export const sourceTableNames = Object.keys(sourceTables) as SourceTable[];

/** File name endings of source files. */
export const SOURCE_FILE_NAME = /\.(?:(csv|tsv|ndjson|jsonl)(\.gz|\.zst)?|parquet|parq)$/i;

/** The table that a file or folder of a source is named after; undefined if none. */
export function tableOfName(name: string): SourceTable | undefined {
  const stem = name.replace(SOURCE_FILE_NAME, '').toLowerCase();
  return sourceTableNames.find((table) => table === stem);
}

/** The unique column. */
export const sourceIds = { users: 'user_id', measurements: 'measurement_id' } as const satisfies Record<SourceTable, string>;

export function sourceColumns(table: SourceTable): [name: string, type: SourceColumnType][] {
  return Object.entries(sourceTables[table]).map(([name, { type }]) => [name, type]);
}
