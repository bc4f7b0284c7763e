import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CANARY_DAY, canarySource, filesBelow, leaks, numericId } from '../support/canaries';
import { type CanaryDoors, databaseAt, openCanaryDoors, PUSH_PATH, pushBody, type Seen } from '../support/canary-doors';
import { sample } from '../support/sample';
import { writeSource } from '../support/source-files';

/**
 * Sources whose ids, texts and instants are canaries, and requests that hold some, through every door as a process of its own; then all that
 * was said, answered, logged or written is searched for them.
 */
let doors: CanaryDoors;

beforeAll(async () => {
  doors = await openCanaryDoors();
  await doors.useSource((path) => writeSource(path, 'csv', rows));
});

afterAll(() => doors.close());

/** A DuckDB file instead of a folder. */
async function fileAt(path: string, ...statements: string[]): Promise<void> {
  rmSync(path, { recursive: true });
  await databaseAt(path, ...statements);
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

test('the sources contain the canaries', async () => {
  const text = JSON.stringify(rows);
  expect(leaks({ text })).toHaveLength(2); // ids and texts, and instants
  expect(leaks({ text: `770099001005 at ${Date.parse(rows.users[0]?.created_at ?? '')}242` })).toHaveLength(2);
  await doors.useSource((path) => writeSource(path, 'csv', rows));
  expect(leaks(filesBelow(doors.folder))).toHaveLength(4);
});

describe('sources that can be exported', () => {
  const formats: [string, (path: string) => Promise<void>][] = [
    ['csv', (path) => writeSource(path, 'csv', rows)],
    ['parquet', (path) => writeSource(path, 'parquet', rows)],
    ['a DuckDB file with numbers as ids', (path) => fileAt(path, ...tables({ id: `${numericId(0)} + i` }))],
    ['ids that are objects', edit('measurements.ndjson', (text) => text.replace('"CANARY-user-1"', '{"CANARY-field":"CANARY"}'))],
    ['ndjson', (path) => writeSource(path, 'ndjson', rows)],
    ['a DuckDB file', (path) => fileAt(path, ...tables())],
  ];

  test.each(sample(formats, 4))('%s', async (format, make) => {
    await doors.useSource(make);
    const seen = await doors.throughEveryDoor(CANARY_DAY);
    expect(seen).toMatchObject({
      'kpi export': expect.stringContaining('"success":true'),
      'the answer': expect.stringMatching(/^200 /),
      'the acknowledgement': expect.stringMatching(/^204 /),
    });
    const dryRun = await doors.kpi('export', '--date', CANARY_DAY, '--dry-run');
    const doctor = await doors.kpi('doctor');
    const diff = await doors.kpi('diff', '--date', CANARY_DAY);
    expect(dryRun).toMatch(/camera.too/i);
    expect(doctor).toContain('measurements with a repeated id');
    expect(diff).toContain('of 1 report in');
    Object.assign(seen, { dryRun, doctor, diff });
    // what is written doesn't tell of which format it was made
    if (format === 'csv') Object.assign(seen, await throughReaders());
    await doors.expectNoLeak(seen);
  });

  /** By the commands that read the warehouse alone. */
  async function throughReaders(): Promise<Seen> {
    const [table, json, gaps, dashboard, csv, status] = await Promise.all([
      doors.kpi('show', '--date', CANARY_DAY),
      doors.kpi('show', '--date', CANARY_DAY, '--json'),
      doors.kpi('gaps', '--from', CANARY_DAY, '--to', CANARY_DAY),
      doors.kpi('dashboard', '--out', join(doors.folder, 'dashboard.html')),
      doors.kpi('show', '--date', CANARY_DAY, '--csv', '--table', 'daily_errors'),
      doors.kpi('status', '--json'),
    ]);
    for (const shown of [table, json, csv]) expect(shown).toMatch(/camera.too/i);
    expect(gaps).toContain('of 1 date,');
    expect(dashboard).toContain('dashboard.html');
    expect(status).toContain('"runs":[{');
    return { table, json, gaps, dashboard, csv, status };
  }
});

test('digests in every form, shown and sent', async () => {
  await doors.useSource((path) => writeSource(path, 'csv', rows));
  await doors.kpi('export', '--date', CANARY_DAY, '--json');
  const forms = ['--text', '--markdown', '--html', '--slack', '--json'];
  const shown = await Promise.all(forms.map((form) => doors.kpi('digest', '--date', CANARY_DAY, form)));
  for (const digest of shown) expect(digest).toContain('Active users');
  const said = await doors.kpi('digest', '--date', CANARY_DAY, '--send');
  expect(said).toContain('Sent to the webhook');
  doors.webhook.answers.push(404);
  const refused = await doors.kpi('digest', '--date', CANARY_DAY, '--send');
  expect(refused).toContain('BAD_CONFIG');
  const sent = JSON.stringify(doors.webhook.received.splice(0));
  expect(sent).toContain('Active users');
  await doors.expectNoLeak({
    ...Object.fromEntries(forms.map((form, index) => [form, shown[index] ?? ''])),
    said,
    refused,
    sent,
  });
});

test('digests of the functions, sent and refused', async () => {
  await doors.useSource((path) => writeSource(path, 'csv', rows));
  doors.webhook.answers.push(404, 302, 'drop', 500);
  const before = [doors.calls.said().length, doors.events.said().length];
  const seen: Record<string, string> = {};
  const call = async () => doors.calls.post('/api/export-kpi', '{"date":"yesterday"}');
  const push = async () => doors.events.post(PUSH_PATH, pushBody('yesterday', { publishTime: new Date().toISOString() }));
  for (const [attempt, ask] of [call, push, call, push, call].entries()) seen[`answer ${attempt}`] = await ask();
  const sent = JSON.stringify(doors.webhook.received.splice(0));
  const said = { calls: doors.calls.said().slice(before[0]), events: doors.events.said().slice(before[1]) };
  for (const log of Object.values(said)) expect(log).toMatch(/"digest not sent"[\s\S]*"digest sent"/);
  expect(sent).toContain('KPI digest of ');
  await doors.expectNoLeak({ ...seen, ...said, sent });
});

describe('sources that cannot be exported', () => {
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
        fileAt(path, "CREATE TYPE moods AS ENUM ('CANARY 1', 'CANARY 2')", ...tables({ instant: "CAST('CANARY 1' AS moods)" })),
    ],
    ['ids of a type that names fields', 'SOURCE_CONTRACT', (path) => fileAt(path, ...tables({ id: "{'CANARY': i}" }))],
    [
      'a view that fails with what it found',
      'SOURCE_CONTRACT',
      (path) =>
        fileAt(
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
        fileAt(
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
    ['a table that is not there', 'BAD_CONFIG', (path) => fileAt(path, 'CREATE TABLE "CANARY" (user_id VARCHAR)')],
  ])('%s', async (_, code, make) => {
    await doors.useSource(make);
    const seen = await doors.throughEveryDoor(CANARY_DAY);
    expect(seen).toMatchObject({
      'kpi export': expect.stringContaining(code),
      'the answer': expect.stringMatching(`"code":"${code}"`),
      'the acknowledgement': expect.stringMatching(/^204 /),
      'the log of exportKpi': expect.stringContaining('request parked'),
    });
    const doctor = await doors.kpi('doctor', '--json');
    expect(doctor).toContain(code);
    await doors.expectNoLeak({ ...seen, doctor });
  });
});

describe('requests with personal data', () => {
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
    [
      'ids that the caller makes up',
      '{"date":"2025-02-30"}',
      { ...json, 'function-execution-id': 'CANARY', traceparent: 'CANARY' },
    ],
    ['2 MB', `{"date":"${'CANARY'.repeat(300_000)}"}`, json],
  ])('a call: %s', async (_, body, headers) => {
    const before = doors.calls.said().length;
    const answer = await doors.calls.post('/api/export-kpi', body, headers);
    expect(answer).toMatch(/^4\d\d /);
    await doors.expectNoLeak({ answer, 'the log': doors.calls.said().slice(before) });
  });

  test.each<[string, string]>([
    ['an unknown key', pushBody('{"date":"2025-12-23","CANARY":1}')],
    ['text', pushBody('CANARY-user-1')],
    ['broken JSON', pushBody('{"date": CANARY')],
    ['attributes', pushBody('2025-02-30', { attributes: { CANARY: 'CANARY' } })],
    ['data that is not encoded', JSON.stringify({ message: { data: 'CANARY!', messageId: '1' } })],
    ['a body that is no message', '{"CANARY":"CANARY"}'],
    ['a body that is no JSON', '{"message": CANARY'],
  ])('a message: %s', async (_, body) => {
    const before = doors.events.said().length;
    const acknowledged = await doors.events.post(PUSH_PATH, body);
    expect(acknowledged).toMatch(/^204 /);
    await doors.expectNoLeak({ acknowledged, 'the log': doors.events.said().slice(before) });
  });
});
