/**
 * Combines several queries into one statement whose answer shows whether it is complete. Each row has its query's name, the row as JSON, its
 * place, and the number of all rows; one more row, `control`, always exists. So an empty or incomplete answer can't look like a source without
 * data. All queries read the same snapshot.
 */

/** Some rows of a statement are missing. Treat the call as unanswered. */
export class IncompleteAnswer extends Error {
  override name = 'IncompleteAnswer';
}

/** The columns of a statement's answer. */
export const answerColumns = ['part', 'part_row', 'place', 'all_rows'] as const;

const CONTROL = 'control';

/** Uses window functions for the number of rows, so that no query runs twice. */
export function wholeStatement(queries: Readonly<Record<string, string>>): string {
  const parts = Object.entries(queries).map(
    ([name, sql]) => `SELECT '${name}' AS part, TO_JSON_STRING(counted) AS part_row\nFROM (\n${sql.trim()}\n) AS counted`,
  );
  const control = `SELECT '${CONTROL}' AS part, '{}' AS part_row`;
  const places = 'ROW_NUMBER() OVER (ORDER BY part, part_row) AS place, COUNT(*) OVER () AS all_rows';
  return `SELECT part, part_row, ${places}\nFROM (\n${[...parts, control].join('\nUNION ALL\n')}\n) AS answer`;
}

/** Returns the rows of each part. Throws IncompleteAnswer if rows are missing, repeated or of an unknown part. */
export function parseWholeAnswer<Name extends string>(
  names: readonly Name[],
  rows: readonly Record<string, unknown>[],
): Record<Name, Record<string, unknown>[]> {
  const found = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Name, Record<string, unknown>[]>;
  const places = new Set(rows.map(({ place }) => Number(place)));
  let controls = 0;
  for (const { part, part_row, place, all_rows } of rows) {
    if (Number(all_rows) !== rows.length || places.size !== rows.length || !(Number(place) <= rows.length))
      throw new IncompleteAnswer('rows are missing, or there are too many');
    if (part === CONTROL) controls++;
    else if (names.includes(part as Name)) found[part as Name].push(parseObject(part_row));
    else throw new IncompleteAnswer('a row of another query');
  }
  if (controls !== 1) throw new IncompleteAnswer('the row that is always there is missing');
  return found;
}

function parseObject(text: unknown): Record<string, unknown> {
  try {
    return JSON.parse(String(text));
  } catch {
    throw new IncompleteAnswer('a row that is cut off');
  }
}
