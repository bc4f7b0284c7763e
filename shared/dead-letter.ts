import { createHash } from 'node:crypto';
import * as z from 'zod';
import { version } from '../package.json';
import { type Failure, type FailureCode, toFailure } from './failure';
import { parseStrictJson } from './json';
import { type Message, refuseWithoutData } from './message';
import { type ExportRequest, parseRequestData, type RequestContext } from './request';

/** What is kept of a request that no repeat can mend. */
export interface DeadLetter {
  code: FailureCode;
  message: string;
  /** What was asked; where that did not parse, only its length and SHA-256, for it may hold anything. */
  request: ExportRequest | { bytes: number; sha256: string };
  messageId: string | null;
  publishTime: string | null;
  version: string;
}

/** Keeps a dead letter. Throws if it can't: then the message must not be acknowledged. */
export type Park = (letter: DeadLetter) => Promise<void>;

/** Where there is no dead-letter topic the log entry, which every parked request makes, is all that is kept. */
export const parkNowhere: Park = async () => {};

/** `request` and `message` as far as they were understood; `event` is what arrived. */
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

/** What arrived: a body, the data of an event in binary mode, or a value that was taken apart already. */
function bytesOf(event: unknown): Buffer {
  const body = typeof event === 'object' && event !== null && 'data' in event && Buffer.isBuffer(event.data) ? event.data : event;
  return Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body) ?? '');
}

function digest(data: Buffer): { bytes: number; sha256: string } {
  return { bytes: data.length, sha256: createHash('sha256').update(data).digest('hex') };
}

/** The attribute in which Pub/Sub keeps when a message that it forwarded was first published. */
const FORWARDED_PUBLISH_TIME = 'CloudPubSubDeadLetterSourceTopicPublishTime';

/** A message of the dead-letter topic, as it is received. */
export interface ReceivedLetter {
  id: string;
  data: Buffer;
  attributes: Record<string, string>;
}

/** What a dead letter asks for, as far as it can be told, and why it is one. */
export interface ReadLetter {
  id: string;
  /** Null where it can't be told what was asked. */
  request: ExportRequest | null;
  reason: string;
  /** The id of the message that failed; the letter's own where Pub/Sub forwarded it. */
  requestId: string;
}

const ParkedLetter = z.object({
  code: z.string().regex(/^[A-Z_]+$/),
  message: z.string(),
  request: z.union([
    z.strictObject({ from: z.iso.date(), to: z.iso.date(), shape: z.enum(['date', 'range']) }),
    z.strictObject({ bytes: z.number(), sha256: z.string() }),
  ]),
  messageId: z.string().nullable(),
});

/**
 * Reads both forms of dead letter: ours, and a raw message that Pub/Sub forwarded after its attempts were spent, whose date counts from
 * when it was first published. Null where it is neither.
 */
export function readLetter(
  { id, data, attributes }: ReceivedLetter,
  context: Omit<RequestContext, 'askedAt'>,
): ReadLetter | null {
  const publishedAt = attributes[FORWARDED_PUBLISH_TIME];
  if (publishedAt !== undefined) return readForwarded({ id, data, attributes }, new Date(publishedAt), context);
  let json: unknown;
  try {
    json = parseStrictJson(data);
  } catch {
    return null;
  }
  const parsed = ParkedLetter.safeParse(json);
  if (!parsed.success) return null;
  const { code, message, request, messageId } = parsed.data;
  return { id, request: 'from' in request ? request : null, reason: `${code}: ${message}`, requestId: messageId ?? id };
}

function readForwarded(
  { id, data, attributes }: ReceivedLetter,
  askedAt: Date,
  context: Omit<RequestContext, 'askedAt'>,
): ReadLetter | null {
  if (Number.isNaN(askedAt.getTime())) return null;
  try {
    refuseWithoutData(data, attributes);
    const request = parseRequestData(data, { ...context, askedAt }, { bareDate: true });
    return { id, request, reason: 'given up by Pub/Sub after all its attempts', requestId: id };
  } catch (thrown) {
    return { id, request: null, reason: `given up by Pub/Sub; ${toFailure(thrown).message}`, requestId: id };
  }
}
