/**
 * A line of names, then one per row, quoted as RFC 4180 has it. Lines end with `\n`, the last with nothing; NULL is an empty cell. Texts are
 * those of tables (dates, labels), never a user's, so none can be a formula of a spreadsheet; what people wrote comes escaped.
 */
export function renderCsv<Row extends object>(rows: readonly Row[], columns: readonly string[]): string {
  const lines = rows.map((row) => columns.map((column) => row[column as keyof Row]));
  return [columns, ...lines].map((cells) => cells.map(formatCell).join(',')).join('\n');
}

function formatCell(value: unknown): string {
  const text = value === null || value === undefined ? '' : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
