import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** `npm run test:integration` starts an emulator and names it in the environment (test/integration/emulators.ts). */
export const hasPubsubEmulator = Boolean(process.env.PUBSUB_EMULATOR_HOST);

export interface WaitingMessage {
  id: string;
  data: string;
  attributes: Record<string, string>;
}

export interface PubsubEmulator {
  host: string;
  /** Makes something: `create('topics/t', {})`. */
  create(name: string, body: object): Promise<void>;
  remove(name: string): Promise<void>;
  /** Publishes all at once; answers their ids. */
  publish(topic: string, messages: readonly { data?: string; attributes?: Record<string, string> }[]): Promise<string[]>;
  /** Where a subscription pushes to from now on; null: nowhere. */
  pushTo(subscription: string, endpoint: string | null): Promise<void>;
  /** What waits in a subscription, which stays there. */
  waiting(subscription: string): Promise<WaitingMessage[]>;
}

export function openPubsubEmulator(project: string): PubsubEmulator {
  const host = process.env.PUBSUB_EMULATOR_HOST ?? '';

  const call = async (method: string, path: string, body?: object): Promise<unknown> => {
    const response = await fetch(`http://${host}/v1/projects/${project}/${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return response.json();
  };

  return {
    host,
    create: async (name, body) => {
      await call('PUT', name, body);
    },
    remove: async (name) => {
      await call('DELETE', name);
    },
    publish: async (topic, messages) => {
      const encoded = messages.map(({ data, attributes }) => ({
        ...(data !== undefined && { data: Buffer.from(data).toString('base64') }),
        ...(attributes !== undefined && { attributes }),
      }));
      const { messageIds } = (await call('POST', `topics/${topic}:publish`, { messages: encoded })) as { messageIds: string[] };
      return messageIds;
    },
    pushTo: async (subscription, endpoint) => {
      const pushConfig = endpoint === null ? {} : { pushEndpoint: endpoint };
      await call('POST', `subscriptions/${subscription}:modifyPushConfig`, { pushConfig });
    },
    waiting: async (subscription) => {
      const path = `subscriptions/${subscription}`;
      const { receivedMessages = [] } = (await call('POST', `${path}:pull`, { maxMessages: 100, returnImmediately: true })) as {
        receivedMessages?: {
          ackId: string;
          message: { messageId: string; data?: string; attributes?: Record<string, string> };
        }[];
      };
      const ackIds = receivedMessages.map(({ ackId }) => ackId);
      if (ackIds.length > 0) await call('POST', `${path}:modifyAckDeadline`, { ackIds, ackDeadlineSeconds: 0 });
      return receivedMessages.map(({ message: { messageId, data = '', attributes = {} } }) => ({
        id: messageId,
        data: Buffer.from(data, 'base64').toString('utf8'),
        attributes,
      }));
    },
  };
}

/** Kills a process at once, and waits until it is gone. */
export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}
