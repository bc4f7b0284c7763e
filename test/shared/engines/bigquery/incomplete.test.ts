import { createBigQuery } from '../../../../shared/engines/bigquery/engine';
import type { Engine } from '../../../../shared/engines/engine';
import { runExport } from '../../../../shared/export/run-export';
import { reportWindow } from '../../../../shared/metrics/calendar';
import { publishedTableDefinitions } from '../../../../shared/metrics/tables';
import { type CannedFacts, cannedFacts, publishedDifferences } from '../../../support/canned-facts';
import {
  configAt,
  type Fault,
  type FaultServer,
  type RequestKind,
  type StoredRow,
  startFaultServer,
  storedTable,
} from '../../../support/fault-server';
import { testPace } from '../../../support/pace';
import { testGate, testRun } from '../../../support/run';
import { sample } from '../../../support/sample';

/** Answers that aren't BigQuery's, or not all of it, with status 200: nothing wrong may come of them. */
const DATE = '2025-06-15';
const STARTED_AT = new Date('2025-06-15T12:00:00.000Z');

let canned: CannedFacts;
let server: FaultServer;
let engine: Engine;

/** With `maxRetryMs` for what is never answered. */
function openEngine(maxRetryMs = testPace.maxRetryMs): Engine {
  return createBigQuery({ config: configAt(server), now: () => STARTED_AT, pace: { ...testPace, maxRetryMs } });
}

beforeAll(async () => {
  canned = await cannedFacts(DATE, DATE);
});

beforeEach(async () => {
  server = await startFaultServer(canned.facts);
  engine = openEngine();
});

afterEach(() => server.close());

const noAnswers: [string, Fault][] = [
  ['an empty object', { answers: '{}' }],
  ['JSON that is cut off', { answers: '{"jobComplete":true,"rows":[' }],
  ['a page of HTML', { answers: '<html>sign in</html>', contentType: 'text/html; charset=utf-8' }],
  ['a page of HTML that says it is JSON', { answers: '<html>sign in</html>' }],
  ['nothing', { answers: '' }],
  ['an array', { answers: '[]' }],
  ['null', { answers: 'null' }],
  ['a text', { answers: '"ok"' }],
  ['JSON that says it is HTML', { answers: '{"jobComplete":true}', contentType: 'text/html' }],
];

const rowsOf = (body: StoredRow) => body.rows as unknown[];
const halves: [string, Fault][] = [
  ['no rows, and says so', { changes: (body) => ({ ...body, rows: [], totalRows: '0' }) }],
  ['no rows', { changes: (body) => ({ ...body, rows: [] }) }],
  ['half of the rows', { changes: (body) => ({ ...body, rows: rowsOf(body).slice(rowsOf(body).length / 2) }) }],
  [
    'half of the rows, and says so',
    {
      changes: (body) => ({ ...body, rows: rowsOf(body).slice(1), totalRows: String(rowsOf(body).length - 1) }),
    },
  ],
  ['the first row twice', { changes: (body) => ({ ...body, rows: [rowsOf(body)[0], ...rowsOf(body).slice(0, -1)] }) }],
  ['no number of rows', { changes: ({ totalRows: _, ...body }) => body }],
  ['no columns', { changes: ({ schema: _, ...body }) => body }],
  ['columns of another query', { changes: (body) => ({ ...body, schema: { fields: [{ name: 'f0_', type: 'INTEGER' }] } }) }],
  ['a page that follows itself', { changes: (body) => ({ ...body, pageToken: 'same' }) }],
];

const kinds: RequestKind[] = ['dataset', 'table', 'query', 'look', 'load', 'record', 'job'];
const cases = [
  ...kinds.flatMap((kind) =>
    sample(noAnswers, kind === 'query' ? 9 : 2).map(([name, fault]): [RequestKind, string, Fault] => [kind, name, fault]),
  ),
  ...[...sample(noAnswers, 2), ...halves].map(([name, fault]): [RequestKind, string, Fault] => ['results', name, fault]),
];

