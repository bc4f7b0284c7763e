import * as z from 'zod';
import { Failure } from '../platform/failure';
import { parseStrictJson } from '../platform/json';

const Base64 = z.base64();
/** RFC 3339, as Pub/Sub writes it. `new Date` alone would read "1" as the year 2001, and a time without an offset as local time. */
const Time = z.iso.datetime({ offset: true });

const PubsubMessage = z.looseObject({
  data: Base64.nullish(),
  attributes: z.record(z.string(), z.string()).nullish(),
  messageId: z.string().nullish(),
  publishTime: z.string().nullish(),
});

/** A Pub/Sub message from an event. */
export interface Message {
  /** Pub/Sub's id: the same at each delivery. */
  id: string;
  data: Buffer;
  attributes: Record<string, string>;
  publishTime: Date;
}

export const MESSAGE_PUBLISHED = 'google.cloud.pubsub.topic.v1.messagePublished';

/** The keys of an event around a message. A push body has none of them. */
const Envelope = z.looseObject({
  specversion: z.string().nullish(),
  type: z.string().nullish(),
  id: z.string().nullish(),
  time: z.string().nullish(),
  data_base64: Base64.nullish(),
});

/** Pub/Sub's ids are short numbers. The limit keeps other ids from filling records and logs. */
const LONGEST_ID = 256;

/** Accepted publish times: reports exist for these dates only. */
const [FIRST_TIME, LAST_TIME] = [Date.UTC(1970, 0, 1), Date.UTC(9999, 0, 1)];

/** Keys that a message may have. Pub/Sub writes some of them in two spellings. */
const messageKeys = new Set(['data', 'attributes', '@type', ...['messageId', 'publishTime', 'orderingKey'].flatMap(bothCases)]);

function bothCases(name: string): string[] {
  return [name, name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)];
}

const EXPECTED_DATA =
  'expected what is asked for in the data of the message, {"date": …} as base64; its attributes, other keys and the URL are not read';
const EXPECTED_MESSAGE = 'expected a Pub/Sub message: {"message": {"data": base64, "messageId": …, "publishTime": …}}';

/**
 * Reads the message from the input of a CloudEvent function: an event whose data is `{message}`, or a raw push `{message, subscription}`, as
 * JSON bytes or already parsed. An event in binary mode has only its data as bytes; a structured event may have data_base64.
 *
 * @param parameters query parameters of the URL
 * @throws BAD_REQUEST for anything else, and if a date is anywhere but in the message's data
 */
export function parseMessage(event: unknown, parameters: Iterable<[string, string]> = []): Message {
  const outer = Envelope.safeParse(parseBytes(event));
  if (!outer.success) throw refuse('expected a CloudEvent or a Pub/Sub push body');
  const { specversion, type, id, time, data, data_base64 } = outer.data;
  if (specversion && specversion !== '1.0') throw refuse('expected a CloudEvent of specversion 1.0');
  if ((specversion || type) && type !== MESSAGE_PUBLISHED) throw refuse(`expected an event of type ${MESSAGE_PUBLISHED}`);
  if (data && data_base64) throw refuse('expected either data or data_base64, got both');
  const inner = data_base64 ? Buffer.from(data_base64, 'base64') : (data ?? outer.data);
  const body = z.looseObject({ message: PubsubMessage }).safeParse(parseBytes(inner));
  if (!body.success) throw refuse(EXPECTED_MESSAGE);
  const { message } = body.data;
  if ([outer.data, body.data].some((each) => each.message && (each.data || each.data_base64)))
    throw refuse(`expected one message, got data beside it; ${EXPECTED_MESSAGE}`);
  if ([...parameters].some(asksForDate)) throw refuse(EXPECTED_DATA);
  const bytes = Buffer.from(message.data ?? '', 'base64');
  refuseWithoutData(bytes, { ...outer.data, ...body.data, data: null, message: null, ...message.attributes });
  if (isEmpty(bytes) && Object.keys(message).some((key) => !messageKeys.has(key))) throw refuse(EXPECTED_DATA);
  const messageId = message.messageId ?? id;
  if (!messageId) throw refuse('expected a messageId');
  const publishTime = parsePublishTime(message.publishTime ?? time);
  return { id: storableId(messageId), data: bytes, attributes: message.attributes ?? {}, publishTime };
}

/** Throws BAD_REQUEST if it is not a time, or outside the dates of reports. */
export function parsePublishTime(text: unknown): Date {
  const published = Time.safeParse(text);
  if (!published.success)
    throw refuse('expected a publishTime such as 2025-12-24T06:00:00Z: without one the message has no date');
  const publishTime = new Date(published.data);
  if (publishTime.getTime() < FIRST_TIME || publishTime.getTime() >= LAST_TIME)
    throw refuse('expected a publishTime from 1970 to 9998');
  return publishTime;
}

/** The id of a message for records and logs. Replaces control characters and lone surrogates, which not every engine stores. */
export function storableId(id: string): string {
  return id.slice(0, LONGEST_ID).replaceAll(/[^ -~]/g, '?');
}

/** A message without data means today. Throws BAD_REQUEST if such a message has a date elsewhere. */
export function refuseWithoutData(data: Buffer, attributes: Record<string, unknown>): void {
  if (isEmpty(data) && Object.entries(attributes).some(asksForDate)) throw refuse(EXPECTED_DATA);
}

function isEmpty(data: Buffer): boolean {
  const text = data.toString('utf8').trim();
  return text === '' || /^\{\s*\}$/.test(text);
}

/** Attributes that Google's clients and services add. */
const BY_GOOGLE = /^(?:googclient_|x-goog-|x-cloudscheduler|cloudpubsub|content-|ce-)/i;

/** Whether a value outside the data looks like a requested date. Instants don't count, because many tools add one. */
function asksForDate([name, value]: [string, unknown]): boolean {
  if (BY_GOOGLE.test(name)) return false;
  const words = name.match(/[A-Z]?[a-z]+|[A-Z]+/g)?.map((word) => word.toLowerCase()) ?? [];
  if (/^(?:from|to)$/i.test(name) || words.some((word) => /^(?:date|day)s?$/.test(word))) return true;
  if (typeof value !== 'string') return ['date', 'from', 'to'].some((key) => Object.hasOwn(Object(value), key));
  return /^(?:\d{4}[-/.]\d\d[-/.]\d\d|today|yesterday)$|^\{.*"(?:date|from|to)"\s*:/is.test(value.trim());
}

function parseBytes(value: unknown): unknown {
  if (!Buffer.isBuffer(value)) return value;
  try {
    return parseStrictJson(value);
  } catch {
    throw refuse(`expected JSON in UTF-8, each key once; ${EXPECTED_MESSAGE}`);
  }
}

function refuse(message: string): Failure {
  return new Failure('BAD_REQUEST', message);
}
