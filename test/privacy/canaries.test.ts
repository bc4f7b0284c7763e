import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { CANARY_DAY, canarySource, filesBelow, leaks, numericId } from '../support/canaries';
import { type FunctionProcess, runKpi, settings, startFunction } from '../support/processes';
import { writeSource } from '../support/source-files';

/**
 * Sources whose ids, texts and instants are canaries, through every door as a process of its own, at the lowest log level; then all that
 * was said, answered, logged or written is searched for them.
 */
const folder = mkdtempSync(join(tmpdir(), 'kpi-canaries-'));
const source = join(folder, 'source');
const temporary = join(folder, 'temporary');
/** Each door has a warehouse of its own, so that they needn't wait for each other. */
const warehouses = {
  cli: join(folder, 'cli.duckdb'),
  events: join(folder, 'events.duckdb'),
  calls: join(folder, 'calls.duckdb'),
};
const envOf = (door: keyof typeof warehouses) =>
  settings({
    KPI_WAREHOUSE: warehouses[door],
    KPI_SOURCE: source,
    KPI_SOURCE_MAX_AGE_HOURS: '0',
    KPI_LOG_LEVEL: 'debug',
    TMPDIR: temporary,
  });
const PUSH_PATH = '/projects/p/topics/kpi-export';

let events: FunctionProcess;
let calls: FunctionProcess;

beforeAll(async () => {
  mkdirSync(temporary);
  await useSource((path) => writeSource(path, 'csv', canarySource()));
  [events, calls] = await Promise.all([
    startFunction('exportKpi', envOf('events')),
    startFunction('exportKpiHttp', envOf('calls')),
  ]);
});

afterAll(async () => {
  await Promise.all([events.stop(), calls.stop()]);
  rmSync(folder, { recursive: true });
});

/** Replaces the source that all doors read. */
async function useSource(make: (path: string) => Promise<unknown>): Promise<void> {
  rmSync(source, { recursive: true, force: true });
  mkdirSync(source);
  await make(source);
}

function message(data: string, more: object = {}): string {
  const encoded = { data: Buffer.from(data).toString('base64'), messageId: '1', publishTime: '2025-12-24T06:00:00Z', ...more };
  return JSON.stringify({ message: encoded, subscription: 'projects/p/subscriptions/s' });
}

const kpi = async (...args: string[]) => (await runKpi(args, envOf('cli'))).said;

/** Exports by every door, and gives all that could be seen of it. */
async function throughEveryDoor(): Promise<Record<string, string>> {
  const [saidByEvents, saidByCalls] = [events.said().length, calls.said().length];
  const [command, dryRun, answer, acknowledged] = await Promise.all([
    kpi('export', '--date', CANARY_DAY, '--json'),
    kpi('export', '--date', CANARY_DAY, '--dry-run'),
    calls.post('/api/export-kpi', JSON.stringify({ date: CANARY_DAY })),
    events.post(PUSH_PATH, message(CANARY_DAY)),
  ]);
  const logs = {
    'the log of exportKpi': events.said().slice(saidByEvents),
    'the log of exportKpiHttp': calls.said().slice(saidByCalls),
  };
  return {
    'kpi export': command,
    'kpi export --dry-run': dryRun,
    'the answer': answer,
    'the acknowledgement': acknowledged,
    ...logs,
  };
}

