/**
 * A header, then one line per row, quoted as in RFC 4180. Lines are separated by `\n`; NULL is an empty cell. Cells hold dates and labels of
 * tables, which no spreadsheet runs as a formula. User texts must be escaped by the caller.
 */
export function renderCsv<Row extends object>(rows: readonly Row[], columns: readonly string[]): string {
  const lines = rows.map((row) => columns.map((column) => row[column as keyof Row]));
  return [columns, ...lines].map((cells) => cells.map(formatCell).join(',')).join('\n');
}

function formatCell(value: unknown): string {
  const text = value === null || value === undefined ? '' : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
