import { createServer, type Http2Session, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { protos } from '@google-cloud/pubsub';

const types = protos.google.pubsub.v1;

export type PubsubMethod = 'Publish' | 'Pull' | 'Acknowledge' | 'ModifyAckDeadline';

/**
 * How a call goes wrong: answered with a gRPC status and not carried out; never answered, whether it was carried out or not; or carried out
 * and answered once a promise comes true.
 */
export type PubsubFault = { status: number } | { silent: 'before' | 'after' } | { waits: Promise<void> };

interface StoredMessage {
  id: string;
  data: string | Buffer;
  attributes?: Record<string, string>;
  /** Null while it waits. */
  ackId: string | null;
}

export interface PubsubCall {
  method: PubsubMethod;
  /** Of the messages that it is about. */
  ids: string[];
  /** Of ModifyAckDeadline. */
  seconds?: number;
}

export interface PubsubServer {
  /** For PUBSUB_EMULATOR_HOST. */
  host: string;
  /** Of the one subscription, in order. */
  messages: StoredMessage[];
  calls: PubsubCall[];
  /** Adds a message that waits. */
  add(id: string, data: string | Buffer, attributes?: Record<string, string>): void;
  /** Ids of those on loan. */
  lent(): string[];
  /** The next calls of a method meet these faults, one each; null: none. */
  play(method: PubsubMethod, ...faults: (PubsubFault | null)[]): void;
  /** Asked for a fault where none is to be played. */
  strike: (method: PubsubMethod) => PubsubFault | null;
  /** Comes true as soon as a call is there for which this holds; also one that is never answered. */
  called(holds: (call: PubsubCall) => boolean): Promise<PubsubCall>;
  close(): Promise<void>;
}

/** Pub/Sub with one topic and one subscription, whatever they are called, in memory. A loan lasts until it is given back. */
export async function startPubsubServer(): Promise<PubsubServer> {
  const script = new Map<PubsubMethod, (PubsubFault | null)[]>();
  const sessions = new Set<Http2Session>();
  const waiters: { holds: (call: PubsubCall) => boolean; resolve: (call: PubsubCall) => void }[] = [];
  let lastAckId = 0;

  const server = createServer();
  server.on('session', (session) => sessions.add(session));
  server.on('stream', (stream, headers) => {
    const chunks: Buffer[] = [];
    stream.on('error', () => {}); // a client that is gone
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () =>
      handle(stream, headers[':path']?.split('/').at(-1) as PubsubMethod, Buffer.concat(chunks).subarray(5)),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  const fake: PubsubServer = {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    messages: [],
    calls: [],
    add: (id, data, attributes) =>
      void fake.messages.push({ id, data, ackId: null, ...(attributes !== undefined && { attributes }) }),
    lent: () => fake.messages.filter(({ ackId }) => ackId !== null).map(({ id }) => id),
    play: (method, ...faults) => script.set(method, [...(script.get(method) ?? []), ...faults]),
    strike: () => null,
    called: async (holds) => fake.calls.find(holds) ?? new Promise<PubsubCall>((resolve) => waiters.push({ holds, resolve })),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const session of sessions) session.destroy();
      }),
  };

  function handle(stream: ServerHttp2Stream, method: PubsubMethod, sent: Buffer): void {
    const planned = script.get(method)?.shift();
    const fault = planned === undefined ? fake.strike(method) : planned;
    const carriesOut = fault === null || 'waits' in fault || ('silent' in fault && fault.silent === 'after');
    const { call, carryOut } = understand(method, sent);
    const answer = carriesOut ? carryOut() : new Uint8Array();
    const done =
      method === 'Pull' && carriesOut ? { ...call, ids: types.PullResponse.decode(answer).receivedMessages.map(idOf) } : call;
    fake.calls.push(done);
    for (const { holds, resolve } of waiters) if (holds(done)) resolve(done);
    if (fault !== null && 'silent' in fault) return;
    if (fault !== null && 'waits' in fault) return void fault.waits.then(() => respond(stream, 0, answer));
    respond(stream, fault === null ? 0 : fault.status, answer);
  }

  function understand(method: PubsubMethod, sent: Buffer): { call: PubsubCall; carryOut: () => Uint8Array } {
    if (method === 'Publish') {
      const { messages } = types.PublishRequest.decode(sent);
      const ids = messages.map((_, index) => `published-${fake.messages.length + index + 1}`);
      const carryOut = () => {
        for (const [index, { data }] of messages.entries()) fake.add(ids[index] ?? '', Buffer.from(data ?? ''));
        return types.PublishResponse.encode({ messageIds: ids }).finish();
      };
      return { call: { method, ids }, carryOut };
    }
    if (method === 'Pull') {
      const { maxMessages } = types.PullRequest.decode(sent);
      return { call: { method, ids: [] }, carryOut: () => pull(maxMessages) };
    }
    if (method === 'Acknowledge') {
      const held = holders(types.AcknowledgeRequest.decode(sent).ackIds);
      const carryOut = () => {
        fake.messages = fake.messages.filter((message) => !held.includes(message));
        return new Uint8Array();
      };
      return { call: { method, ids: held.map(({ id }) => id) }, carryOut };
    }
    const { ackIds, ackDeadlineSeconds } = types.ModifyAckDeadlineRequest.decode(sent);
    const held = holders(ackIds);
    const carryOut = () => {
      if (ackDeadlineSeconds === 0) for (const message of held) message.ackId = null;
      return new Uint8Array();
    };
    return { call: { method, ids: held.map(({ id }) => id), seconds: ackDeadlineSeconds }, carryOut };
  }

  function holders(ackIds: readonly string[]): StoredMessage[] {
    return fake.messages.filter(({ ackId }) => ackId !== null && ackIds.includes(ackId));
  }

  function pull(most: number): Uint8Array {
    const found = fake.messages.filter(({ ackId }) => ackId === null).slice(0, most);
    for (const message of found) message.ackId = `ack-${++lastAckId}`;
    const receivedMessages = found.map(({ id, data, attributes, ackId }) => ({
      ackId,
      message: { messageId: id, data: Buffer.from(data), attributes: attributes ?? {} },
    }));
    return types.PullResponse.encode({ receivedMessages }).finish();
  }

  return fake;
}

function idOf({ message }: protos.google.pubsub.v1.IReceivedMessage): string {
  return message?.messageId ?? '';
}

/** https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md */
function respond(stream: ServerHttp2Stream, status: number, message: Uint8Array): void {
  if (stream.destroyed) return;
  const head = { ':status': 200, 'content-type': 'application/grpc+proto' };
  if (status !== 0) return void stream.respond({ ...head, 'grpc-status': String(status) }, { endStream: true });
  stream.respond(head, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  stream.end(Buffer.concat([prefix, message]));
}