/** Every cell of every table of the warehouses, as text: their files may hold them compressed. */
async function cells(): Promise<string> {
  const instance = await DuckDBInstance.create();
  const connection = await instance.connect();
  try {
    for (const [door, file] of Object.entries(warehouses)) await connection.run(`ATTACH '${file}' AS ${door} (READ_ONLY)`);
    const tables = await connection.runAndReadAll('SELECT database_name, schema_name, table_name FROM duckdb_tables()');
    let text = '';
    for (const name of tables.getRows())
      text += JSON.stringify((await connection.runAndReadAll(`SELECT * FROM ${name.join('.')}`)).getRowsJson());
    return text;
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

async function expectNoLeak(seen: Record<string, string>): Promise<void> {
  expect(leaks({ ...seen, ...filesBelow(folder, ['source']), 'the tables': await cells() })).toEqual([]);
}

async function databaseAt(path: string, ...statements: string[]): Promise<void> {
  rmSync(path, { recursive: true });
  const instance = await DuckDBInstance.create(path);
  const connection = await instance.connect();
  for (const statement of statements) await connection.run(statement);
  connection.closeSync();
  instance.closeSync();
}

/** Both tables as a .duckdb file has them; `columns` replaces expressions. */
function tables(columns: { id?: string; instant?: string } = {}): string[] {
  const id = (kind: string) => columns.id ?? `'CANARY-${kind}-' || i`;
  const instant = columns.instant ?? "TIMESTAMPTZ '2025-12-20 08:13:37.424242Z' + INTERVAL 1 HOUR * i";
  return [
    `CREATE TABLE users AS SELECT ${id('user')} AS user_id, ${instant} AS created_at FROM range(20) AS rows(i)`,
    `CREATE TABLE measurements AS SELECT ${id('measurement')} AS measurement_id, ${id('user')} AS user_id, ${id('session')} AS session_id,
       ${instant} AS created_at, IF(i % 2 = 0, NULL, 'CANARY of ' || i) AS error_type FROM range(20) AS rows(i)`,
  ];
}

const rows = canarySource();
const edit = (file: string, change: (text: string) => string) => async (path: string) => {
  await writeSource(path, file.endsWith('csv') ? 'csv' : 'ndjson', rows);
  const before = readFileSync(join(path, file), 'utf8');
  const after = change(before);
  if (after === before) throw new Error('nothing was changed');
  writeFileSync(join(path, file), after);
};

describe('what can be exported', () => {
  test.each<[string, (path: string) => Promise<void>]>([
    ['csv', (path) => writeSource(path, 'csv', rows)],
    ['ndjson', (path) => writeSource(path, 'ndjson', rows)],
    ['parquet', (path) => writeSource(path, 'parquet', rows)],
    ['a DuckDB file', (path) => databaseAt(path, ...tables())],
    ['a DuckDB file with numbers as ids', (path) => databaseAt(path, ...tables({ id: `${numericId(0)} + i` }))],
    ['ids that are objects', edit('measurements.ndjson', (text) => text.replace('"CANARY-user-1"', '{"CANARY-field":"CANARY"}'))],
  ])('%s', async (_, make) => {
    await useSource(make);
    const seen = await throughEveryDoor();
    expect(seen).toMatchObject({
      'kpi export': expect.stringContaining('"success":true'),
      'the answer': expect.stringMatching(/^200 /),
      'the acknowledgement': expect.stringMatching(/^204 /),
    });
    const [table, json, csv] = await Promise.all([
      kpi('show', '--date', CANARY_DAY),
      kpi('show', '--date', CANARY_DAY, '--json'),
      kpi('show', '--date', CANARY_DAY, '--csv', '--table', 'daily_errors'),
    ]);
    for (const shown of [table, json, csv]) expect(shown).toMatch(/camera.too/);
    await expectNoLeak({ ...seen, table, json, csv });
  });
});

describe('what can not', () => {
  const replaceFirst = (from: string | RegExp, to: string) => (text: string) => text.replace(from, to);

  test.each<[string, string, (path: string) => Promise<void>]>([
    ['a time that is none, csv', 'SOURCE_CONTRACT', edit('users.csv', replaceFirst(/2025-12-\S+Z/, 'the morning of CANARY'))],
    ['a time that is none, ndjson', 'SOURCE_CONTRACT', edit('measurements.ndjson', replaceFirst(/2025-12-\S+Z/, 'CANARY'))],
    ['a number for a time', 'SOURCE_CONTRACT', edit('users.ndjson', replaceFirst(/"2025-12-\S+Z"/, String(numericId(1))))],
    ['a column of another name', 'SOURCE_CONTRACT', edit('measurements.csv', replaceFirst('session_id', 'CANARY_session'))],
    [
      'a row with too many fields',
      'SOURCE_CONTRACT',
      edit('users.csv', replaceFirst('"CANARY-user-3"', '"CANARY","CANARY-user-3"')),
    ],
    ['a quote that is never closed', 'SOURCE_CONTRACT', edit('users.csv', replaceFirst('"CANARY-user-3"', '"CANARY-user-3'))],
    ['broken JSON', 'SOURCE_CONTRACT', edit('users.ndjson', replaceFirst('"CANARY-user-3"', '"CANARY-user-3'))],
    [
      'text that is not UTF-8',
      'SOURCE_CONTRACT',
      async (path) => {
        await writeSource(path, 'csv', rows);
        writeFileSync(
          join(path, 'users.csv'),
          Buffer.concat([Buffer.from('user_id,created_at\nCANARY'), Buffer.from([0xff, 0xfe, 0x0a])]),
        );
      },
    ],
    [
      'a parquet file that is cut',
      'SOURCE_CONTRACT',
      async (path) => {
        await writeSource(path, 'parquet', rows);
        const file = join(path, 'measurements.parquet');
        writeFileSync(file, readFileSync(file).subarray(0, 600));
      },
    ],
    [
      'a page of a parquet file that is overwritten',
      'SOURCE_CONTRACT',
      async (path) => {
        await writeSource(path, 'parquet', rows);
        const file = join(path, 'measurements.parquet');
        writeFileSync(file, readFileSync(file).fill('CANARY', 60, 300));
      },
    ],
    [
      'times of a type that lists its values',
      'SOURCE_CONTRACT',
      (path) =>
        databaseAt(
          path,
          "CREATE TYPE moods AS ENUM ('CANARY 1', 'CANARY 2')",
          ...tables({ instant: "CAST('CANARY 1' AS moods)" }),
        ),
    ],
    ['ids of a type that names fields', 'SOURCE_CONTRACT', (path) => databaseAt(path, ...tables({ id: "{'CANARY': i}" }))],
    [
      'a view that fails with what it found',
      'SOURCE_CONTRACT',
      (path) =>
        databaseAt(
          path,
          ...tables(),
          'ALTER TABLE users RENAME TO people',
          "CREATE VIEW users AS SELECT error('CANARY-user-1') AS user_id, created_at FROM people",
        ),
    ],
    [
      'a view that converts what it can not',
      'SOURCE_CONTRACT',
      (path) =>
        databaseAt(
          path,
          ...tables(),
          'ALTER TABLE users RENAME TO people',
          'CREATE VIEW users AS SELECT CAST(user_id AS INTEGER) AS user_id, created_at FROM people',
        ),
    ],
    [
      'a file that is no database',
      'BAD_CONFIG',
      async (path) => {
        rmSync(path, { recursive: true });
        writeFileSync(path, 'CANARY-user-1,'.repeat(2000));
      },
    ],
    ['a table that is not there', 'BAD_CONFIG', (path) => databaseAt(path, 'CREATE TABLE "CANARY" (user_id VARCHAR)')],
  ])('%s', async (_, code, make) => {
    await useSource(make);
    const seen = await throughEveryDoor();
    expect(seen).toMatchObject({
      'kpi export': expect.stringContaining(code),
      'the answer': expect.stringMatching(`"code":"${code}"`),
      'the acknowledgement': expect.stringMatching(/^204 /),
      'the log of exportKpi': expect.stringContaining('request parked'),
    });
    await expectNoLeak(seen);
  });
});
