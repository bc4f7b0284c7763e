import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { CANARY_DAY, canarySource, filesBelow, leaks, numericId } from '../support/canaries';
import { type Fault, type FaultServer, type RequestKind, startFaultServer } from '../support/fault-server';
import { type FunctionProcess, runKpi, settings, startFunction } from '../support/processes';
import { writeSource } from '../support/source-files';
import { steadyFacts } from '../support/steady-facts';

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
    const [table, json, gaps, csv] = await Promise.all([
      kpi('show', '--date', CANARY_DAY),
      kpi('show', '--date', CANARY_DAY, '--json'),
      kpi('gaps', '--from', CANARY_DAY, '--to', CANARY_DAY),
      kpi('show', '--date', CANARY_DAY, '--csv', '--table', 'daily_errors'),
    ]);
    for (const shown of [table, json, csv]) expect(shown).toMatch(/camera.too/);
    expect(gaps).toContain('of 1 dates');
    await expectNoLeak({ ...seen, table, json, gaps, csv });
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

describe('requests that hold what they should not', () => {
  const json = { 'content-type': 'application/json' };

  test.each<[string, string, Record<string, string>]>([
    ['an unknown key', '{"date":"2025-12-23","CANARY":1}', json],
    ['a date that is none', '{"date":"CANARY"}', json],
    ['broken JSON', '{"date": CANARY', json],
    ['a body that is no JSON by its type', 'CANARY', { 'content-type': 'text/plain' }],
    ['a charset that nobody knows', '{"date":"CANARY"}', { 'content-type': 'application/json; charset=CANARY' }],
    ['an encoding that nobody knows', '{"date":"CANARY"}', { ...json, 'content-encoding': 'CANARY' }],
    ['a body that is not compressed as it says', 'CANARY'.repeat(50), { ...json, 'content-encoding': 'gzip' }],
    ['a form', 'CANARY=CANARY&CANARY[CANARY]=1', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['2 MB', `{"date":"${'CANARY'.repeat(300_000)}"}`, json],
  ])('a call: %s', async (_, body, headers) => {
    const before = calls.said().length;
    const answer = await calls.post('/api/export-kpi', body, headers);
    expect(answer).toMatch(/^4\d\d /);
    await expectNoLeak({ answer, 'the log': calls.said().slice(before) });
  });

  test.each<[string, string]>([
    ['an unknown key', message('{"date":"2025-12-23","CANARY":1}')],
    ['text', message('CANARY-user-1')],
    ['broken JSON', message('{"date": CANARY')],
    ['attributes', message('2025-02-30', { attributes: { CANARY: 'CANARY' } })],
    ['data that is not encoded', JSON.stringify({ message: { data: 'CANARY!', messageId: '1' } })],
    ['a body that is no message', '{"CANARY":"CANARY"}'],
    ['a body that is no JSON', '{"message": CANARY'],
  ])('a message: %s', async (_, body) => {
    const before = events.said().length;
    const acknowledged = await events.post(PUSH_PATH, body);
    expect(acknowledged).toMatch(/^(204|400) /);
    await expectNoLeak({ acknowledged, 'the log': events.said().slice(before) });
  });
});

describe('BigQuery, whose every error quotes a canary', () => {
  const DATE = '2025-06-15';
  let server: FaultServer;
  let deployed: FunctionProcess[];
  let bigQuery: NodeJS.ProcessEnv;

  beforeAll(async () => {
    server = await startFaultServer(steadyFacts('2025-06-03', DATE));
    bigQuery = settings({
      KPI_WAREHOUSE: 'bigquery:test.kpi_metrics',
      KPI_SOURCE: 'test.source',
      KPI_LOCATION: 'EU',
      KPI_BIGQUERY_ENDPOINT: server.endpoint,
      KPI_LOG_LEVEL: 'debug',
    });
    deployed = await Promise.all([startFunction('exportKpi', bigQuery), startFunction('exportKpiHttp', bigQuery)]);
  });

  afterAll(async () => {
    await Promise.all(deployed.map((one) => one.stop()));
    await server.close();
  });

  test.each<[string, string, RequestKind, Fault]>([
    ['no right to look at the tables', 'ACCESS_DENIED', 'table', { status: 403, reason: 'accessDenied' }],
    ['no right to query', 'ACCESS_DENIED', 'query', { status: 403, reason: 'accessDenied' }],
    ['an invalid query', 'INVALID_QUERY', 'query', { status: 400, reason: 'invalidQuery' }],
    ['a query that fails on a row', 'INVALID_QUERY', 'query', { jobFails: 'invalidQuery' }],
    ['results that are gone', 'NOT_FOUND', 'results', { status: 404, reason: 'notFound' }],
    ['a load that fails on a row', 'INVALID_QUERY', 'load', { jobFails: 'invalid' }],
    ['no right to load', 'ACCESS_DENIED', 'load', { status: 403, reason: 'accessDenied' }],
    ['a record that can not be written', 'run record not written', 'record', { status: 403, reason: 'accessDenied' }],
    ['a reason that is none', 'INVALID_QUERY', 'query', { status: 400, reason: 'canary-user-1' }],
  ])('%s', async (_, said, kind, fault) => {
    const [events, calls] = deployed as [FunctionProcess, FunctionProcess];
    const before = [events.said().length, calls.said().length];
    server.strike = (one) => (one === kind ? fault : null);
    const [command, answer, acknowledged] = await Promise.all([
      runKpi(['export', '--date', DATE, '--json'], bigQuery),
      calls.post('/api/export-kpi', JSON.stringify({ date: DATE })),
      events.post(PUSH_PATH, message(DATE)),
    ]);
    const logs = [events.said().slice(before[0]), calls.said().slice(before[1])].join('\n');
    expect({ command: command.said, logs }).toEqual({
      command: expect.stringContaining(said),
      logs: expect.stringMatching(new RegExp(`${said}.*${said}`, 's')), // of both functions
    });
    expect(leaks({ command: command.said, answer, acknowledged, logs, runs: JSON.stringify(server.runs) })).toEqual([]);
  });
});
