import { formatMany } from '../platform/counts';
import { Failure, toFailure } from '../platform/failure';
import { within } from '../platform/within';
import type { LentLetter, PubsubClient } from '../pubsub/client';

export interface LoanPace {
  /** Seconds that letters are on loan, at most 600. After a killed process, letters can be read again when this has passed. */
  leaseSeconds: number;
  /** Time between two extensions of the loan. */
  extendMs: number;
  /** Longest time that giving back may take. */
  giveBackMs: number;
}

export const loanPace: LoanPace = { leaseSeconds: 180, extendMs: 60_000, giveBackMs: 2_500 };

export interface LoanOptions {
  pubsub: PubsubClient;
  subscription: string;
  /** When aborted, all letters are given back at once, except the one in work, which stays on loan until its work ends. */
  stop: AbortSignal;
  /** When aborted, acknowledgements are no longer waited for. */
  abort: AbortSignal;
  /** Called if a loan could not be extended or given back. */
  complain: (failure: Failure) => void;
  pace?: LoanPace;
}

export interface Loan {
  letters: readonly LentLetter[];
  /** Runs `isDone` for a letter, and acknowledges the letter if it returns true. Returns whether it was acknowledged. One at a time. */
  settle: (letter: LentLetter, isDone: () => Promise<boolean>) => Promise<boolean>;
}

/** A pull can return nothing although messages wait. After this many empty pulls in a row, none wait. */
const EMPTY_PULLS = 3;

/**
 * Borrows all letters of a subscription while `work` runs. Gives back those that were not acknowledged when `work` ends or fails, or at once
 * when it is stopped.
 */
export async function borrowLetters<Result>(options: LoanOptions, work: (loan: Loan) => Promise<Result>): Promise<Result> {
  const { pubsub, subscription, stop, abort, complain, pace = loanPace } = options;
  /** Letters on loan, by id. */
  const lent = new Map<string, LentLetter>();
  /** The letter in work. It is not given back, because then it couldn't be acknowledged. */
  let settling: LentLetter | undefined;
  /** The running call that lends letters or extends their loan. */
  let lending: Promise<unknown> = Promise.resolve();
  const track = <Promised extends Promise<unknown>>(promise: Promised): Promised => {
    lending = Promise.allSettled([lending, promise]);
    return promise;
  };

  const lend = async (letters: readonly LentLetter[]) => {
    if (letters.length > 0) await pubsub.lend(subscription, letters, pace.leaseSeconds);
  };
  /** Returns how many new letters it found. */
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
    await waiting.catch(() => {}); // its failure is handled elsewhere
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
