import type { Random } from '../support/random-source';
import type { Clock } from './clock';

export type PubsubOperation = 'publish' | 'pull' | 'lend' | 'acknowledge' | 'push';

/** How a delivery ended: the push was answered with success or without, or not at all. */
export type Answered = 'acknowledged' | 'refused' | 'unanswered';

/** A message of the topic of requests. */
export interface PushedMessage {
  id: string;
  data: Buffer;
  publishTime: number;
  isBad: boolean;
  attempts: number;
  state: 'outstanding' | 'acknowledged' | 'forwarded';
}

export interface Letter {
  id: string;
  data: Buffer;
  attributes: Record<string, string>;
  /** On loan until then. */
  lentUntil: number;
  ackId: string;
  isAcknowledged: boolean;
}

/** As infra/pubsub.tf has them. */
const ACK_DEADLINE_MS = 600_000;
const BACKOFF_MS = { least: 10_000, most: 600_000 };
const MOST_ATTEMPTS = 30;
const LETTER_ACK_DEADLINE_MS = 60_000;

export interface PubsubModel {
  messages: PushedMessage[];
  letters: Letter[];
  outstanding(): number;
  /** A request is published, and pushed until it is acknowledged. */
  request(given: { data: string; isBad: boolean; delayMs: number; doubledAfter: number | null }): void;
  /** The calls of the program, on the topic of dead letters and its subscription. */
  publish(data: Buffer, attributes?: Record<string, string>): string;
  pull(most: number): Letter[];
  lend(ackIds: readonly string[], seconds: number): void;
  acknowledge(ackIds: readonly string[]): void;
}

export interface PubsubOptions {
  clock: Clock;
  random: Random;
  push: (message: PushedMessage, answered: (how: Answered) => void) => void;
}

export function createPubsubModel({ clock, random, push }: PubsubOptions): PubsubModel {
  let made = 0;
  const model: PubsubModel = {
    messages: [],
    letters: [],
    outstanding: () => model.messages.filter(({ state }) => state === 'outstanding').length,

    request: ({ data, isBad, delayMs, doubledAfter }) => {
      const message: PushedMessage = {
        id: String(++made),
        data: Buffer.from(data),
        publishTime: clock.now(),
        isBad,
        attempts: 0,
        state: 'outstanding',
      };
      model.messages.push(message);
      const at = clock.now() + delayMs + 50 + random.below(400);
      clock.at(at, () => deliver(message));
      if (doubledAfter !== null) clock.at(at + doubledAfter, () => deliver(message));
    },

    publish: (data, attributes = {}) => {
      const letter: Letter = { id: String(++made), data, attributes, lentUntil: 0, ackId: '', isAcknowledged: false };
      model.letters.push(letter);
      return letter.id;
    },

    pull: (most) => {
      if (random.chance(0.1)) return []; // now and then, although some wait
      const waiting = model.letters.filter((letter) => !letter.isAcknowledged && letter.lentUntil <= clock.now()).slice(0, most);
      for (const letter of waiting)
        Object.assign(letter, { ackId: `a${++made}`, lentUntil: clock.now() + LETTER_ACK_DEADLINE_MS });
      return waiting;
    },

    lend: (ackIds, seconds) => {
      for (const letter of lent(ackIds)) letter.lentUntil = clock.now() + seconds * 1000;
    },

    acknowledge: (ackIds) => {
      for (const letter of lent(ackIds)) letter.isAcknowledged = true;
    },
  };

  function lent(ackIds: readonly string[]): Letter[] {
    return model.letters.filter(({ ackId, lentUntil }) => ackIds.includes(ackId) && lentUntil > clock.now());
  }

  function deliver(message: PushedMessage): void {
    if (message.state !== 'outstanding') return;
    if (message.attempts >= MOST_ATTEMPTS) {
      forward(message);
      return;
    }
    message.attempts++;
    const { attempts } = message;
    const again = (ms: number) => void clock.at(clock.now() + ms, () => deliver(message));
    push(message, (how) => {
      if (how === 'acknowledged') message.state = 'acknowledged';
      else if (how === 'unanswered') again(ACK_DEADLINE_MS);
      else again(Math.min(BACKOFF_MS.least * 2 ** (attempts - 1), BACKOFF_MS.most) * (1 + random.below(100) / 1000));
    });
  }

  function forward(message: PushedMessage): void {
    message.state = 'forwarded';
    const published = { CloudPubSubDeadLetterSourceTopicPublishTime: new Date(message.publishTime).toISOString() };
    model.publish(message.data, { ...published, simulatedMessage: message.id });
  }

  return model;
}
