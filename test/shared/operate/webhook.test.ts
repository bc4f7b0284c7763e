import { postWebhook } from '../../../shared/operate/webhook';
import type { Failure } from '../../../shared/platform/failure';
import { startWebhook, type WebhookServer } from '../../support/webhook-server';

let server: WebhookServer;
beforeEach(async () => {
  server = await startWebhook();
});
afterEach(() => server.close());

const message = { text: 'a text', blocks: [] };
const post = (more: { signal?: AbortSignal; limitMs?: number } = {}, url = server.url) =>
  postWebhook(url, message, { pauseMs: 0, ...more }).then(
    () => null,
    (failure: Failure) => failure,
  );

test.each<[string, WebhookServer['answers'], string | null, number]>([
  ['taken', [200], null, 1],
  ['taken with 204', [204], null, 1],
  ['taken at the repeat', [503], null, 2],
  ['taken after a connection that was cut', ['drop'], null, 2],
  ['a fault that stays', [500, 502, 503], 'UNAVAILABLE', 2],
  ['cut twice', ['drop', 'drop', 'drop'], 'UNAVAILABLE', 2],
  ['too many', [429], 'QUOTA', 1],
  ['refused', [404], 'BAD_CONFIG', 1],
  ['a redirect', [302], 'BAD_CONFIG', 1],
  ['a redirect of the message', [308], 'BAD_CONFIG', 1],
])('%s', async (_, answers, code, tries) => {
  server.answers.push(...answers);
  const failure = await post();
  expect([failure?.code ?? null, server.received]).toEqual([code, Array.from({ length: tries }, () => message)]);
  expect(`${failure?.message} ${failure?.cause}`).not.toMatch(/CANARY|127\.0\.0\.1|localhost/);
});

test('no answer ends the try, not the process', async () => {
  server.answers.push(null, null);
  expect(await post({ limitMs: 1000 })).toMatchObject({ code: 'UNAVAILABLE', message: expect.stringMatching(/gave no answer$/) });
  expect(server.received).toHaveLength(2);
});

test('no server listens', async () => {
  const { url } = server;
  await server.close();
  const failure = await post({}, url);
  server = await startWebhook();
  expect(failure?.code).toBe('UNAVAILABLE');
  expect(`${failure?.message} ${failure?.cause}`).not.toMatch(/127\.0\.0\.1|ECONNREFUSED/);
});

test('a run that is stopped sends nothing more', async () => {
  expect(await post({ signal: AbortSignal.abort() })).toMatchObject({ code: 'TIMEOUT' });
  expect(server.received).toEqual([]);
});
