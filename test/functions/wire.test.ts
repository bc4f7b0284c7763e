import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import { getTestServer } from '@google-cloud/functions-framework/testing';
import { CloudEvent, HTTP } from 'cloudevents';
import { sample } from '../support/sample';
import { today } from '../support/today';

/** Both functions as they are deployed, under the framework, over real HTTP, on the embedded engine. */
const folder = mkdtempSync(join(tmpdir(), 'kpi-wire-'));
const TOPIC_PATH = '/projects/p/topics/kpi-export';
const MESSAGE_TYPE = 'google.cloud.pubsub.topic.v1.messagePublished';

let events: Server;
let calls: Server;
const lines: string[] = [];
let printed: jest.SpyInstance;

beforeAll(async () => {
  writeFileSync(join(folder, 'users.csv'), 'user_id,created_at\nu1,2025-10-20\n');
  writeFileSync(
    join(folder, 'measurements.csv'),
    'measurement_id,user_id,session_id,created_at,error_type\nm1,u1,s1,2025-12-20,\n',
  );
  Object.assign(process.env, {
    KPI_WAREHOUSE: join(folder, 'warehouse.duckdb'),
    KPI_SOURCE: folder,
    KPI_SOURCE_MAX_AGE_HOURS: '0',
    NODE_ENV: 'production',
  });
  jest.spyOn(process.stdout, 'write').mockImplementation((line) => lines.push(String(line)) > 0);
  printed = jest.spyOn(console, 'error').mockImplementation(() => {}); // the framework prints what was thrown
  jest.spyOn(console, 'warn').mockImplementation(() => {});
  await import('../../functions/index');
  events = await listen(getTestServer('exportKpi'));
  calls = await listen(getTestServer('exportKpiHttp'));
});

beforeEach(() => {
  printed.mockClear();
  lines.length = 0;
});

afterAll(async () => {
  await Promise.all([events, calls].map((server) => new Promise((resolve) => server.close(resolve))));
  rmSync(folder, { recursive: true });
});

async function listen(server: Server): Promise<Server> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

function post(
  server: Server,
  path: string,
  body?: string | Buffer | object,
  headers: Record<string, string> = { 'content-type': 'application/json' },
) {
  const { port } = server.address() as AddressInfo;
  const text = typeof body === 'object' && !Buffer.isBuffer(body) ? JSON.stringify(body) : body;
  return fetch(`http://127.0.0.1:${port}${path}`, {
    method: 'POST',
    headers,
    ...(text !== undefined && { body: text as string }),
  });
}

