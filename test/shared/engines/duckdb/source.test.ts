import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import { openDatabase, quoteText } from '../../../../shared/engines/duckdb/connection';
import { openSource } from '../../../../shared/engines/duckdb/source';
import { toFailure } from '../../../../shared/platform/failure';
import { inTemporaryFolder } from '../../../support/temporary-folder';

const now = new Date('2025-12-24T00:00:00Z');
const USERS = 'user_id,created_at\nu1,2025-12-20T10:00:00Z\n';
const HEADER = 'measurement_id,user_id,session_id,created_at,error_type\n';
const row = (id: string) => `${id},u1,s1,2025-12-23T10:00:00Z,\n`;
const json = (id: string) => `{"measurement_id":"${id}","user_id":"u1","session_id":"s1","created_at":"2025-12-23T10:00:00Z"}\n`;
/** A SELECT that is written as parquet. */
const parquet = (columns: string) => ({ select: `SELECT ${columns}` });
const measurement = (user: string, at = "TIMESTAMPTZ '2025-12-23 10:00:00Z'") =>
  parquet(`'p' AS measurement_id, ${user} AS user_id, 's1' AS session_id, ${at} AS created_at, NULL::VARCHAR AS error_type`);

type Files = Record<string, string | Buffer | { select: string }>;

/** The rows of source_measurements in order, or the message of the failure. */
async function read(files: Files, columns: string, source = ''): Promise<unknown> {
  return inTemporaryFolder(async (folder) => {
    const database = await openDatabase();
    try {
      for (const [name, content] of Object.entries({ 'users.csv': USERS, ...files } as Files)) {
        const file = join(folder, source, name);
        mkdirSync(dirname(file), { recursive: true });
        if (typeof content === 'object' && 'select' in content)
          await database.run(`COPY (${content.select}) TO ${quoteText(file)} (FORMAT parquet)`);
        else writeFileSync(file, content);
      }
      const opened = await openSource(database, { kind: 'path', path: join(folder, source) }, now);
      const rows = await database
        .rows(`SELECT ${columns} AS value FROM source_measurements ORDER BY value`)
        .catch(async (thrown) => {
          throw await opened.blame(thrown);
        });
      return rows.map(({ value }) => value);
    } catch (thrown) {
      return toFailure(thrown).message;
    } finally {
      database.close();
    }
  });
}

/** A frame of zstd that holds the text as it is. */
function zstd(text: string): Buffer {
  const content = Buffer.from(text);
  const block = Buffer.alloc(3);
  block.writeUIntLE((content.length << 3) | 1, 0, 3);
  return Buffer.concat([Buffer.from('28b52ffd0058', 'hex'), block, content]);
}

/** Two compressed texts after another, the second one cut. */
function cutTwo(compress: (text: string) => Buffer): Buffer {
  return Buffer.concat([compress(HEADER), compress(row('a')).subarray(0, -2)]);
}

const withoutChecksum = gzipSync(HEADER);
withoutChecksum.fill(0, withoutChecksum.length - 8, withoutChecksum.length - 4);

const WHOLE = /is damaged, cut off, or not compressed as its name says/;

test('the header of a CSV that is read in parts is its first line', async () => {
  const rows = 2_000_000;
  expect(await read({ 'measurements.csv': HEADER + row('a').repeat(rows) }, 'count(*)')).toEqual([BigInt(rows)].map(Number));
});

