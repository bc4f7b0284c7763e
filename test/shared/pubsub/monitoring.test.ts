import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { OAuth2Client } from 'google-auth-library';
import { readBacklog } from '../../../shared/pubsub/monitoring';

/** Cloud Monitoring as a server of this test, asked by Google's own client with a token that it doesn't look at. */
const now = new Date('2026-01-15T06:00:00Z');
let server: Server;
let requests: IncomingMessage[];
let answer: (response: ServerResponse) => void;

beforeEach(async () => {
  requests = [];
  server = createServer((request, response) => {
    requests.push(request);
    answer(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const send = (body: unknown, status = 200) => {
  answer = (response) =>
    void response
      .writeHead(status, { 'Content-Type': 'application/json' })
      .end(typeof body === 'string' ? body : JSON.stringify(body));
};

function read(subscription = 'kpi-export-dead-letter', callMs = 10_000) {
  const client = new OAuth2Client();
  client.setCredentials({ access_token: 'token', expiry_date: Date.now() + 3_600_000 });
  const credentials = Object.assign(client, { getClient: async () => client });
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return readBacklog({ project: 'example.com:kpi', subscription }, { now, endpoint, credentials, callMs });
}

const point = (endTime: string, int64Value: unknown) => ({ interval: { startTime: endTime, endTime }, value: { int64Value } });
const series = (...points: object[]) => ({ timeSeries: [{ metric: {}, resource: {}, metricKind: 'GAUGE', points }], unit: '1' });

test('the newest figure of the last ten minutes is asked for, with the token', async () => {
  send(series(point('2026-01-15T05:58:00Z', '3'), point('2026-01-15T05:57:00Z', '7')));
  expect(await read()).toEqual({ waiting: 3, asOf: new Date('2026-01-15T05:58:00Z') });
  expect(requests.map(({ method, headers }) => [method, headers.authorization])).toEqual([['GET', 'Bearer token']]);
  const url = new URL(requests[0]?.url ?? '', 'http://server');
  expect([url.pathname, Object.fromEntries(url.searchParams)]).toEqual([
    '/v3/projects/example.com%3Akpi/timeSeries',
    {
      filter:
        'metric.type="pubsub.googleapis.com/subscription/num_undelivered_messages" AND resource.labels.subscription_id="kpi-export-dead-letter"',
      'interval.startTime': '2026-01-15T05:50:00.000Z',
      'interval.endTime': '2026-01-15T06:00:00.000Z',
    },
  ]);
});

test('a subscription by its full name is asked for in its project', async () => {
  send(series(point('2026-01-15T05:58:00Z', '0')));
  expect(await read('projects/other/subscriptions/letters')).toMatchObject({ waiting: 0 });
  expect(requests[0]?.url).toContain('/v3/projects/other/timeSeries?');
  expect(requests[0]?.url).toContain('subscription_id%3D%22letters%22');
});

test.each([
  ['no series', {}],
  ['no points', series()],
])('%s is no figure', async (_, body) => {
  send(body);
  expect(await read()).toBeNull();
});

test.each([
  ['no JSON', 'canary'],
  ['another figure', series(point('2026-01-15T05:58:00Z', 'canary'))],
  ['no time', series(point('canary', '3'))],
  ['a list', []],
])('an answer with %s is UNAVAILABLE', async (_, body) => {
  send(body);
  const failure = await read().catch((thrown) => thrown);
  expect(failure).toMatchObject({ code: 'UNAVAILABLE', message: expect.stringContaining('Cloud Monitoring') });
  expect(failure.message).not.toContain('canary');
});

test.each([
  [400, 'BAD_REQUEST', 'refused or failed while counting letters (HTTP 400)'],
  [401, 'ACCESS_DENIED', 'grant it roles/monitoring.viewer in example.com:kpi'],
  [403, 'ACCESS_DENIED', 'grant it roles/monitoring.viewer in example.com:kpi'],
  [404, 'NOT_FOUND', '(HTTP 404)'],
  [429, 'BUSY', '(HTTP 429)'],
  [503, 'UNAVAILABLE', '(HTTP 503)'],
])('HTTP status %i is %s', async (status, code, says) => {
  send({ error: { code: status, message: 'canary' } }, status);
  const failure = await read().catch((thrown) => thrown);
  expect(failure).toMatchObject({ code, message: expect.stringContaining(says) });
  expect(failure.message).not.toContain('canary');
});

test('a server without an answer is UNAVAILABLE', async () => {
  answer = () => {};
  await expect(read('letters', 50)).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    message: 'Cloud Monitoring gave no answer while counting letters',
  });
});

test('a connection that breaks is UNAVAILABLE', async () => {
  answer = (response) => void response.socket?.destroy();
  await expect(read()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
});

test('an invalid name is refused without a request', async () => {
  await expect(read('" OR metric.type="')).rejects.toMatchObject({ code: 'BAD_REQUEST' });
  expect(requests).toEqual([]);
});
