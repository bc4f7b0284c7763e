/**
 * Constant messages that alerts look for: infra/alerts.tf filters on exactly these texts, and a test holds the two together.
 * What goes with them are LogFields.
 */
export const logMessages = {
  /** INFO, once per report date whose tables are all in; with report_date. */
  exported: 'report exported',
  /** ERROR where a repeat can't help, WARNING where one is coming; with code. */
  failed: 'export failed',
  /** ERROR: the request is on the dead-letter topic; with code. */
  parked: 'request parked',
  /** INFO, once per period; with period, revision and how many values are shown and hidden. */
  released: 'period released',
  /** WARNING: a released period was not replaced (RELEASE_HELD); with code. */
  releaseHeld: 'release held',
  /** WARNING, once per cause: a figure of a day that is over lies outside its usual range; with column, value and the range. */
  unusual: 'unusual figure',
} as const;