test.each<[string, Files, unknown[]]>([
  ['compressed', { 'measurements/a.csv': HEADER + row('a'), 'measurements/b.csv.gz': gzipSync(HEADER + row('b')) }, ['a', 'b']],
  ['upper case', { 'measurements/a.csv': HEADER + row('a'), 'measurements/B.CSV': HEADER + row('b') }, ['a', 'b']],
  ['sub-folders', { 'measurements/a.csv': HEADER + row('a'), 'measurements/2025/b.csv': HEADER + row('b') }, ['a', 'b']],
  [
    'JSON lines',
    { 'measurements/a.ndjson': json('a'), 'measurements/b.jsonl': json('b'), 'measurements/c.JSONL.GZ': gzipSync(json('c')) },
    ['a', 'b', 'c'],
  ],
  [
    'zstd, in one part or more',
    {
      'measurements/a.csv.zst': zstd(HEADER + row('a')),
      'measurements/b.CSV.ZST': Buffer.concat([zstd(HEADER), zstd(row('b'))]),
    },
    ['a', 'b'],
  ],
  ['gzip in two parts', { 'measurements.csv.gz': Buffer.concat([gzipSync(HEADER), gzipSync(row('a'))]) }, ['a']],
  ['a separator in a further name', { 'measurements.csv': `"a, b",${HEADER}1,${row('a')}` }, ['a']],
  ['a path with the signs of a pattern', { 'measurements/a[1]*?.parquet': measurement("'u1'") }, ['p']],
  ['tabs', { 'measurements.tsv': (HEADER + row('a')).replaceAll(',', '\t') }, ['a']],
  ['semicolons', { 'measurements.csv': (HEADER + row('a')).replaceAll(',', ';') }, ['a']],
  [
    'marks of Spark',
    {
      'measurements/a.csv': HEADER + row('a'),
      'measurements/_SUCCESS': '',
      'measurements/.a.csv': 'x',
      'measurements/a.csv.crc': 'x',
    },
    ['a'],
  ],
  ['a folder named as a file', { 'measurements.parquet/part-0.parquet': measurement("'u1'") }, ['p']],
  ['a further key beside the right one', { 'measurements.ndjson': json('a').replace('}', ',"userId":7}') }, ['a']],
  ['a byte order mark', { 'measurements.csv': `\ufeff${HEADER}${row('a')}` }, ['a']],
  ['NDJSON of no rows', { 'measurements.ndjson': '' }, []],
  ['only a header', { 'measurements.csv': HEADER }, []],
])('reads %s', async (_, files, ids) => {
  expect(await read(files, 'measurement_id')).toEqual(ids);
});

test('takes no column from the path', async () => {
  expect(await read({ 'measurements.csv': HEADER + row('a') }, 'CAST(created_at AS DATE)', 'created_at=2025-12-20')).toEqual([
    '2025-12-23',
  ]);
});

test.each<[string, Files, string[]]>([
  [
    'DOUBLE beside text and BIGINT',
    {
      'measurements/a.parquet': measurement('7::DOUBLE'),
      'measurements/b.parquet': measurement("'07'"),
      'measurements/c.parquet': measurement('9007199254740993::BIGINT'),
    },
    ['07', '7', '9007199254740993'],
  ],
  ['FLOAT', { 'measurements.parquet': measurement('1e6::FLOAT') }, ['1000000']],
  ['DECIMAL', { 'measurements.parquet': measurement('12345678901234567890::DECIMAL(30,0)') }, ['12345678901234567890']],
  [
    'UUID beside its text',
    {
      'measurements/a.parquet': measurement("'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'::UUID"),
      'measurements/b.parquet': measurement("'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'"),
    },
    ['a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'],
  ],
  [
    'text of 16 bytes of a fixed length',
    { 'measurements.parquet': measurement("'abcdefghijklmnop'::BLOB") },
    ['abcdefghijklmnop'],
  ],
  ['bytes without a type, which older writers mean as text', { 'measurements.parquet': measurement("'u1'::BLOB") }, ['u1']],
  [
    'text in capitals',
    { 'measurements.parquet': measurement("'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'") },
    ['A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'],
  ],
])('keeps the text of ids: %s', async (_, files, ids) => {
  expect(await read(files, 'user_id')).toEqual(ids);
});

test.each<[string, string, unknown[]]>([
  ['a date', "DATE '2025-12-23'", [false]],
  ['seconds', "TIMESTAMP_S '2025-12-23 10:00:00'", [false]],
  ['nanoseconds', "TIMESTAMP_NS '2025-12-23 10:00:00'", [false]],
  ['year 1', "TIMESTAMP '0001-01-01'", [true]],
  ['minus infinity', "'-infinity'::TIMESTAMP", [true]],
  ['minus infinity with a zone', "'-infinity'::TIMESTAMPTZ", [true]],
  ['infinity', "'infinity'::TIMESTAMP", [false]],
])('hands typed times through: %s', async (_, at, before) => {
  expect(await read({ 'measurements.parquet': measurement("'u1'", at) }, "created_at < TIMESTAMPTZ '1970-01-01'")).toEqual(
    before,
  );
});

const at = (time: string) => ({ 'measurements.csv': `${HEADER}${row('a')}b,u1,s1,${time},\n` });

test.each([
  '2025-12-23',
  '2025-12-23 10:00',
  '2025-12-23T10:00+01',
  '2025-12-23T10:00:00.123456+01:00',
  '2025-12-23 10:00:00 UTC',
  '2025-12-23 10:00:00 Europe/Berlin',
  '0001-01-01T00:00:00Z',
])('reads the time %s', async (time) => {
  expect(await read(at(time), 'created_at IS NULL')).toEqual([false, false]);
});

