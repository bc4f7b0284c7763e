import { createHash } from 'node:crypto';
import * as z from 'zod';
import { version } from '../../package.json';
import { type Message, parsePublishTime, refuseWithoutData, storableId } from '../export/message';
import { type ExportRequest, parseRequest, parseRequestData, type RequestContext } from '../export/request';
import { formatCount, formatMany } from '../platform/counts';
import { Failure, type FailureCode, toFailure } from '../platform/failure';
import { parseStrictJson } from '../platform/json';
import { printable } from '../platform/printable';
import type { ReceivedLetter } from '../pubsub/client';

/** Replaces data that may contain anything. */
export interface Digest {
  bytes: number;
  sha256: string;
}

/** What is stored of a request that a retry can't help. */
export interface DeadLetter {
  code: FailureCode;
  message: string;
  /** The request; if it couldn't be parsed, only its length and SHA-256, because it may contain anything. */
  request: ExportRequest | Digest;
  messageId: string | null;
  publishTime: string | null;
  version: string;
}

/** Stores a dead letter. Throws if it can't: then the message must not be acknowledged. */
export type Park = (letter: DeadLetter) => Promise<void>;

/** Used without a dead-letter topic: only the log entry of the parked request remains. */
export const parkNowhere: Park = async () => {};

/** `request` and `message` are given as far as they could be read; `event` is the original input. */
export function toDeadLetter(
  { code, message: text }: Failure,
  { request, message, event }: { request: ExportRequest | undefined; message: Message | undefined; event: unknown },
): DeadLetter {
  return {
    code,
    message: text,
    request: request ?? digest(message?.data ?? bytesOf(event)),
    messageId: message?.id ?? null,
    publishTime: message?.publishTime.toISOString() ?? null,
    version,
  };
}

/** The bytes of the input: a body, the data of an event in binary mode, or an already parsed value. */
function bytesOf(event: unknown): Buffer {
  const body = typeof event === 'object' && event !== null && 'data' in event && Buffer.isBuffer(event.data) ? event.data : event;
  return Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body) ?? '');
}

function digest(data: Buffer): Digest {
  return { bytes: data.length, sha256: createHash('sha256').update(data).digest('hex') };
}

/** The attribute with the first publish time of a message that Pub/Sub forwarded. */
const FORWARDED_PUBLISH_TIME = 'CloudPubSubDeadLetterSourceTopicPublishTime';

/** The request of a dead letter, and why it was parked. Its texts may be printed, because only permitted accounts publish to the topic. */
export interface ReadLetter {
  id: string;
  /** If the request can't be read, the length and SHA-256 of the request or of the whole letter. */
  request: ExportRequest | Digest;
  reason: string;
  /** The id of the failed message; the letter's own id if Pub/Sub forwarded it. */
  requestId: string;
}

/** Far above the size that the program writes. */
const MAX_LETTER_BYTES = 16_384;
const [LONGEST_ID, LONGEST_REASON] = [256, 1_000];

const ParkedLetter = z.object({
  code: z.string().regex(/^[A-Z_]{1,40}$/),
  message: z.string(),
  request: z.union([
    z.strictObject({ from: z.iso.date(), to: z.iso.date(), shape: z.enum(['date', 'range']) }),
    z.strictObject({ bytes: z.int().min(0), sha256: z.string().regex(/^[0-9a-f]{64}$/) }),
  ]),
  messageId: z.string().nullable(),
  publishTime: z.string().nullable(),
});

type Context = Omit<RequestContext, 'askedAt'>;

/**
 * Reads both forms of dead letters: ours, and messages that Pub/Sub forwarded after the last delivery attempt. The date of a forwarded message
 * counts from its first publish time. Both must hold a valid request.
 */
export function readLetter(letter: ReceivedLetter, context: Context): ReadLetter {
  const published = letter.attributes[FORWARDED_PUBLISH_TIME];
  let read: Read;
  try {
    read = published === undefined ? readParked(letter, context) : readForwarded(letter, published, context);
  } catch (thrown) {
    const origin = published === undefined ? '' : 'given up by Pub/Sub; ';
    read = { request: digest(letter.data), reason: `${origin}can't be read: ${toFailure(thrown).message}` };
  }
  return {
    id: printable(letter.id, LONGEST_ID),
    request: read.request,
    reason: printable(read.reason, LONGEST_REASON),
    requestId: storableId(read.requestId ?? letter.id),
  };
}

type Read = Pick<ReadLetter, 'request' | 'reason'> & { requestId?: string };

function readForwarded({ data, attributes }: ReceivedLetter, published: string, context: Context): Read {
  refuseWithoutData(data, attributes);
  const request = parseRequestData(data, { ...context, askedAt: parsePublishTime(published) }, { bareDate: true });
  return { request, reason: 'given up by Pub/Sub after all its attempts' };
}

function readParked({ data }: ReceivedLetter, context: Context): Read {
  if (data.length > MAX_LETTER_BYTES)
    throw refuse(`expected at most ${formatMany(MAX_LETTER_BYTES, 'byte')}, got ${formatCount(data.length)}`);
  const { code, message, request, messageId, publishTime } = parseParked(data);
  const read = { reason: `${code}: ${message}`, ...(messageId !== null && { requestId: messageId }) };
  if (publishTime !== null) parsePublishTime(publishTime);
  if ('bytes' in request) return { request, ...read };
  const { from, to, shape } = request;
  if (shape === 'date' && from !== to) throw refuse('expected one date');
  // its dates are absolute, not relative to a time
  return {
    request: parseRequest(shape === 'date' ? { date: from } : { from, to }, { ...context, askedAt: context.now }),
    ...read,
  };
}

function parseParked(data: Buffer): z.infer<typeof ParkedLetter> {
  try {
    return ParkedLetter.parse(parseStrictJson(data));
  } catch {
    throw refuse('expected a letter of this program, in JSON with each key once, or one that Pub/Sub forwarded');
  }
}

function refuse(message: string): Failure {
  return new Failure('BAD_REQUEST', message);
}
