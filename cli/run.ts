import { randomUUID } from 'node:crypto';
import { createRun, type Run } from '../shared/engines/engine';
import type { Config } from '../shared/platform/config';
import { openCliLog } from './log';

/** The run of a command that nothing else asked for; without a signal nothing ends it early. */
export function createCliRun(config: Config, signal = new AbortController().signal, requestId: string = randomUUID()): Run {
  return createRun({ requestId, trigger: 'cli', signal, log: openCliLog(config) });
}