function exportDate() {
  return runExport([DATE], {
    engine,
    run: testRun(),
    timeZone: canned.timeZone,
    startedAt: STARTED_AT,
    now: () => STARTED_AT,
    gate: testGate,
    dryRun: false,
  }).then(
    ({ reports }) => reports.flatMap(({ tables }) => tables.map(({ failure }) => failure?.code ?? 'in')),
    (thrown) => [thrown.code],
  );
}

test.each(cases)('%s answered once with %s: the call is repeated, and all is right', async (kind, _, fault) => {
  server.play(kind, fault);
  expect(await exportDate()).toEqual(['in', 'in', 'in', 'in']);
  expect(publishedDifferences(server, canned, DATE, STARTED_AT)).toEqual([]);
  expect(server.runs.map(({ status }) => status)).toEqual(['succeeded']);
});

test.each(cases.filter(([kind]) => ['dataset', 'table', 'query', 'results', 'load'].includes(kind)))(
  '%s always answered with %s: nothing wrong is published',
  async (kind, _, fault) => {
    server.strike = (asked) => (asked === kind ? fault : null);
    const isInsert = kind === 'query' || kind === 'load'; // a job that was made is found by its id
    if (!isInsert) engine = openEngine(20);
    const codes = await exportDate();
    if (isInsert) expect(publishedDifferences(server, canned, DATE, STARTED_AT)).toEqual([]);
    else expect([new Set(codes), [...server.partitions.keys()]]).toEqual([new Set(['UNAVAILABLE']), []]);
  },
);

test.each([...sample(noAnswers, 2), ...halves])('reports read with %s are not believed to be missing', async (_, fault) => {
  expect(await exportDate()).toHaveLength(4);
  server.partitions.set('daily_metrics$20250601', [
    { period_start_date: '2025-06-01', period_end_date: '2025-06-01', released_at: '2025-06-15T12:00:00.000Z' },
  ]);
  server.strike = (kind) => (kind === 'results' ? fault : null);
  engine = openEngine(20);
  const reads: Record<string, () => Promise<unknown>> = {
    rows: () => engine.readReports(DATE, DATE),
    states: () => engine.readReportStates(DATE, DATE),
    runs: () => engine.readRuns({}),
    release: () => engine.readRelease('day', DATE, DATE),
    source: () => engine.inspectSource('users', { maxBytes: 1e12 }, testRun()),
  };
  for (const [name, read] of Object.entries(reads))
    expect([name, await read().catch((thrown) => thrown.code)]).toEqual([name, 'UNAVAILABLE']);
});

test.each(sample(noAnswers, 2))('a table of another grain answered with %s is not believed to be missing', async (_, fault) => {
  server.strike = (kind) => (kind === 'table' ? fault : null);
  engine = openEngine(20);
  const read = engine.readRelease('week', DATE, DATE);
  await expect(read).rejects.toMatchObject({ code: 'UNAVAILABLE' });
});

test.each(sample(noAnswers, 2))('the list of tables answered once with %s is not believed to be empty', async (_, fault) => {
  server.tables.set('daily_audience', storedTable(publishedTableDefinitions.daily_audience));
  server.play('tables', fault);
  expect(await engine.furtherTables(testRun())).toEqual(new Set(['daily_audience']));
  expect(server.count('tables')).toBe(2);
});

test('rows over several pages are all read, each page once', async () => {
  let asked = 0;
  server.strike = (kind) => {
    if (kind !== 'results') return null;
    const page = asked++;
    const last = page % 3 === 2;
    return {
      changes: (body) => {
        const rows = rowsOf(body);
        const third = Math.ceil(rows.length / 3);
        return {
          ...body,
          rows: rows.slice(page % 3 === 0 ? 0 : (page % 3) * third, ((page % 3) + 1) * third),
          ...(!last && { pageToken: `page${page}` }),
        };
      },
    };
  };
  const { facts } = await engine.readFacts(reportWindow(DATE, DATE, canned.timeZone), testRun());
  expect(facts.activity).toEqual(canned.facts.activity);
});
