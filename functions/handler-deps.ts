import type { Settler } from '../shared/engines/open';
import type { runRequest } from '../shared/export/run-request';
import type { sendDigests } from '../shared/operate/send-digests';
import type { Log } from '../shared/platform/log';

/** What both functions are made of. */
export interface HandlerDeps {
  settler: Settler;
  runRequest: typeof runRequest;
  /** Called with what a run exported. */
  sendDigests: typeof sendDigests;
  /** Opens the log of one request, with the trace that its header names, if any. */
  openLog: (traceHeader: string | undefined) => Log;
  now: () => Date;
  /** An own deadline, below the platform's, so that a run ends with a word rather than being cut off. */
  deadlineMs: number;
}
