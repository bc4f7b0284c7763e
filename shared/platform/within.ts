import { Failure } from './failure';

/** What ends a wait: a number of milliseconds, or a signal. */
export interface Limit {
  ms?: number;
  signal?: AbortSignal | undefined;
}

/**
 * Waits for `work` within a limit. Throws UNAVAILABLE after the time, TIMEOUT if the signal is aborted. The work itself continues, but its
 * outcome is ignored. `who` and `action` are for the message: "Pub/Sub … while reading S".
 */
export async function within<Result>(work: Promise<Result>, { ms, signal }: Limit, who: string, action: string): Promise<Result> {
  let end = () => {};
  try {
    return await new Promise<Result>((resolve, reject) => {
      const stop = () => reject(new Failure('TIMEOUT', `stopped while ${action}`));
      const timer = ms && setTimeout(() => reject(new Failure('UNAVAILABLE', `${who} gave no answer while ${action}`)), ms);
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
