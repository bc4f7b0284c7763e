import { CsvError, type Options, parse } from 'csv-parse/sync';
import { isDate } from '../metrics/calendar';
import { annotationsDefinition } from '../metrics/tables';
import type { Annotation } from '../metrics/tables/annotations';
import { formatCount } from '../platform/counts';

const MAX_ANNOTATIONS = 10_000;
const MAX_CHARACTERS = 200;

/** Characters that a terminal or page acts on or that reorder text: control characters, line breaks, direction marks. */
const CONTROL = /[\p{Cc}\p{Zl}\p{Zp}\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;

export const annotationColumns = annotationsDefinition.columns.map(({ name }) => name);
const EXPECTED_COLUMNS = `expected the columns ${annotationColumns.join(', ')}, separated by commas`;

/** The annotations of a file, or all of its faults: where each is and what was expected, never the content of a cell. */
export type ParsedAnnotations = { annotations: Annotation[]; faults?: undefined } | { faults: string[] };

interface Line {
  number: number;
  cells: string[];
}

/** Reads a CSV file of annotations (RFC 4180, UTF-8). Its first line names the columns, in any order. */
export function parseAnnotations(bytes: Uint8Array): ParsedAnnotations {
  const lines = readLines(bytes);
  if (typeof lines === 'string') return { faults: [lines] };
  const [head = { number: 1, cells: [] }, ...rows] = lines;
  const faults = checkHead(head);
  if (faults.length > 0) return { faults };
  const beyond = rows[MAX_ANNOTATIONS];
  if (beyond !== undefined)
    return { faults: [`line ${beyond.number}: expected at most ${formatCount(MAX_ANNOTATIONS)} annotations`] };
  const annotations: Annotation[] = [];
  for (const row of rows) {
    const parsed = parseRow(row, head.cells);
    if (Array.isArray(parsed)) faults.push(...parsed);
    else annotations.push(parsed);
  }
  return faults.length > 0 ? { faults } : { annotations };
}

/** A record of csv-parse with the option `info`. */
interface Parsed {
  info: { lines: number };
  record: string[];
}

/** Returns the non-empty lines, or the fault if the file is not CSV. */
function readLines(bytes: Uint8Array): Line[] | string {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return 'expected text in UTF-8';
  }
  try {
    const options: Options = { info: true, relax_column_count: true, skip_empty_lines: true, trim: true };
    const records = parse(text, { ...options, record_delimiter: ['\r\n', '\n', '\r'] }) as unknown as Parsed[];
    // csv-parse numbers a record by its last line; a cell may hold several lines
    return records.map(({ info, record }) => ({
      number: info.lines - record.reduce((breaks, cell) => breaks + cell.split(/\r\n|\n|\r/).length - 1, 0),
      cells: record,
    }));
  } catch (thrown) {
    if (!(thrown instanceof CsvError)) throw thrown;
    return `line ${thrown.lines}: expected double quotes around a whole cell, and each one within doubled ("")`;
  }
}

function checkHead({ number, cells }: Line): string[] {
  if (!annotationColumns.some((name) => cells.includes(name))) return [`line ${number}: ${EXPECTED_COLUMNS}`];
  const faults = cells.flatMap((name, place) => {
    const where = `line ${number}, column ${place + 1}`;
    if (!annotationColumns.includes(name)) return [`${where}: is unknown; ${EXPECTED_COLUMNS}`];
    return cells.indexOf(name) === place ? [] : [`${where}: ${name} is there twice; expected it once`];
  });
  const missing = annotationColumns.filter((name) => !cells.includes(name));
  return [...faults, ...missing.map((name) => `line ${number}, column ${name}: is missing; ${EXPECTED_COLUMNS}`)];
}

/** Returns the annotation of a row, or the row's faults. */
function parseRow({ number, cells }: Line, names: readonly string[]): Annotation | string[] {
  if (cells.length !== names.length)
    return [
      `line ${number}: expected ${names.length} cells, found ${formatCount(cells.length)}; quote a text with commas: "a, b"`,
    ];
  const cellOf = (name: string) => cells[names.indexOf(name)] ?? '';
  const [date, until, text] = [cellOf('date'), cellOf('until'), fromCell(cellOf('text'))];
  const exclude = flags.get(cellOf('exclude').toLowerCase());
  const characters = [...text].length;
  const faults = [
    isDate(date) ? null : 'date: expected a calendar date as YYYY-MM-DD',
    until === '' || isDate(until) ? null : 'until: expected a calendar date as YYYY-MM-DD, or nothing',
    isDate(date) && isDate(until) && until < date ? 'until: expected no day before that of date' : null,
    characters >= 1 && characters <= MAX_CHARACTERS ? null : `text: expected 1 to ${MAX_CHARACTERS} characters`,
    CONTROL.test(text) ? 'text: expected no line break and no other control character' : null,
    exclude === undefined ? 'exclude: expected true, false or nothing' : null,
  ];
  const found = faults.filter((fault) => fault !== null).map((fault) => `line ${number}, column ${fault}`);
  return exclude === undefined || found.length > 0 ? found : { date, until: until === '' ? null : until, text, exclude };
}

const flags = new Map([
  ['', false],
  ['true', true],
  ['false', false],
]);

/** Texts that a spreadsheet runs as a formula. */
const FORMULA = /^'*[=+\-@]/;

/** Escapes a text for a spreadsheet: puts an apostrophe before a formula. `fromCell` removes it. */
export function toCell(text: string): string {
  return FORMULA.test(text) ? `'${text}` : text;
}

function fromCell(cell: string): string {
  return cell.startsWith("'") && FORMULA.test(cell) ? cell.slice(1) : cell;
}
