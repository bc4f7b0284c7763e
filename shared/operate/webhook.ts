import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from '../platform/failure';

export interface WebhookOptions {
  signal?: AbortSignal | undefined;
  /** How long one try may take. */
  limitMs?: number;
  /** Between the first try and the repeat. */
  pauseMs?: number;
}

/**
 * POSTs JSON to a webhook, with one repeat where it is not there or has a fault of its own. Redirects are refused: the message would go to
 * a place that nobody named. A failure says nothing of the address and of the answer but its status.
 */
export async function postWebhook(url: string, body: object, options: WebhookOptions = {}): Promise<void> {
  const { signal, pauseMs = 1_000 } = options;
  const first = await post(url, body, options);
  if (first === null) return;
  if (first.code !== 'UNAVAILABLE') throw first;
  await sleep(pauseMs, undefined, { signal }).catch(() => {}); // the repeat says that it was stopped
  const second = await post(url, body, options);
  if (second !== null) throw second;
}

/** One try. Null: it was taken. */
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
    response.body?.cancel().catch(() => {}); // what it says is read by nobody
  } catch {
    // what fetch throws names the address
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
