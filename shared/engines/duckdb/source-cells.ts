import type { SourceColumnType } from '../../metrics/source-contract';
import { quoteIdentifier } from './connection';
import { CELL_ERRORS } from './reasons';
import type { FileFormat } from './source-files';

export type CellFormat = FileFormat | 'table';

/** The type of a parquet column of bytes without a logical type: older writers use it for text. */
export const BYTES = 'BYTES';

export const expectedTypes = {
  id: 'text or a number',
  instant: 'a timestamp or date, with or without time zone, or text with one',
  text: 'text',
} satisfies Record<SourceColumnType, string>;

/** Whether a column of `type` can be read as `wanted`. */
export function accepts(wanted: SourceColumnType, type: string): boolean {
  if (wanted === 'instant') return /^(TIMESTAMP|DATE$|VARCHAR$)/.test(type) || type === BYTES;
  if (wanted === 'text') return type === 'VARCHAR' || type.startsWith('ENUM(') || type === '"NULL"' || type === BYTES;
  return !/^(STRUCT|MAP|UNION)|\[\d*\]$/.test(type);
}

export interface Cell {
  column: string;
  wanted: SourceColumnType;
  /** The column's type in the source. */
  type: string;
  format: CellFormat;
  /** Whether the column has UUIDs in any part of the source. */
  isUuid: boolean;
}

/** SQL that reads a cell: ids and texts as text, instants as TIMESTAMPTZ. An empty cell of CSV is NULL. */
export function cellExpression({ column, wanted, type, format, isUuid }: Cell): string {
  const name = quoteIdentifier(column);
  if (type === '"NULL"') return `CAST(NULL AS ${wanted === 'instant' ? 'TIMESTAMPTZ' : 'VARCHAR'})`;
  const cell = plainCell(name, type, format);
  const cellType = type === BYTES ? 'VARCHAR' : type;
  if (wanted === 'instant') return instantExpression(cell, cellType);
  if (wanted === 'id') return idExpression(cell, cellType, isUuid);
  return cellType === 'VARCHAR' ? cell : `CAST(${cell} AS VARCHAR)`;
}

/** The cell without a column's collation, which only tables have: a collation can make two ids equal. */
function plainCell(name: string, type: string, format: CellFormat): string {
  if (format === 'csv') return `NULLIF(${name}, '')`;
  if (format === 'table' && type === 'VARCHAR') return `(${name} COLLATE "binary")`;
  return type === BYTES ? `decode(${name})` : name;
}

/** An id as text: whole numbers without fraction or exponent, UUIDs in lower case. */
function idExpression(cell: string, type: string, isUuid: boolean): string {
  if (type === 'VARCHAR')
    return isUuid ? `CASE WHEN regexp_full_match(${cell}, '${UUID}') THEN lower(${cell}) ELSE ${cell} END` : cell;
  const exact = type === 'DOUBLE' ? 2 ** 53 : type === 'FLOAT' ? 2 ** 24 : type.startsWith('DECIMAL') ? '1e38' : null;
  if (exact !== null) {
    return `CASE WHEN ${cell} IS NULL THEN NULL WHEN ${cell} = trunc(${cell}) AND abs(${cell}) < ${exact}
      THEN CAST(CAST(${cell} AS HUGEINT) AS VARCHAR) ELSE error('${CELL_ERRORS.fraction}') END`;
  }
  if (type === 'BLOB') {
    // 16 printable ASCII bytes are text: fewer than one UUID in a million looks like that
    return `CASE WHEN ${cell} IS NULL THEN NULL WHEN regexp_full_match(hex(${cell}), '([2-6][0-9A-F]|7[0-9A-E]){16}') THEN decode(${cell})
      WHEN octet_length(${cell}) = 16 THEN CAST(CAST(hex(${cell}) AS UUID) AS VARCHAR)
      ELSE error('${CELL_ERRORS.bytes}') END`;
  }
  return `CAST(${cell} AS VARCHAR)`;
}

function instantExpression(cell: string, type: string): string {
  if (type === 'TIMESTAMP WITH TIME ZONE') return cell;
  if (type === 'VARCHAR') {
    // with an offset DuckDB requires seconds; ISO 8601 doesn't
    const withSeconds = `regexp_replace(${cell}, '${NO_SECONDS}', '\\1:00\\2')`;
    return `CASE WHEN ${cell} IS NULL THEN NULL WHEN regexp_full_match(${cell}, '${INSTANT}')
      THEN COALESCE(TRY_CAST(${cell} AS TIMESTAMPTZ), TRY_CAST(${withSeconds} AS TIMESTAMPTZ), error('${CELL_ERRORS.instant}'))
      ELSE error('${CELL_ERRORS.instant}') END`;
  }
  // a time without zone is UTC; a plain cast would call the time zone library for each row
  const local = type === 'TIMESTAMP' ? cell : `TRY_CAST(${cell} AS TIMESTAMP)`;
  return `CASE WHEN ${local} < TIMESTAMP '0001-01-01' THEN TIMESTAMPTZ '-infinity'
    WHEN ${local} > TIMESTAMP '9999-12-31' THEN TIMESTAMPTZ 'infinity' ELSE make_timestamptz(epoch_us(${local})) END`;
}

const NO_SECONDS = String.raw`^(\d{4}-\d\d-\d\d[T ]\d\d:\d\d)([Z+ -]|$)`;
/** ISO 8601 with an offset, a zone name, or neither. Abbreviations such as IST are refused, because they are ambiguous. */
const INSTANT = String.raw`\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?( ?(Z|UTC|[+-](0\d|1[0-5])(:?[0-5]\d)?)| [A-Z][A-Za-z_]+(/[A-Za-z0-9_+-]+)+)?)?`;
const UUID = '[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}';
