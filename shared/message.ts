import * as z from 'zod';
import { Failure } from './failure';

const Base64 = z.base64();

const PubsubMessage = z.looseObject({
  data: Base64.nullish(),
  attributes: z.record(z.string(), z.string()).nullish(),
  messageId: z.string().nullish(),
  publishTime: z.string().nullish(),
});

/** A Pub/Sub message as an event carries it. */
export interface Message {
  /** The id that Pub/Sub gave it: the same at each delivery. */
  id: string;
  data: Buffer;
  attributes: Record<string, string>;
  publishTime: Date;
}

export const MESSAGE_PUBLISHED = 'google.cloud.pubsub.topic.v1.messagePublished';

/**
 * The message in what the framework hands to a CloudEvent function: an event whose data is `{message}`, or, for a raw push without
 * data, which the framework leaves as it is, the push body `{message, subscription}` itself. Anything else is BAD_REQUEST.
 */
export function parseMessage(event: unknown): Message {
  const outer = z
    .looseObject({ id: z.string().nullish(), time: z.string().nullish(), type: z.string().nullish() })
    .safeParse(event);
  if (!outer.success) throw refuse('expected a CloudEvent or a Pub/Sub push body');
  const { id, time, type } = outer.data;
  if (type && type !== MESSAGE_PUBLISHED) throw refuse(`expected an event of type ${MESSAGE_PUBLISHED}`);
  const body = z.looseObject({ message: PubsubMessage }).safeParse(outer.data.data ?? outer.data);
  if (!body.success) throw refuse('expected a Pub/Sub message: {"message": {"data": base64, "messageId": …, "publishTime": …}}');
  const { message } = body.data;
  const messageId = message.messageId ?? id;
  if (!messageId) throw refuse('expected a messageId');
  const publishTime = new Date(message.publishTime ?? time ?? Number.NaN);
  if (Number.isNaN(publishTime.getTime())) throw refuse('expected a publishTime: without one the message has no date');
  return { id: messageId, data: Buffer.from(message.data ?? '', 'base64'), attributes: message.attributes ?? {}, publishTime };
}

function refuse(message: string): Failure {
  return new Failure('BAD_REQUEST', message);
}