test.each([
  '23-12-25 11:00:00',
  '12/5/25',
  '23-12-2025',
  '2025-12-5',
  '2025-13-01',
  '1766484000',
  'infinity',
  'epoch',
  'now',
  'today',
  '2025-12-23 10:00:00 IST',
  '2025-12-23 10:00:00 CST',
  '12025-12-23',
  '2025-12-23 (BC)',
  '2025-12-23 10:00:61',
  '2025-12-23T10:00:00+25:00',
  '2025-12-23T10:00:00+99',
  '2025-12-23T10:00:00+05:75',
])('refuses the time %s, with its line', async (time) => {
  expect(await read(at(time), 'created_at')).toMatch(
    /^source measurements\.csv column created_at can't be read; expected timestamps .*\(line 3\)$/,
  );
});

test('counts the lines that a cell is broken over', async () => {
  const broken = row('a').replace(/\n$/, '"two\nlines"\n');
  expect(await read({ 'measurements.csv': `${HEADER}${broken}b,u1,s1,soon,\n` }, 'created_at')).toMatch(/\(line 4\)$/);
});

test.each<[string, Files, RegExp]>([
  [
    'a file of another kind',
    { 'measurements/a.csv': HEADER, 'measurements/b.xlsx': 'x' },
    /measurements\/b\.xlsx can't be read as part/,
  ],
  [
    'mixed formats',
    { 'measurements/a.csv': HEADER, 'measurements/b.jsonl': json('b') },
    /in two formats \(a\.csv and b\.jsonl\)/,
  ],
  ['a file beside a folder', { 'measurements.csv.gz': gzipSync(HEADER), 'measurements/b.csv': HEADER }, /has measurements twice/],
  ['Delta', { 'measurements/a.parquet': measurement("'u'"), 'measurements/_delta_log/0.json': '{}' }, /is a Delta table/],
  [
    'Iceberg',
    { 'measurements/data/a.parquet': measurement("'u'"), 'measurements/metadata/v1.metadata.json': '{}' },
    /is an Iceberg table/,
  ],
  ['a column twice in CSV', { 'measurements.csv': `${HEADER.trim()},User_ID\n` }, /has the column user_id twice/],
  ['a key twice in NDJSON', { 'measurements.ndjson': json('a').replace('{', '{"USER_ID":"x",') }, /has the column user_id twice/],
  [
    'a key in capitals in some rows',
    { 'measurements.ndjson': json('a') + json('b').toUpperCase() },
    /spell measurement_id in another way/,
  ],
  [
    'a key in camel case',
    { 'measurements.ndjson': json('a').replace('}', ',"errorType":"x"}') },
    /spell error_type in another way/,
  ],
  [
    'a kind of error that is no text',
    { 'measurements.ndjson': json('a').replace('}', ',"error_type":false}') },
    /column error_type has values of other types; expected text or null/,
  ],
  ['Hudi', { 'measurements/a.parquet': measurement("'u'"), 'measurements/.hoodie/hoodie.properties': '' }, /is a Hudi table/],
  [
    'line ends of two kinds',
    { 'measurements.csv': `${HEADER.trim()}\r\n${row('a').trim()}\r\n${row('b').trim()}x\n${row('c')}` },
    /has line ends of several kinds/,
  ],
  ['an empty first line', { 'measurements.csv': `\n${HEADER}` }, /begins with an empty line/],
  ['a line break in the header', { 'measurements.csv': `"a\nb",${HEADER}` }, /a quote in its header that is not closed/],
  ['spaces in the header', { 'measurements.csv': HEADER.replaceAll(',', ', ') }, /has spaces around/],
  [
    'a fraction',
    { 'measurements.parquet': measurement('1.5::DOUBLE') },
    /column user_id can't be read: it has an id that is not a whole number/,
  ],
  [
    'too large to be exact',
    { 'measurements.parquet': measurement('9007199254740992::DOUBLE') },
    /not a whole number, or too large/,
  ],
  ['not a number', { 'measurements.parquet': measurement("'nan'::DOUBLE") }, /not a whole number/],
  ['a time of day', { 'measurements.parquet': measurement("'u1'", "TIME '10:00:00'") }, /column created_at is TIME; expected/],
  [
    'too many cells',
    { 'measurements.csv': `${HEADER}${row('a')}a,b,c,d,e,f,g\n` },
    /a line with more or fewer cells.*\(line 3\)/,
  ],
  ['a quote that is not closed', { 'measurements.csv': `${HEADER}${row('a')}"a,b\n` }, /a quote that is not closed/],
  ['Latin-1', { 'measurements.csv': Buffer.from(`${HEADER}${row('é')}`, 'latin1') }, /not UTF-8/],
  ['UTF-16', { 'measurements.csv': Buffer.from(`\ufeff${HEADER}${row('a')}`, 'utf16le') }, /is text in UTF-16/],
  ['an empty file', { 'measurements.csv': '' }, /source measurements\.csv is empty/],
  ['an array', { 'measurements.ndjson': `[${json('a').trim()}]` }, /source measurements\.ndjson /],
  ['NDJSON with a byte order mark', { 'measurements.ndjson': `\ufeff${json('a')}` }, /begins with a byte order mark/],
  ['not gzip', { 'measurements.csv.gz': HEADER }, /not compressed as its name says/],
  ['not parquet', { 'measurements.parquet': 'x'.repeat(100) }, /is not a parquet file/],
  ['a parquet file that is cut off', { 'measurements.parquet': 'PAR1'.repeat(20) }, /complete, uncorrupted file/],
  ['gzip under another name', { 'measurements.csv': gzipSync(HEADER) }, /expected a name that ends in \.gz/],
  ['zstd under another name', { 'measurements.ndjson': zstd(HEADER) }, /expected a name that ends in \.zst/],
  ['parquet under another name', { 'measurements.csv': 'PAR1' }, /expected a name that ends in \.parquet/],
  ['a spreadsheet under another name', { 'measurements.csv': 'PK\x03\x04' }, /is a zip archive or an Excel file/],
  ['encrypted parquet', { 'measurements.parquet': 'PARE' }, /is an encrypted parquet file/],
  ['an empty parquet file', { 'measurements.parquet': '' }, /source measurements\.parquet is empty/],
  ['gzip cut at the end of a line', { 'measurements.csv.gz': gzipSync(HEADER + row('a'), { level: 0 }).subarray(0, -8) }, WHOLE],
  ['gzip with a second part cut', { 'measurements.csv.gz': cutTwo(gzipSync) }, WHOLE],
  ['gzip with another checksum', { 'measurements.csv.gz': withoutChecksum }, WHOLE],
  ['zstd with a second part cut', { 'measurements.ndjson.zst': cutTwo(zstd) }, WHOLE],
  ['zstd cut at its header', { 'measurements.csv.zst': zstd(HEADER).subarray(0, 7) }, WHOLE],
  ['not zstd', { 'measurements.csv.zst': HEADER }, WHOLE],
  [
    'bytes that are not text',
    { 'measurements.parquet': measurement("'\\xFF'::BLOB") },
    /column user_id can't be read: it holds bytes that are not UTF-8/,
  ],
  [
    'numbers of NDJSON that can be written otherwise',
    { 'measurements.ndjson': json('a') + json('b').replace('"u1"', '1.0') },
    /column user_id has a number with a fraction or an exponent/,
  ],
])('refuses %s', async (_, files, message) => {
  expect(await read(files, 'measurement_id || user_id || session_id')).toMatch(message);
});

