import { setTimeout as sleep } from 'node:timers/promises';
import { isInCloud } from './config';
import { Failure } from './failure';

/** The part of GoogleAuth that is used. Each SDK has its own copy of the class. */
export interface GoogleCredentials {
  getClient(): Promise<{ getAccessToken(): Promise<unknown> }>;
}

/** Needed because the SDK's requests for a token have no time limit. */
const SIGN_IN_MS = 20_000;

const LOGIN = 'run: gcloud auth application-default login';
/** The file that GOOGLE_APPLICATION_CREDENTIALS names takes precedence over a login. */
const remedy = () =>
  process.env.GOOGLE_APPLICATION_CREDENTIALS ? `correct GOOGLE_APPLICATION_CREDENTIALS, or unset it and ${LOGIN}` : LOGIN;

/**
 * Checks that Google credentials exist and are accepted. A valid token is not requested again. Without this check the SDKs fail in different
 * ways: BigQuery's with a broken connection, Pub/Sub's outside of the call, which ends the process.
 */
export async function signIn(credentials: GoogleCredentials): Promise<void> {
  const waiting = new AbortController();
  const tooLate = sleep(SIGN_IN_MS, undefined, { signal: waiting.signal }).then(() => {
    throw unanswered(undefined);
  });
  try {
    await Promise.race([getToken(credentials), tooLate]);
  } finally {
    tooLate.catch(() => {});
    waiting.abort();
  }
}

async function getToken(credentials: GoogleCredentials): Promise<void> {
  const client = await credentials.getClient().catch((thrown) => {
    throw notFound(thrown);
  });
  await client.getAccessToken().catch((thrown) => {
    throw notAccepted(thrown);
  });
}

function notFound(cause: unknown): Failure {
  if (isInCloud(process.env)) return unanswered(cause); // in the cloud the metadata server provides them
  const found = process.env.GOOGLE_APPLICATION_CREDENTIALS
    ? 'GOOGLE_APPLICATION_CREDENTIALS names no file of Google credentials that can be read'
    : 'no Google credentials here';
  return new Failure('BAD_CONFIG', `${found}; ${remedy()}`, { cause });
}

/** Decides by HTTP status. A request without an answer has a config but no response. An error without a request is in the credentials. */
function notAccepted(cause: unknown): Failure {
  const { config, response } = cause as { config?: unknown; response?: { status?: number; data?: { error?: unknown } } };
  const status = response?.status;
  if (status === undefined ? config !== undefined : status === 408 || status === 429 || status >= 500) return unanswered(cause);
  const error = response?.data?.error;
  const reason = typeof error === 'string' && /^[a-z_]+$/.test(error) ? error : status === undefined ? null : `HTTP ${status}`;
  const refused = `Google credentials are expired, revoked or broken${reason === null ? '' : ` (${reason})`}`;
  // in the cloud nobody logs in, and a new service account can take a while to be accepted
  if (isInCloud(process.env)) return new Failure('ACCESS_DENIED', `${refused}; look at the service account`, { cause });
  return new Failure('BAD_CONFIG', `${refused}; ${remedy()}`, { cause });
}

function unanswered(cause: unknown): Failure {
  return new Failure('UNAVAILABLE', 'Google gave no token for the credentials here: no answer', { cause });
}
