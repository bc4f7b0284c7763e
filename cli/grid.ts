import Table from 'cli-table3';
import { colors } from './colors';

/** A column of a table for the terminal. */
export interface GridColumn {
  head: string;
  align: 'left' | 'right';
  cells: readonly string[];
  /** If the table is too wide, the column with the lowest number is left out first. Null: always shown. */
  keep?: number | null;
}

export interface GridOptions {
  /** Columns of the terminal. A table that can't be made to fit stays wider. */
  width?: number;
}

/** A table with lines around its cells. Leaves out columns until the rest fits; `omitted` has their heads. */
export function renderGrid(columns: readonly GridColumn[], { width = Number.POSITIVE_INFINITY }: GridOptions = {}) {
  const omitted = new Set<GridColumn>();
  const order = columns.filter(({ keep }) => keep != null).sort((one, other) => (one.keep ?? 0) - (other.keep ?? 0));
  let text = draw(columns);
  for (const column of order) {
    if (widthOf(text) <= width) break;
    omitted.add(column);
    text = draw(columns.filter((one) => !omitted.has(one)));
  }
  return { text, omitted: columns.filter((column) => omitted.has(column)).map(({ head }) => head) };
}

/** Splits a table that is too wide into several below each other. Each begins with the first column. All columns are shown. */
export function renderBlocks([first, ...rest]: readonly [GridColumn, ...GridColumn[]], { width }: Required<GridOptions>): string {
  const blocks: GridColumn[][] = [];
  for (const column of rest) {
    const block = blocks.at(-1);
    if (block !== undefined && widthOf(draw([...block, column])) <= width) block.push(column);
    else blocks.push([first, column]);
  }
  return blocks.map(draw).join('\n');
}

function draw(columns: readonly GridColumn[]): string {
  const hasHead = columns.some(({ head }) => head !== '');
  const table = new Table({
    head: hasHead ? columns.map(({ head }) => colors.bold(head)) : [],
    colAligns: columns.map(({ align }) => align),
    style: { head: [], border: [], compact: true },
  });
  const rows = columns[0]?.cells.length ?? 0;
  for (let row = 0; row < rows; row++) table.push(columns.map(({ cells }) => cells[row] ?? ''));
  return table.toString();
}

/** The width of a table: that of its first line, which has no colours. */
function widthOf(table: string): number {
  return table.indexOf('\n');
}
