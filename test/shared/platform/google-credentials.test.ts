import type { FailureCode } from '../../../shared/platform/failure';
import { signIn } from '../../../shared/platform/google-credentials';

/** Errors as google-auth-library throws them: with `config` where a request was sent, and `response` where it was answered. */
const refused = (status: number, error?: string) =>
  Object.assign(new Error('canary'), { config: {}, status, response: { status, data: { error, error_description: 'canary' } } });
const unanswered = Object.assign(new Error('canary'), { config: {}, code: 'ENOTFOUND' });

const names = ['K_SERVICE', 'GOOGLE_APPLICATION_CREDENTIALS'] as const;
const before = names.map((name) => process.env[name]);
afterEach(() => {
  for (const [index, name] of names.entries()) {
    if (before[index] === undefined) delete process.env[name];
    else process.env[name] = before[index];
  }
});

const login = 'run: gcloud auth application-default login';

test.each<[string, { found?: Error; taken?: Error; env?: Record<string, string> }, FailureCode, string]>([
  ['none on a laptop', { found: new Error('canary') }, 'BAD_CONFIG', `no Google credentials here; ${login}`],
  [
    'a file that is none',
    { found: new Error('canary'), env: { GOOGLE_APPLICATION_CREDENTIALS: 'canary.json' } },
    'BAD_CONFIG',
    `GOOGLE_APPLICATION_CREDENTIALS names no file of Google credentials that can be read; correct GOOGLE_APPLICATION_CREDENTIALS, or unset it and ${login}`,
  ],
  ['no metadata server in the cloud', { found: new Error('canary'), env: { K_SERVICE: 'k' } }, 'UNAVAILABLE', 'no answer'],
  [
    'an expired login',
    { taken: refused(400, 'invalid_grant') },
    'BAD_CONFIG',
    `expired, revoked or broken (invalid_grant); ${login}`,
  ],
  ['an answer that quotes', { taken: refused(401, 'the canary!') }, 'BAD_CONFIG', `broken (HTTP 401); ${login}`],
  ['a broken key', { taken: new Error('canary') }, 'BAD_CONFIG', `expired, revoked or broken; ${login}`],
  ['an account of the cloud', { taken: refused(404), env: { K_SERVICE: 'k' } }, 'ACCESS_DENIED', 'look at the service account'],
  ['no network', { taken: unanswered }, 'UNAVAILABLE', 'no answer'],
  ['an error of Google', { taken: refused(503) }, 'UNAVAILABLE', 'no answer'],
])('%s', async (_, { found, taken, env = {} }, code, message) => {
  for (const name of names) delete process.env[name];
  Object.assign(process.env, env);
  const client = { getAccessToken: async () => (taken === undefined ? {} : Promise.reject(taken)) };
  const credentials = { getClient: async () => (found === undefined ? client : Promise.reject(found)) };
  const failure = await signIn(credentials).catch((thrown) => thrown);
  expect(failure).toMatchObject({ code, message: expect.stringContaining(message) });
  expect(failure.message).not.toContain('canary');
});

test('credentials that are taken', async () => {
  await expect(signIn({ getClient: async () => ({ getAccessToken: async () => ({ token: 't' }) }) })).resolves.toBeUndefined();
});
