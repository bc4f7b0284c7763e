/**
 * All error codes. After a retryable failure the same request may succeed later; after a permanent one it can't. docs/errors.md explains each
 * code and what to do.
 */
export const failureKinds = {
  BAD_REQUEST: 'permanent',
  BAD_CONFIG: 'permanent',
  SOURCE_CONTRACT: 'permanent',
  QUALITY_GATE: 'permanent',
  SCHEMA_DRIFT: 'permanent',
  INVALID_QUERY: 'permanent',
  BYTES_LIMIT: 'permanent',
  RELEASE_HELD: 'permanent',
  BUSY: 'retryable',
  UNAVAILABLE: 'retryable',
  TIMEOUT: 'retryable',
  QUOTA: 'retryable',
  ACCESS_DENIED: 'retryable',
  NOT_FOUND: 'retryable',
  SOURCE_NOT_READY: 'retryable',
  UNEXPECTED: 'retryable',
} as const;

export type FailureCode = keyof typeof failureKinds;
export type FailureKind = (typeof failureKinds)[FailureCode];

/** What was refused or went wrong. The message is one line that may be shown and stored: no row, id or text from the source. */
export class Failure extends Error {
  readonly code: FailureCode;
  readonly kind: FailureKind;

  constructor(code: FailureCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'Failure';
    this.code = code;
    this.kind = failureKinds[code];
  }

  /** Whether the request was refused before any work. */
  get refused(): boolean {
    return this.code === 'BAD_REQUEST' || this.code === 'BAD_CONFIG';
  }
}

/** Converts anything thrown to a Failure. The message of an unknown error may quote data, so only its class is named; `cause` keeps it. */
export function toFailure(thrown: unknown): Failure {
  if (thrown instanceof Failure) return thrown;
  const name = thrown instanceof Error ? thrown.constructor.name : typeof thrown;
  return new Failure('UNEXPECTED', `unexpected ${name}; this is a bug in the export, please report it with the version`, {
    cause: thrown,
  });
}
