import { formatMany } from '../platform/counts';
import { Failure, toFailure } from '../platform/failure';
import { within } from '../platform/within';
import type { LentLetter, PubsubClient } from '../pubsub/client';

export interface LoanPace {
  /** How long letters are lent for: after a process was killed, they can be read again once this is over. At most 600. */
  leaseSeconds: number;
  /** Between two extensions of the loan. */
  extendMs: number;
  /** The longest that giving back may take. */
  giveBackMs: number;
}

export const loanPace: LoanPace = { leaseSeconds: 180, extendMs: 60_000, giveBackMs: 2_500 };

export interface LoanOptions {
  pubsub: PubsubClient;
  subscription: string;
  /** Aborted: all letters are given back at once, but for the one that is being worked on, which stays on loan until that work has ended. */
  stop: AbortSignal;
  /** Aborted: no acknowledgement is waited for any more. */
  abort: AbortSignal;
  /** Told what fails beside the work: a loan that could not be extended or given back. */
  complain: (failure: Failure) => void;
  pace?: LoanPace;
}

export interface Loan {
  letters: readonly LentLetter[];
  /** Works on a letter, and acknowledges it where `isDone` answers true; answers whether it was. One at a time. */
  settle: (letter: LentLetter, isDone: () => Promise<boolean>) => Promise<boolean>;
}

/** A pull may come back empty although messages wait. This many empty ones in a row mean that none wait. */
const EMPTY_PULLS = 3;

/**
 * Borrows all letters of a subscription for as long as `work` takes, and gives back those that it hasn't acknowledged: when it has ended,
 * in whatever way, and at once where it is stopped.
 */
export async function borrowLetters<Result>(options: LoanOptions, work: (loan: Loan) => Promise<Result>): Promise<Result> {
  const { pubsub, subscription, stop, abort, complain, pace = loanPace } = options;
  /** On loan, by id. */
  const lent = new Map<string, LentLetter>();
  /** On loan, and being worked on. A letter that is given back can't be acknowledged. */
  let settling: LentLetter | undefined;
  /** What may still lend letters, or extend their loan. */
  let lending: Promise<unknown> = Promise.resolve();
  const track = <Promised extends Promise<unknown>>(promise: Promised): Promised => {
    lending = Promise.allSettled([lending, promise]);
    return promise;
  };

  const lend = async (letters: readonly LentLetter[]) => {
    if (letters.length > 0) await pubsub.lend(subscription, letters, pace.leaseSeconds);
  };
  /** Answers how many letters it found that were not there before. */
  const pull = async () => {
    const before = lent.size;
    const found = await pubsub.pull(subscription);
    for (const letter of found) lent.set(letter.id, letter);
    if (!stop.aborted) await lend(found);
    return lent.size - before;
  };
  const kept = () => [...lent.values()].filter((letter) => !stop.aborted || letter === settling);
  const extend = () => lend(kept()).catch((thrown) => complain(toFailure(thrown)));
  const extending = setInterval(() => void track(extend()), pace.extendMs);

  const giveBack = async () => {
    const waiting = within(lending, { ms: pace.giveBackMs / 3 }, 'Pub/Sub', `reading ${subscription}`);
    await waiting.catch(() => {}); // it fails elsewhere
    const letters = [...lent.values()].filter((letter) => letter !== settling);
    for (const { id } of letters) lent.delete(id);
    if (letters.length === 0) return;
    const giving = pubsub.lend(subscription, letters, 0);
    await within(giving, { ms: (pace.giveBackMs * 2) / 3 }, 'Pub/Sub', `giving letters back to ${subscription}`).catch(
      (cause) => {
        const message = `${formatMany(letters.length, 'letter')} could not be given back; wait ${pace.leaseSeconds} seconds to read them again`;
        complain(new Failure('UNAVAILABLE', message, { cause }));
      },
    );
  };
  let givenBack = Promise.resolve();
  const stopped = () => {
    givenBack = giveBack();
  };
  stop.addEventListener('abort', stopped);

  try {
    for (let empty = 0; empty < EMPTY_PULLS; ) {
      const pulling = track(pull());
      empty = (await within(pulling, { signal: stop }, 'Pub/Sub', `reading ${subscription}`)) === 0 ? empty + 1 : 0;
    }
    return await work({
      letters: [...lent.values()],
      settle: async (letter, isDone) => {
        settling = letter;
        try {
          if (!(await isDone())) return false;
          await pubsub.acknowledge(subscription, letter, abort);
          lent.delete(letter.id);
          return true;
        } finally {
          settling = undefined;
        }
      },
    });
  } finally {
    stop.removeEventListener('abort', stopped);
    clearInterval(extending);
    await givenBack;
    await giveBack();
  }
}
