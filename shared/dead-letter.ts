import { createHash } from 'node:crypto';
import { version } from '../package.json';
import type { Failure, FailureCode } from './failure';
import type { Message } from './message';
import type { ExportRequest } from './request';

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
    request: request ?? digest(message?.data ?? Buffer.from(JSON.stringify(event) ?? '')),
    messageId: message?.id ?? null,
    publishTime: message?.publishTime.toISOString() ?? null,
    version,
  };
}

function digest(data: Buffer): { bytes: number; sha256: string } {
  return { bytes: data.length, sha256: createHash('sha256').update(data).digest('hex') };
}