test.each<[string, string[], string, unknown[]]>([
  [
    'a collation makes no two ids one',
    [
      'CREATE TABLE measurements (measurement_id VARCHAR, user_id VARCHAR COLLATE NOCASE, session_id VARCHAR, created_at TIMESTAMP, error_type VARCHAR COLLATE NOCASE)',
      "INSERT INTO measurements VALUES ('m', 'a', 's', '2025-12-23', NULL), ('n', 'A', 's', '2025-12-23', 'X')",
    ],
    'SELECT count(*) AS value FROM source_measurements GROUP BY user_id, error_type',
    [1, 1],
  ],
  [
    'views over tables with names that we use too',
    [
      "CREATE TABLE source_measurements AS SELECT 'm' AS measurement_id, 'u' AS user_id, 's' AS session_id, TIMESTAMP '2025-12-23' AS created_at, NULL::VARCHAR AS error_type",
      'CREATE VIEW measurements AS SELECT * FROM source_measurements',
    ],
    'SELECT user_id AS value FROM source_measurements',
    ['u'],
  ],
])('reads a DuckDB file: %s', async (_, statements, query, values) => {
  await inTemporaryFolder(async (folder) => {
    const path = join(folder, 'main.duckdb');
    const instance = await DuckDBInstance.create(path);
    const connection = await instance.connect();
    for (const sql of ["CREATE TABLE users AS SELECT 'u' AS user_id, TIMESTAMP '2025-12-20' AS created_at", ...statements])
      await connection.run(sql);
    connection.closeSync();
    instance.closeSync();
    const database = await openDatabase();
    try {
      await openSource(database, { kind: 'path', path }, now);
      expect((await database.rows(query)).map(({ value }) => value)).toEqual(values);
    } finally {
      database.close();
    }
  });
});
