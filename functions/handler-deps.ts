import type { Settler } from '../shared/engines/open';
import type { runRequest } from '../shared/export/run-request';
import type { sendDigests } from '../shared/operate/send-digests';
import type { Log } from '../shared/platform/log';

/** Dependencies of both functions. */
export interface HandlerDeps {
  settler: Settler;
  runRequest: typeof runRequest;
  /** Called with the reports that a run exported. */
  sendDigests: typeof sendDigests;
  /** Opens the log of one request, with the trace that its header names, if any. */
  openLog: (traceHeader: string | undefined) => Log;
  now: () => Date;
  /** Below the platform's deadline, so that a run ends with a log entry instead of being cut off. */
  deadlineMs: number;
}
