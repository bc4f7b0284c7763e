/**
 * Constant messages that alerts match: infra/alerts.tf filters on exactly these texts, and a test compares the two. Data goes into LogFields.
 */
export const logMessages = {
  /** INFO, once per report date whose tables were all written; with report_date. */
  exported: 'report exported',
  /** ERROR if the failure is permanent, WARNING if it is retried; with code. */
  failed: 'export failed',
  /** ERROR: the request is on the dead-letter topic; with code. */
  parked: 'request parked',
  /** INFO, once per period; with period, revision and the numbers of shown and hidden values. */
  released: 'period released',
  /** WARNING: a released period was not replaced (RELEASE_HELD); with code. */
  releaseHeld: 'release held',
  /** WARNING, once per cause: a figure of a finished day is outside its usual range; with column, value and the range. */
  unusual: 'unusual figure',
} as const;
