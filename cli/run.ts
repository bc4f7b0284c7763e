import { randomUUID } from 'node:crypto';
import { createRun, type Run } from '../shared/engines/engine';
import type { Config } from '../shared/platform/config';
import { openCliLog } from './log';

/** Creates the run of a command. Without a signal nothing ends it early. */
export function createCliRun(config: Config, signal = new AbortController().signal, requestId: string = randomUUID()): Run {
  return createRun({ requestId, trigger: 'cli', signal, log: openCliLog(config) });
}