function logged(): Record<string, unknown>[] {
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

function pubsubMessage(data: string | undefined, more: object = {}) {
  return {
    ...(data !== undefined && { data: Buffer.from(data).toString('base64') }),
    attributes: {},
    messageId: 'message-1',
    publishTime: '2025-12-24T06:00:00Z',
    ...more,
  };
}

const exported = (date: string) =>
  expect.objectContaining({ message: 'report exported', report_date: date, rows: expect.any(Number) });
const parked = (code: string) => expect.objectContaining({ message: 'request parked', severity: 'ERROR', code });

describe('exportKpi', () => {
  const event = (data: string | undefined) =>
    new CloudEvent({
      id: 'event-1',
      source: '//pubsub.googleapis.com/projects/p/topics/kpi-export',
      type: MESSAGE_TYPE,
      time: '2025-12-24T06:00:01Z',
      data: { message: pubsubMessage(data), subscription: 's' },
    });
  const push = (message: object) => ({
    body: JSON.stringify({ message, subscription: 'projects/p/subscriptions/s' }),
    headers: json,
  });
  const json = { 'content-type': 'application/json' };

  test.each([
    ['a binary CloudEvent', HTTP.binary(event('{"date":"2025-12-20"}')), '2025-12-20'],
    ['a structured CloudEvent', HTTP.structured(event('2025-12-21')), '2025-12-21'],
    ['a CloudEvent without data in its message', HTTP.binary(event(undefined)), '2025-12-24'],
    ['a raw push', push(pubsubMessage('{"date":"yesterday"}')), '2025-12-23'],
    ['a raw push without data, which the framework leaves unconverted', push(pubsubMessage(undefined)), '2025-12-24'],
    ['a raw push with attributes alone', push(pubsubMessage(undefined, { attributes: { a: 'b' } })), '2025-12-24'],
    ['empty data', push(pubsubMessage('')), '2025-12-24'],
    ['{}', push(pubsubMessage('{}')), '2025-12-24'],
  ])('exports the date of %s', async (_, { body, headers }, date) => {
    const response = await post(events, TOPIC_PATH, String(body), headers as Record<string, string>);
    expect(response.status).toBe(204);
    expect(logged()).toEqual([exported(date)]);
  });

  test('exports each date of a range', async () => {
    const { body, headers } = push(pubsubMessage('{"from":"yesterday","to":"today"}'));
    expect((await post(events, TOPIC_PATH, body, headers)).status).toBe(204);
    expect(logged()).toEqual([exported('2025-12-23'), exported('2025-12-24')]);
  });

  test('exports simultaneous messages one after the other', async () => {
    const dates = ['2025-11-01', '2025-11-02', '2025-11-03'];
    const answers = await Promise.all(
      dates.map((date) => post(events, TOPIC_PATH, push(pubsubMessage(date)).body, push(pubsubMessage(date)).headers)),
    );
    expect(answers.map(({ status }) => status)).toEqual(dates.map(() => 204));
    const instance = await DuckDBInstance.create(join(folder, 'warehouse.duckdb'), { access_mode: 'READ_ONLY' });
    const connection = await instance.connect();
    const rows = await connection.runAndReadAll(
      `SELECT CAST(report_date AS VARCHAR) FROM kpi_metrics.daily_funnel WHERE report_date < '2025-12-01' GROUP BY 1 ORDER BY 1`,
    );
    expect(rows.getRowsJson().flat()).toEqual(dates);
    connection.closeSync();
    instance.closeSync();
  });

  test.each([
    ['an unknown key', push(pubsubMessage('{"day":"2025-12-20"}'))],
    ['an impossible date', push(pubsubMessage('2025-02-29'))],
    ['a date to come', push(pubsubMessage('{"date":"2999-01-01"}'))],
    ['too many dates', push(pubsubMessage('{"from":"2025-01-01","to":"2025-02-01"}'))],
    ['from after to', push(pubsubMessage('{"from":"2025-01-02","to":"2025-01-01"}'))],
    ['broken JSON', push(pubsubMessage('{"date":'))],
    ['JSON that is no object', push(pubsubMessage('[1]'))],
    ['a date of another type', push(pubsubMessage('{"date":20251220}'))],
    ['data over 1 KiB', push(pubsubMessage(`{"date":"${'9'.repeat(1100)}"}`))],
    ['a message without publishTime', push(pubsubMessage(undefined, { publishTime: undefined }))],
    ['a body that is no message', { body: '{"hello":"world"}', headers: json }],
    ['an event of another type', HTTP.structured(event('{}').cloneWith({ type: 'google.cloud.storage.object.v1.finalized' }))],
    ['2 MB', push(pubsubMessage('x'.repeat(2_000_000)))],
    ['a date in the attributes alone', push(pubsubMessage(undefined, { attributes: { date: '2025-12-20' } }))],
    ['Data instead of data', push({ ...pubsubMessage(undefined), Data: 'MjAyNS0xMi0yMA==' })],
  ])('parks and acknowledges %s', async (_, { body, headers }) => {
    const response = await post(events, TOPIC_PATH, String(body), headers as Record<string, string>);
    expect(response.status).toBe(204);
    expect(logged()).toEqual([expect.objectContaining({ message: 'export failed' }), parked('BAD_REQUEST')]);
  });

  test.each(['?date=2025-12-20', '?__GCP_CloudEventsMode=x&from=2025-12-20'])(
    'parks what is pushed to a URL with %s',
    async (query) => {
      const { body, headers } = push(pubsubMessage('2025-12-20'));
      const compressed = gzipSync(body);
      for (const sent of [
        await post(events, `${TOPIC_PATH}${query}`, body, headers),
        await post(events, `${TOPIC_PATH}${query}`, compressed, { ...headers, 'content-encoding': 'gzip' }),
      ])
        expect(sent.status).toBe(204);
      const refused = [expect.objectContaining({ message: 'export failed' }), parked('BAD_REQUEST')];
      expect(logged()).toEqual([...refused, ...refused]);
    },
  );

  test("exports what is pushed to a URL with Google's own parameters", async () => {
    const { body, headers } = push(pubsubMessage(undefined, { attributes: { googclient_schemaname: 'x' } }));
    const path = `${TOPIC_PATH}?__GCP_CloudEventsMode=CUSTOM_PUBSUB_projects%2Fp%2Ftopics%2Ft&token=x`;
    expect((await post(events, path, body, headers)).status).toBe(204);
    expect(logged()).toEqual([exported('2025-12-24')]);
  });

  test('keeps length and SHA-256 of an unreadable message, but not its text', async () => {
    const { body, headers } = push(pubsubMessage('{"mail":"someone@example.org"}'));
    await post(events, TOPIC_PATH, body, headers);
    expect(logged().at(-1)).toMatchObject({
      request: { bytes: 30, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
      message_id: 'message-1',
      publish_time: '2025-12-24T06:00:00.000Z',
    });
    expect(lines.join('')).not.toMatch(/someone|mail/);
  });

  test.each([
    ['malformed JSON', '{"message":', json],
    ['a key twice', '{"message":{},"mess\\u0061ge":{}}', json],
    ['bytes that are no UTF-8', Buffer.from([0x7b, 0xff, 0x7d]), json],
    ['a form', 'a=b', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['a batch of events', '[{}]', { 'content-type': 'application/cloudevents-batch+json' }],
    ['a text', 'hello', {}],
  ])('parks and acknowledges a body that is %s, by its length and SHA-256', async (_, body, headers) => {
    const response = await post(events, TOPIC_PATH, body, headers as Record<string, string>);
    expect(response.status).toBe(204);
    expect(logged()).toEqual([expect.objectContaining({ message: 'export failed' }), parked('BAD_REQUEST')]);
    expect(logged()[1]?.request).toEqual({ bytes: Buffer.from(body).length, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
  });

  test.each(sample([{}, { 'content-type': 'json' }, { 'content-type': 'text/plain' }, { 'content-type': '*/*' }], 2))(
    'reads a push with the headers %j',
    async (headers) => {
      const response = await post(events, TOPIC_PATH, push(pubsubMessage('2025-12-20')).body, headers as Record<string, string>);
      expect([response.status, logged()]).toEqual([204, [exported('2025-12-20')]]);
    },
  );

  test('reads a structured CloudEvent with data_base64', async () => {
    const { data, ...rest } = JSON.parse(String(HTTP.structured(event('2025-12-22')).body));
    const body = { ...rest, data_base64: Buffer.from(JSON.stringify(data)).toString('base64') };
    const response = await post(events, TOPIC_PATH, body, { 'content-type': 'application/cloudevents+json' });
    expect([response.status, logged()]).toEqual([204, [exported('2025-12-22')]]);
  });

  test.each(['0001-01-01T00:00:00Z', '1960-06-01T00:00:00Z', '9999-12-31T23:00:00Z', '1970-01-01T00:00:00Z'])(
    'parks a message without a date that was published at %s',
    async (publishTime) => {
      const data = publishTime.startsWith('1970') ? 'yesterday' : undefined;
      const { body, headers } = push(pubsubMessage(data, { publishTime }));
      expect((await post(events, TOPIC_PATH, body, headers)).status).toBe(204);
      expect(logged().at(-1)).toEqual(parked('BAD_REQUEST'));
    },
  );

  test('keeps 256 characters of a long messageId', async () => {
    const { body, headers } = push(pubsubMessage('2025-12-20', { messageId: 'm'.repeat(5000) }));
    await post(events, TOPIC_PATH, body, headers);
    expect(logged()).toEqual([expect.objectContaining({ request_id: 'm'.repeat(256) })]);
  });

  test('answers a GET, which is no event, as JSON', async () => {
    const { port } = events.address() as AddressInfo;
    const get = await fetch(`http://127.0.0.1:${port}${TOPIC_PATH}`);
    expect([get.status, await get.json()]).toEqual([405, { success: false, error: 'expected a POST', code: 'BAD_REQUEST' }]);
  });
});

describe('exportKpiHttp', () => {
  const PATH = '/api/export-kpi';

  test('answers with the written tables', async () => {
    const response = await post(calls, PATH, { date: '2025-12-23' });
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      success: true,
      reportDate: '2025-12-23',
      results: ['daily_engagement', 'daily_advanced_metrics', 'daily_errors', 'daily_funnel', 'daily_audience'].map((table) => ({
        table,
        rowsInserted: 12,
        success: true,
      })),
      summary: { tablesUpdated: 5, totalRowsInserted: 60 },
    });
  });

  test('answers simultaneous calls, one after the other on the embedded engine', async () => {
    const dates = ['2025-12-19', '2025-12-20', '2025-12-20'];
    const responses = await Promise.all(dates.map((date) => post(calls, PATH, { date })));
    expect(responses.map(({ status }) => status)).toEqual([200, 200, 200]);
  });

  test('answers a range with reports, also a range of one date', async () => {
    const response = await post(calls, PATH, { from: '2025-12-23', to: '2025-12-23' });
    expect(await response.json()).toMatchObject({ success: true, reports: [{ reportDate: '2025-12-23' }] });
  });

  test.each([
    ['no body', undefined, {}],
    ['an empty object', '{}', { 'content-type': 'application/json' }],
  ])('exports today for %s', async (_, body, headers) => {
    const reportDate = await today();
    const response = await post(calls, PATH, body, headers);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ reportDate });
  });

  test('reads JSON whatever its content type says', async () => {
    const response = await post(calls, PATH, '{"date":"2025-12-22"}', { 'content-type': 'application/x-www-form-urlencoded' });
    expect(await response.json()).toMatchObject({ reportDate: '2025-12-22' });
  });

  test.each([
    ['an unknown key', '{"date":"2025-12-23","dryRun":true}', 'unknown key; expected {"date": …}, {"from": …, "to": …} or {}'],
    ['an impossible date', '{"date":"2025-13-01"}', 'date: expected a calendar date as YYYY-MM-DD, today or yesterday'],
    ['a bare date', '"2025-12-23"', 'expected {"date": …}, {"from": …, "to": …} or {}'],
    ['2 MB', `{"date":"${' '.repeat(2_000_000)}"}`, 'expected at most 1,024 bytes, got 2,000,011'],
  ])('refuses %s', async (_, body, error) => {
    const response = await post(calls, PATH, body, { 'content-type': 'text/plain' });
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({ success: false, error, code: 'BAD_REQUEST' });
  });

  test.each([
    ['gzip', gzipSync('')],
    ['br', brotliCompressSync('')],
    ['deflate', deflateSync('')],
    ['GZip', gzipSync('')],
  ])('refuses a body of %s that unpacks to nothing', async (encoding, body) => {
    const error = 'expected JSON in the compressed body, which unpacks to nothing; for today send no body';
    const headers = { 'content-encoding': encoding };
    const response = await post(calls, PATH, body, headers);
    expect([response.status, await response.json()]).toEqual([400, { success: false, error, code: 'BAD_REQUEST' }]);
    const { port } = calls.address() as AddressInfo;
    const chunked = { method: 'POST', headers, body: new Blob([body]).stream(), duplex: 'half' };
    expect((await fetch(`http://127.0.0.1:${port}${PATH}`, chunked)).status).toBe(400);
  });

  test.each(
    sample(
      [
        ['gzip', gzipSync('{"date":"2025-12-22"}'), '2025-12-22'],
        ['identity', undefined, 'today'],
        ['br', brotliCompressSync('{"date":"2025-12-22"}'), '2025-12-22'],
      ],
      2,
    ),
  )('reads a body of %s, if there is one', async (encoding, body, asked) => {
    const reportDate = asked === 'today' ? await today() : asked;
    const response = await post(calls, PATH, body, { 'content-encoding': encoding });
    expect(await response.json()).toMatchObject({ success: true, reportDate });
  });

  test.each(sample(['?&&', '?'], 1))('takes a URL that ends in %s, which asks for nothing', async (query) => {
    expect(await (await post(calls, `${PATH}${query}`, { date: '2025-12-22' })).json()).toMatchObject({ success: true });
  });

  test.each(['?date=2025-12-23', '?&date', '?=1', '?[]', '?__proto__=1', '?hasOwnProperty=1', '??'])(
    'refuses a URL that ends in %s',
    async (query) => {
      expect(await asJson(await post(calls, `${PATH}${query}`))).toEqual([400, 'BAD_REQUEST']);
    },
  );

  const asJson = async (response: Response) => [response.status, (await response.json()).code];

  test.each(sample([{}, { 'content-type': 'json' }, { 'content-type': '*/*' }, { 'content-type': 'application' }], 2))(
    'reads a body with the headers %j, and never exports another date than it names',
    async (headers) => {
      const sent = (body: string) => post(calls, PATH, Buffer.from(body), headers as Record<string, string>);
      expect(await (await sent('{"date":"2025-12-22"}')).json()).toMatchObject({ reportDate: '2025-12-22' });
      expect(await asJson(await sent('garbage'))).toEqual([400, 'BAD_REQUEST']);
    },
  );

  test.each([
    ['malformed JSON', '{"mail": someone@example.org', { 'content-type': 'application/json' }, 400],
    ['a key twice', '{"date":"2025-12-22","d\\u0061te":"2025-12-23"}', { 'content-type': 'application/json' }, 400],
    ['an unknown encoding', 'x', { 'content-encoding': 'someone@example.org' }, 415],
    ['gzip that is none', 'x', { 'content-encoding': 'gzip' }, 400],
  ])('answers %s in the documented form, and prints nothing of it', async (_, body, headers, status) => {
    expect(await asJson(await post(calls, PATH, body, headers as Record<string, string>))).toEqual([status, 'BAD_REQUEST']);
    expect([lines.length, lines.join('')]).toEqual([1, expect.not.stringContaining('someone')]);
    expect(printed).not.toHaveBeenCalled();
  });

  test('refuses other paths and methods in the documented form', async () => {
    expect(await asJson(await post(calls, '/%E0%A4%A'))).toEqual([400, 'BAD_REQUEST']);
    expect(await asJson(await post(calls, '/'))).toEqual([404, 'BAD_REQUEST']);
    const { port } = calls.address() as AddressInfo;
    const get = await fetch(`http://127.0.0.1:${port}${PATH}`);
    expect([get.status, get.headers.get('allow')]).toEqual([405, 'POST']);
    expect(printed).not.toHaveBeenCalled();
  });

  test.each([
    ['', '{"date"'],
    ['Content-Encoding: gzip\r\n', gzipSync('{"date":"2025-12-23"}').subarray(0, 10)],
  ])('a caller that leaves within a body is one line; %j', async (header, part) => {
    const { port } = calls.address() as AddressInfo;
    const socket = connect(port, '127.0.0.1');
    socket.write(`POST ${PATH} HTTP/1.1\r\nHost: x\r\n${header}Content-Length: 100\r\n\r\n`);
    socket.write(part);
    const [request] = (await once(calls, 'request')) as [IncomingMessage];
    const closed = new Promise((resolve) => request.once('close', resolve));
    socket.destroy();
    await closed;
    expect(logged()).toEqual([expect.objectContaining({ message: 'caller left' })]);
    expect(printed).not.toHaveBeenCalled();
  });

  test('logs the trace of the call if the engine has a project', async () => {
    await post(calls, PATH, { date: '2025-12-23' }, { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` });
    expect(logged()).toEqual([exported('2025-12-23')]); // the embedded engine has none
  });
});
