import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from '../platform/failure';

export interface WebhookOptions {
  signal?: AbortSignal | undefined;
  /** Time limit of one try. */
  limitMs?: number;
  /** Pause before the retry. */
  pauseMs?: number;
}

/**
 * POSTs JSON to a webhook. Retries once if there is no answer or a server error. Refuses redirects, because the message would go to an
 * address that nobody configured. The text of a failure has only the status: no address and no answer.
 */
export async function postWebhook(url: string, body: object, options: WebhookOptions = {}): Promise<void> {
  const { signal, pauseMs = 1_000 } = options;
  const first = await post(url, body, options);
  if (first === null) return;
  if (first.code !== 'UNAVAILABLE') throw first;
  await sleep(pauseMs, undefined, { signal }).catch(() => {}); // if it was stopped, the retry fails with that
  const second = await post(url, body, options);
  if (second !== null) throw second;
}

/** One try. Returns null if the message was accepted. */
async function post(url: string, body: object, { signal, limitMs = 10_000 }: WebhookOptions): Promise<Failure | null> {
  const limit = AbortSignal.timeout(limitMs);
  let status: number;
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json; charset=utf-8' },
      body: JSON.stringify(body),
      redirect: 'manual',
      signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
    });
    status = response.status;
    response.body?.cancel().catch(() => {}); // the body is not used
  } catch {
    // the error of fetch is not kept, because it names the address
    if (signal?.aborted) return new Failure('TIMEOUT', 'stopped while sending to the webhook of KPI_DIGEST_WEBHOOK');
    return new Failure('UNAVAILABLE', 'the webhook of KPI_DIGEST_WEBHOOK gave no answer');
  }
  if (status >= 200 && status < 300) return null;
  if (status >= 500) return new Failure('UNAVAILABLE', `the webhook of KPI_DIGEST_WEBHOOK answered ${status}`);
  if (status === 429) return new Failure('QUOTA', 'the webhook of KPI_DIGEST_WEBHOOK answered 429: too many messages');
  const expected =
    status < 400
      ? 'a URL that takes messages itself and redirects to no other'
      : 'a URL that takes JSON with text and blocks, as Slack makes it';
  return new Failure('BAD_CONFIG', `the webhook of KPI_DIGEST_WEBHOOK answered ${status}; expected ${expected}`);
}
