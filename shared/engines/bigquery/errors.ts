import { IncompleteAnswer } from '../../metrics/facts/whole-answer';
import { Failure, type FailureCode } from '../../platform/failure';

/** The parts of a client error, or of a job's errorResult, that decisions use. The message is not read: it may quote data. */
export interface BigQueryError {
  /** HTTP status; null if there was no answer, or if a job failed. */
  status: number | null;
  /** https://cloud.google.com/bigquery/docs/error-messages */
  reason: string | null;
}

/** Errors after which the same request may succeed a little later. */
const TRANSIENT_STATUS = [408, 429, 500, 502, 503, 504];
const TRANSIENT_REASONS: Record<string, FailureCode> = {
  rateLimitExceeded: 'BUSY',
  userRateLimitExceeded: 'BUSY',
  jobRateLimitExceeded: 'BUSY',
  resourceInUse: 'BUSY',
  backendError: 'UNAVAILABLE',
  jobBackendError: 'UNAVAILABLE',
  internalError: 'UNAVAILABLE',
  jobInternalError: 'UNAVAILABLE',
  tableUnavailable: 'UNAVAILABLE',
  badGateway: 'UNAVAILABLE',
};

/** Errors that end the run. Some are solved when Pub/Sub delivers again: a quota is renewed, a permission or table is added. */
const FINAL_REASONS: Record<string, FailureCode> = {
  quotaExceeded: 'QUOTA',
  dailyLimitExceeded: 'QUOTA',
  accessDenied: 'ACCESS_DENIED',
  authError: 'ACCESS_DENIED',
  notFound: 'NOT_FOUND',
  invalidQuery: 'INVALID_QUERY',
  invalid: 'INVALID_QUERY',
  bytesBilledLimitExceeded: 'BYTES_LIMIT',
  duplicate: 'BUSY', // another run writes to the same partition
  stopped: 'TIMEOUT',
  timeout: 'TIMEOUT',
  resourcesExceeded: 'UNAVAILABLE',
};

const STATUS_CODES: Record<number, FailureCode> = {
  400: 'INVALID_QUERY',
  401: 'ACCESS_DENIED',
  403: 'ACCESS_DENIED',
  404: 'NOT_FOUND',
};

/** Broken connections: the request may have arrived. With those of NO_CONNECTION it can't have. */
const BROKEN_CONNECTION = [
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ESOCKETTIMEDOUT',
  'UND_ERR_SOCKET',
  'EAI_AGAIN',
  'ERR_STREAM_PREMATURE_CLOSE',
];
const NO_CONNECTION = ['ECONNREFUSED', 'ENOTFOUND', 'EHOSTUNREACH', 'ENETUNREACH'];

export function isTransient(thrown: unknown): boolean {
  if (thrown instanceof Failure)
    return thrown.code === 'UNAVAILABLE' && (thrown.cause === undefined || isTransient(thrown.cause));
  const { status, reason } = readError(thrown);
  if (reason !== null && reason in TRANSIENT_REASONS) return true;
  if (reason !== null && reason in FINAL_REASONS) return false;
  return (status !== null && TRANSIENT_STATUS.includes(status)) || isBroken(thrown);
}

/** Whether the job may exist although its insertion failed. Then it must be looked up before another is sent. */
export function isAmbiguous(thrown: unknown): boolean {
  const { status, reason } = readError(thrown);
  // createQueryJob also throws errors of a job that it created, even errors that the job survives; these have no status
  if (status === null) return isBroken(thrown) || reason !== null;
  return status === 409 || status === 408 || status >= 500;
}

export function isStatus(thrown: unknown, status: number): boolean {
  return readError(thrown).status === status;
}

/** Whether a load job with WRITE_EMPTY was refused because its partition has rows. */
export function isDuplicate(thrown: unknown): boolean {
  return readError(thrown instanceof Failure ? thrown.cause : thrown).reason === 'duplicate';
}

function isBroken(thrown: unknown): boolean {
  return (
    thrown instanceof IncompleteAnswer ||
    BROKEN_CONNECTION.includes(systemCode(thrown)) ||
    (nameOf(thrown) === 'FetchError' && !NO_CONNECTION.includes(systemCode(thrown)))
  );
}

/** `action` names the operation for the message, such as "loading daily_funnel". */
export function toBigQueryFailure(thrown: unknown, action: string): Failure {
  if (thrown instanceof Failure) return thrown;
  if (nameOf(thrown) === 'TimeoutError' || nameOf(thrown) === 'AbortError') {
    return new Failure('TIMEOUT', `stopped at the deadline while ${action}`, { cause: thrown });
  }
  const { status, reason } = readError(thrown);
  const code =
    (reason !== null && (TRANSIENT_REASONS[reason] ?? FINAL_REASONS[reason])) || codeOfStatus(status) || codeOfConnection(thrown);
  if (code === undefined) return new Failure('UNEXPECTED', `unexpected ${nameOf(thrown)} while ${action}`, { cause: thrown });
  const said =
    [reason !== null && /^[A-Za-z]+$/.test(reason) && reason, status !== null && `HTTP ${status}`].filter(Boolean).join(', ') ||
    'no answer';
  const remedy =
    code === 'BYTES_LIMIT'
      ? '; it would bill more than KPI_MAX_BYTES_BILLED (max_bytes_billed in infra/terraform.tfvars) allows; raise it, or ask for fewer dates'
      : '';
  return new Failure(code, `BigQuery refused or failed while ${action}: ${said}${remedy}`, { cause: thrown });
}

function codeOfStatus(status: number | null): FailureCode | undefined {
  if (status === null) return undefined;
  if (status === 429) return 'BUSY';
  return STATUS_CODES[status] ?? (status >= 500 || status === 408 ? 'UNAVAILABLE' : undefined);
}

function codeOfConnection(thrown: unknown): FailureCode | undefined {
  return isBroken(thrown) || NO_CONNECTION.includes(systemCode(thrown)) ? 'UNAVAILABLE' : undefined;
}

/** An error of the client ({code, errors: [{reason}]}), of a request for a token ({status}) or a job's errorResult ({reason}). */
function readError(thrown: unknown): BigQueryError {
  const { code, status, errors, reason } = asObject(thrown);
  const first = Array.isArray(errors) ? asObject(errors[0]).reason : undefined;
  const named = typeof reason === 'string' ? reason : first;
  return {
    status: [code, status].find((one) => typeof one === 'number') ?? null,
    reason: typeof named === 'string' ? named : null,
  };
}

function systemCode(thrown: unknown): string {
  const { code, cause } = asObject(thrown);
  if (typeof code === 'string') return code;
  const inner = asObject(cause).code;
  return typeof inner === 'string' ? inner : '';
}

function nameOf(thrown: unknown): string {
  const { name } = asObject(thrown);
  return typeof name === 'string' ? name : typeof thrown;
}

function asObject(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
