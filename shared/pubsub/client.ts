import { PubSub, v1 } from '@google-cloud/pubsub';
import { PassThroughClient } from 'google-auth-library';
import { Failure, type FailureCode } from '../platform/failure';
import { signIn } from '../platform/google-credentials';
import { within } from '../platform/within';

/** Time limit of a call, including the sign-in. The client's own limits are ten times as long. */
const CALL_MS = 30_000;

const CLOSE_MS = 500;

const MESSAGES_AT_ONCE = 100;
/** A request may have 512 KiB; an ack id has about 200 bytes. */
const ACK_IDS_AT_ONCE = 1_000;

/** A received message of the dead-letter topic. */
export interface ReceivedLetter {
  id: string;
  data: Buffer;
  attributes: Record<string, string>;
}

/** A message on loan: nobody else gets it until it is given back or the loan ends. */
export interface LentLetter extends ReceivedLetter {
  ackId: string;
}

/** Each call throws a Failure: UNAVAILABLE after 30 s without an answer, TIMEOUT as soon as its signal is aborted. */
export interface PubsubClient {
  /** `topic` is a name, or projects/PROJECT/topics/TOPIC. Returns the message's id. */
  publish(topic: string, data: Buffer, signal?: AbortSignal): Promise<string>;
  /** Returns some waiting messages, on loan for the subscription's ack deadline. Can return none although messages wait. */
  pull(subscription: string, signal?: AbortSignal): Promise<LentLetter[]>;
  /** Lends letters for `seconds` from now, at most 600. With 0 they are given back and can be pulled again at once. */
  lend(subscription: string, letters: readonly LentLetter[], seconds: number, signal?: AbortSignal): Promise<void>;
  acknowledge(subscription: string, letter: LentLetter, signal?: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** Connects to Pub/Sub, or to the emulator that PUBSUB_EMULATOR_HOST names. */
export function createPubsub(projectId: string | undefined, { callMs = CALL_MS } = {}): PubsubClient {
  const client = new PubSub({
    ...(projectId !== undefined && { projectId }),
    // the emulator needs no credentials, and searching for missing ones takes seconds
    ...(process.env.PUBSUB_EMULATOR_HOST && { authClient: new PassThroughClient() as never }),
  });
  let publisher: v1.PublisherClient | undefined;
  let subscriber: v1.SubscriberClient | undefined;
  const settings = async () => {
    const config = await client.getClientConfig();
    return { ...config, port: Number(config.port) || 443 };
  };
  const openPublisher = async () => (publisher ??= new v1.PublisherClient(await settings()));
  const openSubscriber = async () => (subscriber ??= new v1.SubscriberClient(await settings()));
  const fullName = (kind: 'topics' | 'subscriptions', name: string) =>
    name.includes('/') ? name : `projects/${client.projectId}/${kind}/${name}`;

  const call = <Result>(action: string, signal: AbortSignal | undefined, work: () => Promise<Result>) => {
    const begin = async () => {
      await signIn(client.auth);
      signal?.throwIfAborted();
      return work();
    };
    return within(begin(), { ms: callMs, signal }, 'Pub/Sub', action).catch((thrown) => {
      throw toPubsubFailure(thrown, action);
    });
  };
  const options = () => ({
    retry: {
      retryCodes: [UNAVAILABLE],
      backoffSettings: {
        initialRetryDelayMillis: 100,
        retryDelayMultiplier: 2,
        maxRetryDelayMillis: 2_000,
        initialRpcTimeoutMillis: callMs / 3,
        rpcTimeoutMultiplier: 1,
        maxRpcTimeoutMillis: callMs / 3,
        totalTimeoutMillis: callMs / 2,
      },
    },
  });

  return {
    publish: (topic, data, signal) =>
      call(`publishing to ${topic}`, signal, async () => {
        const api = await openPublisher();
        const alone = { ...options(), isBundling: false };
        const [{ messageIds }] = await api.publish({ topic: fullName('topics', topic), messages: [{ data }] }, alone);
        return messageIds?.[0] ?? '';
      }),

    pull: (subscription, signal) =>
      call(`reading ${subscription}`, signal, async () => {
        const api = await openSubscriber();
        const wanted = { maxMessages: MESSAGES_AT_ONCE, returnImmediately: true };
        const [{ receivedMessages }] = await api.pull(
          { subscription: fullName('subscriptions', subscription), ...wanted },
          options(),
        );
        return (receivedMessages ?? []).map(({ ackId, message }) => ({
          ackId: ackId ?? '',
          id: message?.messageId ?? '',
          data: Buffer.from(message?.data ?? ''),
          attributes: message?.attributes ?? {},
        }));
      }),

    lend: (subscription, letters, seconds, signal) =>
      call(
        seconds === 0 ? `giving letters back to ${subscription}` : `borrowing letters of ${subscription}`,
        signal,
        async () => {
          const api = await openSubscriber();
          const name = fullName('subscriptions', subscription);
          const requests: Promise<unknown>[] = [];
          for (let first = 0; first < letters.length; first += ACK_IDS_AT_ONCE) {
            const ackIds = letters.slice(first, first + ACK_IDS_AT_ONCE).map(({ ackId }) => ackId);
            requests.push(api.modifyAckDeadline({ subscription: name, ackIds, ackDeadlineSeconds: seconds }, options()));
          }
          await Promise.all(requests);
        },
      ),

    acknowledge: (subscription, { ackId }, signal) =>
      call(`acknowledging in ${subscription}`, signal, async () => {
        const api = await openSubscriber();
        await api.acknowledge({ subscription: fullName('subscriptions', subscription), ackIds: [ackId] }, options());
      }),

    close: async () => {
      const closing = Promise.all([publisher?.close(), subscriber?.close(), client.close()]);
      await within(closing, { ms: CLOSE_MS }, 'Pub/Sub', 'closing').catch(() => {}); // closing may fail without consequences
    },
  };
}

/** https://grpc.io/docs/guides/status-codes/ */
const [DEADLINE_EXCEEDED, UNAVAILABLE] = [4, 14];
const statusCodes: Record<number, FailureCode> = {
  5: 'NOT_FOUND',
  7: 'ACCESS_DENIED',
  8: 'QUOTA',
  16: 'ACCESS_DENIED',
};

function toPubsubFailure(thrown: unknown, action: string): Failure {
  if (thrown instanceof Failure) return thrown;
  const status = typeof thrown === 'object' && thrown !== null && 'code' in thrown ? Number(thrown.code) : Number.NaN;
  const code = statusCodes[status] ?? 'UNAVAILABLE';
  const what = status === DEADLINE_EXCEEDED ? 'gave no answer' : 'refused or failed';
  const grpc = Number.isNaN(status) ? '' : ` (gRPC status ${status})`;
  return new Failure(code, `Pub/Sub ${what} while ${action}${grpc}`, { cause: thrown });
}
