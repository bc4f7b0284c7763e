import { setTimeout as sleep } from 'node:timers/promises';
import { isInCloud } from './config';
import { Failure } from './failure';

/** What is asked of GoogleAuth; each SDK brings a copy of the class. */
export interface GoogleCredentials {
  getClient(): Promise<{ getAccessToken(): Promise<unknown> }>;
}

/** The SDK's own requests for a token have no limit. */
const SIGN_IN_MS = 20_000;

const LOGIN = 'run: gcloud auth application-default login';
/** The file that this names comes before what a login has left. */
const remedy = () =>
  process.env.GOOGLE_APPLICATION_CREDENTIALS ? `correct GOOGLE_APPLICATION_CREDENTIALS, or unset it and ${LOGIN}` : LOGIN;

/**
 * Makes sure that there are Google credentials and that Google takes them; a token that is still good is not asked for again. The SDKs
 * fail in as many ways as they have calls: BigQuery's as a connection that broke, Pub/Sub's outside of the call, which ends the process.
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
  if (isInCloud(process.env)) return unanswered(cause); // in the cloud they are the metadata server's
  const found = process.env.GOOGLE_APPLICATION_CREDENTIALS
    ? 'GOOGLE_APPLICATION_CREDENTIALS names no file of Google credentials that can be read'
    : 'no Google credentials here';
  return new Failure('BAD_CONFIG', `${found}; ${remedy()}`, { cause });
}

/** By HTTP status. A request that got no answer has a config and no response; what failed without a request is the credentials' fault. */
function notAccepted(cause: unknown): Failure {
  const { config, response } = cause as { config?: unknown; response?: { status?: number; data?: { error?: unknown } } };
  const status = response?.status;
  if (status === undefined ? config !== undefined : status === 408 || status === 429 || status >= 500) return unanswered(cause);
  const error = response?.data?.error;
  const reason = typeof error === 'string' && /^[a-z_]+$/.test(error) ? error : status === undefined ? null : `HTTP ${status}`;
  const refused = `Google credentials are expired, revoked or broken${reason === null ? '' : ` (${reason})`}`;
  // in the cloud nobody logs in, and a fresh service account may take a while to be known
  if (isInCloud(process.env)) return new Failure('ACCESS_DENIED', `${refused}; look at the service account`, { cause });
  return new Failure('BAD_CONFIG', `${refused}; ${remedy()}`, { cause });
}

function unanswered(cause: unknown): Failure {
  return new Failure('UNAVAILABLE', 'Google gave no token for the credentials here: no answer', { cause });
}
