import { isNativeError } from 'node:util/types';

/** Errors that our own SQL raises for a cell that can't be read. */
export const CELL_ERRORS = {
  fraction: 'kpi: id is not a whole number',
  bytes: 'kpi: id is not a UUID of 16 bytes',
  instant: 'kpi: not a timestamp',
} as const;

/** Fixed words of DuckDB's messages, and our text for each. A message can quote a cell, so only its line number is used. */
const REASONS: [words: RegExp, reason: string][] = [
  [
    /kpi: id is not a whole number/,
    'has an id that is not a whole number, or too large to be exact; expected whole numbers or text',
  ],
  [/kpi: id is not a UUID of 16 bytes/, 'has a binary id that is not a UUID of 16 bytes; expected text, a number or a UUID'],
  [
    /kpi: not a timestamp/,
    'has a time that is not understood; expected timestamps such as 2025-12-23T06:00:00Z in all rows, or nothing',
  ],
  [/Permission denied/i, 'is not readable for this user; expected the permission to read it'],
  [
    /not utf-?8|invalid ?(unicode|utf-?8)|invalid string encoding|byte sequence mismatch/i,
    'holds bytes that are not UTF-8; expected UTF-8',
  ],
  [
    /unterminated quote|unquoted value|value with unterminated/i,
    'has a quote that is not closed, or text after a closed one; expected quotes in pairs',
  ],
  [/Maximum line size/i, 'has a line that is longer than the reader takes; expected one row a line'],
  [/maximum_object_size/i, 'has an object that is longer than the reader takes; expected one object a line'],
  [
    /Expected Number of Columns: \d+ Found: \d+/i,
    'has a line with more or fewer cells than the header; expected the same number in all lines',
  ],
  [
    /CSV Parser state machine|new_?line/i,
    'has line ends of several kinds, or text that is no CSV; expected the same line end, LF or CRLF, in all lines',
  ],
  [/Corrupt database file|checksum .* does not match/i, 'is a damaged DuckDB file; expected a whole one'],
  [/duplicate column name/i, 'has a column twice in its header; expected each once'],
  [
    /Malformed JSON|Expected OBJECT|unexpected character|expected top-level/i,
    'has a line that is not a JSON object; expected one object a line, without a byte order mark',
  ],
  [
    /^Conversion Error|Could not convert|failed to cast/i,
    "has a value that the view over it can't convert; expected a view that can be read to its end",
  ],
  [/encrypt/i, 'is encrypted; expected a file without encryption'],
  [
    /unsupported (compression )?codec|Unsupported compression/i,
    'uses a compression that is not read; expected snappy, zstd, gzip or none',
  ],
  [/gzip|zlib|ZSTD|decompress|miniz/i, 'is damaged or not compressed as its name says; expected a complete compressed file'],
  [
    /trying to read a database file with version number|storage version/i,
    'is a DuckDB file of another version; expected one that DuckDB 1.5 reads, written by 0.10 or later',
  ],
  [/SQLite/i, 'is an SQLite file; expected a DuckDB file'],
  [
    /Catalog Error: Table Function|No files found that match/i,
    'reads from a file or function that is not there; expected tables, or views over paths that exist',
  ],
  [/Catalog Error|Binder Error/i, 'names a table or column that is not there; expected a view over tables of the same file'],
];

/** Our text for an error of reading a source; null if it is unknown. */
export function reasonOf(thrown: unknown): string | null {
  const message = isNativeError(thrown) ? thrown.message : '';
  const reason = REASONS.find(([words]) => words.test(message))?.[1];
  if (reason === undefined) return null;
  const [, inJson, line] =
    /^(?:[A-Za-z ]+ Error: )?(?:CSV Error on Line: |(Malformed JSON in file ".*?", at byte \d+ in line ))(\d+)/.exec(message) ??
    [];
  if (line === undefined) return reason;
  return `${reason} (line ${inJson === undefined ? line : Number(line) - 1})`; // for JSON, DuckDB names the next line
}
