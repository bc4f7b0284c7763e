/** Messages that alerts and metrics filter on (infra/alerts.tf); a test holds both together. */
export const logMessages = {
  /** One report date is published in full. */
  exported: 'report exported',
  /** A request failed, wholly or in part: ERROR where it is permanent, WARNING where a repeat may mend it. */
  failed: 'export failed',
  /** A request that no repeat can mend was put aside. */
  parked: 'request parked',
} as const;
