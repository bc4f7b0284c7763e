import { PubSub, v1 } from '@google-cloud/pubsub';
import { PassThroughClient } from 'google-auth-library';
import type { ReceivedLetter } from '../dead-letter';
import { Failure, type FailureCode } from '../failure';
import { signIn } from './google-credentials';

/** A publish that takes longer has failed; the message that led to it is then delivered again. */
const PUBLISH_TIMEOUT_MS = 30_000;

/** The longest that Pub/Sub lends a message for. */
const LEASE_SECONDS = 600;
const MESSAGES_AT_ONCE = 100;

/** A pull may come back empty although messages wait; so many in a row are believed. */
const EMPTY_PULLS = 3;

/** A person waits: the client's own settings would try for minutes where nobody answers. */
const PULL_OPTIONS = {
  retry: {
    retryCodes: [14],
    backoffSettings: {
      ...{ initialRetryDelayMillis: 100, retryDelayMultiplier: 2, maxRetryDelayMillis: 2_000 },
      ...{ initialRpcTimeoutMillis: 10_000, rpcTimeoutMultiplier: 1, maxRpcTimeoutMillis: 10_000 },
      totalTimeoutMillis: 15_000,
    },
  },
};

/** A message on loan: until it is acknowledged or released, nobody else gets it. */
export interface LentLetter extends ReceivedLetter {
  ackId: string;
}

export interface PubsubClient {
  /** `topic` is a name, or projects/PROJECT/topics/TOPIC. Answers the message's id. */
  publish(topic: string, data: Buffer): Promise<string>;
  /** All messages that wait in a subscription. */
  pullAll(subscription: string): Promise<LentLetter[]>;
  acknowledge(subscription: string, letters: readonly LentLetter[]): Promise<void>;
  /** Gives them back, so that they can be pulled again at once. */
  release(subscription: string, letters: readonly LentLetter[]): Promise<void>;
  close(): Promise<void>;
}

/** Connects to Pub/Sub, or to the emulator that PUBSUB_EMULATOR_HOST names. Every call fails with a Failure. */
export function createPubsub(projectId: string | undefined): PubsubClient {
  const client = new PubSub({
    ...(projectId !== undefined && { projectId }),
    // the emulator takes no credentials, and looking for some takes seconds where there are none
    ...(process.env.PUBSUB_EMULATOR_HOST && { authClient: new PassThroughClient() as never }),
  });
  let subscriber: Promise<v1.SubscriberClient> | undefined;
  const openSubscriber = () => {
    subscriber ??= client
      .getClientConfig()
      .then((config) => new v1.SubscriberClient({ ...config, port: Number(config.port) || 443 }));
    return subscriber;
  };
  const call = <Result>(doing: string, work: () => Promise<Result>) =>
    named(doing, async () => {
      await signIn(client.auth);
      return work();
    });
  const fullName = (subscription: string) =>
    subscription.includes('/') ? subscription : `projects/${client.projectId}/subscriptions/${subscription}`;

  return {
    publish: (topic, data) =>
      call(`publishing to ${topic}`, () =>
        client.topic(topic, { batching: { maxMessages: 1 }, gaxOpts: { timeout: PUBLISH_TIMEOUT_MS } }).publishMessage({ data }),
      ),

    pullAll: (subscription) =>
      call(`reading ${subscription}`, async () => {
        const api = await openSubscriber();
        const name = fullName(subscription);
        const letters = new Map<string, LentLetter>();
        for (let empty = 0; empty < EMPTY_PULLS; ) {
          const [{ receivedMessages }] = await api.pull(
            { subscription: name, maxMessages: MESSAGES_AT_ONCE, returnImmediately: true },
            PULL_OPTIONS,
          );
          const lent = (receivedMessages ?? []).flatMap(({ ackId, message }) => {
            if (!ackId || !message?.messageId) return [];
            return [
              { ackId, id: message.messageId, data: Buffer.from(message.data ?? ''), attributes: message.attributes ?? {} },
            ];
          });
          const fresh = lent.filter(({ id }) => !letters.has(id));
          if (fresh.length === 0) {
            empty++;
            continue;
          }
          empty = 0;
          await api.modifyAckDeadline({
            subscription: name,
            ackIds: fresh.map(({ ackId }) => ackId),
            ackDeadlineSeconds: LEASE_SECONDS,
          });
          for (const letter of fresh) letters.set(letter.id, letter);
        }
        return [...letters.values()];
      }),

    acknowledge: (subscription, letters) =>
      call(`acknowledging in ${subscription}`, async () => {
        if (letters.length === 0) return;
        await (await openSubscriber()).acknowledge({
          subscription: fullName(subscription),
          ackIds: letters.map(({ ackId }) => ackId),
        });
      }),

    release: (subscription, letters) =>
      call(`releasing in ${subscription}`, async () => {
        if (letters.length === 0) return;
        const ackIds = letters.map(({ ackId }) => ackId);
        await (await openSubscriber()).modifyAckDeadline({ subscription: fullName(subscription), ackIds, ackDeadlineSeconds: 0 });
      }),

    close: async () => {
      await (await subscriber)?.close();
      await client.close();
    },
  };
}

/** https://grpc.io/docs/guides/status-codes/ */
const statusCodes: Record<number, FailureCode> = {
  4: 'UNAVAILABLE',
  5: 'NOT_FOUND',
  7: 'ACCESS_DENIED',
  8: 'QUOTA',
  14: 'UNAVAILABLE',
  16: 'ACCESS_DENIED',
};

async function named<Result>(doing: string, call: () => Promise<Result>): Promise<Result> {
  try {
    return await call();
  } catch (thrown) {
    if (thrown instanceof Failure) throw thrown;
    const status = typeof thrown === 'object' && thrown !== null && 'code' in thrown ? Number(thrown.code) : Number.NaN;
    const code = statusCodes[status] ?? 'UNAVAILABLE';
    throw new Failure(code, `Pub/Sub refused or failed while ${doing}${Number.isNaN(status) ? '' : ` (gRPC status ${status})`}`, {
      cause: thrown,
    });
  }
}
