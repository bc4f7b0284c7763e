import type { Run } from '../../shared/engines/engine';
import type { GateSettings } from '../../shared/export/run-export';
import { createLog } from '../../shared/platform/log';

/** The defaults of a deployment. */
export const testGate: GateSettings = { maxRejectedShare: 0.05, maxUnknownShare: 0.5, sourceMaxAgeHours: 26 };

/** A run as doors make them, silent and without a deadline. */
export function testRun(changes: Partial<Run> = {}): Run {
  return {
    id: 'test-run',
    requestId: 'test-request',
    trigger: 'cli',
    signal: new AbortController().signal,
    log: createLog({ level: 'error', format: 'text', write: () => {} }),
    ...changes,
  };
}
