import { createPubsubHandler } from '../../functions/export-kpi';
import { createPark } from '../../functions/park';
import { sendDigests } from '../../shared/operate/send-digests';
import { parseConfig } from '../../shared/platform/config';
import { Failure } from '../../shared/platform/failure';
import { createLog } from '../../shared/platform/log';
import { type PubsubServer, startPubsubServer } from '../support/pubsub-server';

/** A dead letter on its way to the topic, over real gRPC: the message that led to it is acknowledged, by returning, only once it is there. */
let server: PubsubServer;
let lines: string[];
const before = process.env.PUBSUB_EMULATOR_HOST;

beforeEach(async () => {
  server = await startPubsubServer();
  process.env.PUBSUB_EMULATOR_HOST = server.host;
  lines = [];
});

afterEach(async () => {
  await server.close();
  if (before === undefined) delete process.env.PUBSUB_EMULATOR_HOST;
  else process.env.PUBSUB_EMULATOR_HOST = before;
});

const data = Buffer.from('2025-12-23').toString('base64');
const event = { message: { data, messageId: 'm1', publishTime: '2025-12-24T06:00:00Z' } };

function createHandler() {
  return createPubsubHandler({
    settler: {
      timeZone: async () => 'UTC',
      settle: async () => ({ config: parseConfig({}), openEngine: () => Promise.reject(new Error('not opened here')) }),
    },
    runRequest: async () => {
      throw new Failure('QUALITY_GATE', 'the reason');
    },
    sendDigests,
    openLog: () => createLog({ level: 'info', format: 'json', write: (line) => lines.push(line) }),
    now: () => new Date('2025-12-24T06:00:05Z'),
    deadlineMs: 60_000,
    park: createPark('projects/test/topics/letters', 'test'),
  });
}

const logged = () => lines.map((line) => JSON.parse(line)).map(({ message, code }) => `${message} ${code}`);

test('the handler returns only after the topic has the letter', async () => {
  let answer = () => {};
  server.play('Publish', {
    waits: new Promise((resolve) => {
      answer = resolve;
    }),
  });
  let returned = false;
  const handling = createHandler()(event).then(() => {
    returned = true;
  });
  await server.called(({ method }) => method === 'Publish');
  expect([returned, logged()]).toEqual([false, ['export failed QUALITY_GATE']]);
  answer();
  await handling;
  expect(server.messages.map((message) => JSON.parse(String(message.data)))).toEqual([
    expect.objectContaining({
      code: 'QUALITY_GATE',
      messageId: 'm1',
      request: { from: '2025-12-23', to: '2025-12-23', shape: 'date' },
    }),
  ]);
  expect(logged()).toEqual(['export failed QUALITY_GATE', 'request parked QUALITY_GATE']);
});

test.each([
  [5, 'NOT_FOUND'],
  [7, 'ACCESS_DENIED'],
  [13, 'UNAVAILABLE'],
])(
  'a topic that refuses it with gRPC status %i makes the handler throw: the message comes again, and is parked then',
  async (status, code) => {
    server.play('Publish', { status });
    const handle = createHandler();
    await expect(handle(event)).rejects.toMatchObject({ code });
    expect([server.messages, logged()]).toEqual([[], ['export failed QUALITY_GATE', `export failed ${code}`]]);
    await handle(event);
    expect(server.messages).toHaveLength(1);
  },
);
