import { createRequire } from 'node:module';
import type { Readable } from 'node:stream';
import { type BigQueryModel, type Call, type JobFate, refusal } from './bigquery';
import type { Fate, Network } from './network';
import type { SimulatedProcess } from './process';
import type { PubsubModel, PubsubOperation } from './pubsub';
import type { Operation } from './schedule';

/** What a request meets, if anything. */
export type FateOf = (operation: Operation, owner: SimulatedProcess, jobId?: string) => Fate | JobFate | null;

type Callback = (error: Error | null, response: object | null, body?: unknown) => void;

interface Options {
  uri: string;
  method?: string;
  json?: Call['body'];
  multipart?: [{ body: string }, { body: Readable }];
}

const jobFates: readonly string[] = ['fails', 'exhausted', 'crawls', 'hangs'] satisfies JobFate[];

function isJobFate(fate: Fate | JobFate | null): fate is JobFate {
  return fate !== null && jobFates.includes(fate);
}

/** Which simulated BigQuery a request goes to is said by its host. */
const hosts = new Map<string, (options: Options, callback: Callback) => void>();

/** Makes the BigQuery client send its requests here: in place of the package by which it sends them over the network. */
export function replaceTransport(): void {
  const { cache, resolve } = createRequire(__filename);
  const teenyRequest = {
    defaults: (defaults: object) => (options: Options, callback: Callback) => route({ ...defaults, ...options }, callback),
  };
  const filename = resolve('teeny-request');
  cache[filename] = { id: filename, filename, loaded: true, exports: { teenyRequest } } as unknown as NodeJS.Module;
}

function route(options: Options, callback: Callback): void {
  hosts.get(new URL(options.uri).host)?.(options, callback);
}

/** Connects a process to a BigQuery; the endpoint that it is to use. */
export function connectBigQuery(
  owner: SimulatedProcess,
  { network, model, fateOf }: { network: Network; model: BigQueryModel; fateOf: FateOf },
): void {
  hosts.set(`${owner.name}.simulated`, (options, callback) => void send(options, callback));

  async function send(options: Options, callback: Callback): Promise<void> {
    const call = await readCall(options);
    const operation = model.operationOf(call);
    const met = fateOf(operation, owner, call.body.jobReference?.jobId);
    const fate = isJobFate(met) ? null : met;
    const answer = (status: number, body: unknown, type = 'application/json') =>
      callback(null, { statusCode: status, statusMessage: '', headers: { 'content-type': type }, body }, body);
    network.send(owner, {
      fate,
      readyAt: () => model.readyAt(call),
      carryOut: () => model.carryOut(call, isJobFate(met) ? met : null),
      answer: ({ status, body }) => answer(status, body),
      breaks: () => callback(Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' }), null),
      refuse: () => {
        const { status, body } = refusals[network.sent() % refusals.length] ?? refusal(503, 'backendError');
        answer(status, body);
      },
      spoil: ({ status, body }, how) => {
        if (how === 'html') answer(200, '<html>sign in</html>', 'text/html');
        else if (how === 'half' && !('rows' in body))
          callback(Object.assign(new Error('cut off'), { type: 'invalid-json' }), null);
        else if (status !== 200 || !('rows' in body)) answer(200, {});
        else answer(200, shorten(body, how === 'empty' ? 0 : 0.5));
      },
    });
  }
}

export function disconnect(owner: SimulatedProcess): void {
  hosts.delete(`${owner.name}.simulated`);
}

const refusals = [
  refusal(503, 'backendError'),
  refusal(500, 'internalError'),
  refusal(429, 'rateLimitExceeded'),
  refusal(403, 'rateLimitExceeded'),
  refusal(502, 'badGateway'),
];

/** With a part of its rows, as if these were all. */
function shorten(body: Record<string, unknown>, share: number): object {
  const rows = Array.isArray(body.rows) ? body.rows : [];
  const kept = rows.slice(0, Math.floor(rows.length * share));
  return { ...body, rows: kept, totalRows: String(kept.length) };
}

async function readCall({ uri, method = 'GET', json = {}, multipart }: Options): Promise<Call> {
  const path = new URL(uri).pathname;
  if (multipart === undefined) return { method, path, body: json, rows: [] };
  const chunks: Buffer[] = [];
  for await (const chunk of multipart[1].body) chunks.push(Buffer.from(chunk));
  const lines = Buffer.concat(chunks).toString().split('\n').filter(Boolean);
  return { method, path, body: JSON.parse(multipart[0].body), rows: lines.map((line) => JSON.parse(line)) };
}

/** Stands in for @google-cloud/pubsub, whose connections are no requests that could be caught: its own repeats aren't simulated. */
export function pubsubPackage(
  owner: SimulatedProcess,
  { network, model, fateOf }: { network: Network; model: PubsubModel; fateOf: FateOf },
) {
  const call = <Result>(operation: PubsubOperation, carryOut: () => Result) =>
    new Promise<[Result]>((resolve, reject) => {
      const met = fateOf(operation, owner);
      const fail = (code: number) => reject(Object.assign(new Error('simulated'), { code }));
      network.send(owner, {
        fate: isJobFate(met) ? null : met,
        carryOut,
        answer: (result) => resolve([result]),
        breaks: () => fail(14),
        refuse: () => fail([14, 13, 8, 4][network.sent() % 4] ?? 14),
        spoil: () => fail(13), // gRPC notices that an answer is not whole
      });
    });
  const close = async () => {};
  return {
    PubSub: class {
      projectId = 'test';
      auth = { getClient: async () => ({ getAccessToken: async () => ({}) }) };
      getClientConfig = async () => ({});
      close = close;
    },
    v1: {
      PublisherClient: class {
        publish = ({ messages }: { messages: { data: Buffer }[] }) =>
          call('publish', () => ({ messageIds: messages.map(({ data }) => model.publish(data)) }));
        close = close;
      },
      SubscriberClient: class {
        pull = ({ maxMessages }: { maxMessages: number }) =>
          call('pull', () => ({
            receivedMessages: model.pull(maxMessages).map(({ id, ackId, data, attributes }) => ({
              ackId,
              message: { messageId: id, data, attributes },
            })),
          }));
        modifyAckDeadline = ({ ackIds, ackDeadlineSeconds }: { ackIds: string[]; ackDeadlineSeconds: number }) =>
          call('lend', () => model.lend(ackIds, ackDeadlineSeconds));
        acknowledge = ({ ackIds }: { ackIds: string[] }) => call('acknowledge', () => model.acknowledge(ackIds));
        close = close;
      },
    },
  };
}
