import { Failure } from './failure';

/** When a wait ends: after a number of milliseconds, or by a signal. */
export interface Limit {
  ms?: number;
  signal?: AbortSignal | undefined;
}

/**
 * Waits for `work`, but no longer than allowed: then it fails as UNAVAILABLE, or, where the signal ended the wait, as TIMEOUT. The work
 * itself goes on, and nobody learns of its outcome any more. `doing` says what it is for: "Pub/Sub … while reading S".
 */
export async function within<Result>(work: Promise<Result>, { ms, signal }: Limit, who: string, doing: string): Promise<Result> {
  let end = () => {};
  try {
    return await new Promise<Result>((resolve, reject) => {
      const stop = () => reject(new Failure('TIMEOUT', `stopped while ${doing}`));
      const timer = ms && setTimeout(() => reject(new Failure('UNAVAILABLE', `${who} gave no answer while ${doing}`)), ms);
      end = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', stop);
      };
      signal?.addEventListener('abort', stop);
      work.then(resolve, reject);
      if (signal?.aborted) stop();
    });
  } finally {
    end();
  }
}
