import type { Pace } from '../../shared/engines/bigquery/jobs';

/** Waits of the BigQuery adapter that no test needs to be long. */
export const testPace: Pace = {
  firstBackoffMs: 1,
  maxBackoffMs: 4,
  callMs: 5_000,
  maxRetryMs: 5_000,
  pollMs: 1,
  betweenReportsMs: 0,
  patienceMs: 20,
};
