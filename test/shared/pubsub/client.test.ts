import { type AddressInfo, createServer, type Socket } from 'node:net';
import { createPubsub, type PubsubClient } from '../../../shared/pubsub/client';
import { type PubsubServer, startPubsubServer } from '../../support/pubsub-server';

/** The client of Pub/Sub over real gRPC, against a server that answers, refuses, or says nothing. */
let server: PubsubServer;
let client: PubsubClient;
const opened: PubsubClient[] = [];
const before = process.env.PUBSUB_EMULATOR_HOST;

function connect(host: string, callMs = 5_000): PubsubClient {
  process.env.PUBSUB_EMULATOR_HOST = host;
  const client = createPubsub('test', { callMs });
  opened.push(client);
  return client;
}

beforeEach(async () => {
  server = await startPubsubServer();
  client = connect(server.host);
});

afterEach(async () => {
  await Promise.all(opened.splice(0).map((one) => one.close()));
  await server.close();
  if (before === undefined) delete process.env.PUBSUB_EMULATOR_HOST;
  else process.env.PUBSUB_EMULATOR_HOST = before;
});

test('a message is published, pulled with its attributes, extended, returned and acknowledged', async () => {
  expect(await client.publish('topic', Buffer.from('{"date":"2025-12-23"}'))).toBe('published-1');
  server.add('second', 'raw', { key: 'value' });
  const letters = await client.pull('subscription');
  expect(letters).toEqual([
    { ackId: expect.any(String), id: 'published-1', data: Buffer.from('{"date":"2025-12-23"}'), attributes: {} },
    { ackId: expect.any(String), id: 'second', data: Buffer.from('raw'), attributes: { key: 'value' } },
  ]);
  await client.lend('subscription', letters, 180);
  expect(server.lent()).toEqual(['published-1', 'second']);
  const [first, second] = letters;
  if (first === undefined || second === undefined) throw new Error('two letters expected');
  await client.acknowledge('subscription', first);
  await client.lend('subscription', [second], 0);
  expect([server.messages.map(({ id }) => id), server.lent()]).toEqual([['second'], []]);
  expect(server.calls.filter(({ seconds }) => seconds !== undefined)).toEqual([
    { method: 'ModifyAckDeadline', ids: ['published-1', 'second'], seconds: 180 },
    { method: 'ModifyAckDeadline', ids: ['second'], seconds: 0 },
  ]);
});

const letter = { ackId: 'ack', id: 'l1', data: Buffer.from(''), attributes: {} };

const calls: [string, 'Publish' | 'Pull' | 'Acknowledge' | 'ModifyAckDeadline', Call, string][] = [
  ['publish', 'Publish', (one, signal) => one.publish('topic', Buffer.from('x'), signal), 'publishing to topic'],
  ['pull', 'Pull', (one, signal) => one.pull('letters', signal), 'reading letters'],
  ['lend', 'ModifyAckDeadline', (one, signal) => one.lend('letters', [letter], 180, signal), 'borrowing letters of letters'],
  ['give back', 'ModifyAckDeadline', (one, signal) => one.lend('letters', [letter], 0, signal), 'giving letters back to letters'],
  ['acknowledge', 'Acknowledge', (one, signal) => one.acknowledge('letters', letter, signal), 'acknowledging in letters'],
];
type Call = (client: PubsubClient, signal?: AbortSignal) => Promise<unknown>;

describe.each(calls)('%s', (_, method, call, action) => {
  test.each<[number, string]>([
    [5, 'NOT_FOUND'],
    [7, 'ACCESS_DENIED'],
    [8, 'QUOTA'],
    [13, 'UNAVAILABLE'],
    [16, 'ACCESS_DENIED'],
  ])('refused with gRPC status %i is %s', async (status, code) => {
    server.play(method, { status });
    await expect(call(client)).rejects.toMatchObject({
      code,
      message: `Pub/Sub refused or failed while ${action} (gRPC status ${status})`,
    });
    expect(server.calls).toHaveLength(1);
  });

  test('is tried again where the server is unavailable for a moment', async () => {
    server.play(method, { status: 14 });
    await call(client);
    expect(server.calls).toHaveLength(2);
  });

  test('ends where it is never answered', async () => {
    server.play(method, { silent: 'after' });
    await expect(call(connect(server.host, 150))).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining(`Pub/Sub gave no answer while ${action}`),
    });
  });

  test('ends where nobody speaks at the other end', async () => {
    const mute = await startMuteServer();
    try {
      await expect(call(connect(mute.host, 150))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    } finally {
      await mute.close();
    }
  });

  test('ends with its signal, before it is answered', async () => {
    server.play(method, { silent: 'before' });
    const stop = new AbortController();
    const calling = call(connect(server.host, 600_000), stop.signal);
    await server.called((one) => one.method === method);
    stop.abort();
    await expect(calling).rejects.toMatchObject({ code: 'TIMEOUT', message: `stopped while ${action}` });
  });

  test('is not begun with a signal that is aborted already', async () => {
    await expect(call(client, AbortSignal.abort())).rejects.toMatchObject({ code: 'TIMEOUT' });
    await call(client);
    expect(server.calls).toHaveLength(1);
  });
});

test("thousands of letters are returned in requests within Pub/Sub's limits", async () => {
  const letters = Array.from({ length: 2_500 }, (_, index) => ({ ...letter, id: `l${index}`, ackId: `ack-${index + 1}` }));
  for (const { id } of letters) server.add(id, '');
  for (let pulled = 0; pulled < letters.length; pulled += 100) await client.pull('letters');
  expect(server.lent()).toHaveLength(2_500);
  await client.lend('letters', letters, 0);
  const given = server.calls.filter(({ seconds }) => seconds === 0);
  expect([given.map(({ ids }) => ids.length), server.lent()]).toEqual([[1_000, 1_000, 500], []]);
});

/** Takes connections, and says nothing. */
async function startMuteServer(): Promise<{ host: string; close: () => Promise<void> }> {
  const sockets = new Set<Socket>();
  const mute = createServer((socket) => {
    sockets.add(socket.on('error', () => {}));
  });
  await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
  return {
    host: `127.0.0.1:${(mute.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        mute.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
