import type { Random } from '../support/random-source';
import type { Clock } from './clock';
import type { SimulatedProcess } from './process';

/** How a request goes, other than well. */
export type Fate =
  /** The connection breaks before or after it is carried out. */
  | 'lost before'
  | 'lost after'
  /** It takes long, perhaps longer than anybody waits. */
  | 'slow'
  /** It is never answered, and carried out or not. */
  | 'never, before'
  | 'never, after'
  /** An error is answered, and it is carried out or not. */
  | 'refused'
  | 'refused after'
  /** It is carried out; the answer is empty, half of what it should be, or a page of HTML. */
  | 'empty'
  | 'half'
  | 'html'
  /** The process that sent it dies, before or after it is carried out. */
  | 'death before'
  | 'death after';

export interface Sent<Result> {
  fate: Fate | null;
  /** When the result can be there, if it is asked for now. */
  readyAt?: () => number;
  carryOut: () => Result;
  answer: (result: Result) => void;
  /** How it fails where there is no answer. */
  breaks: () => void;
  refuse: () => void;
  spoil: (result: Result, how: 'empty' | 'half' | 'html') => void;
}

export interface Network {
  send<Result>(owner: SimulatedProcess, sent: Sent<Result>): void;
  /** Requests on their way there. */
  underway(): number;
  sent(): number;
}

/** Brings requests to the models and answers back, each in its own time. */
export function createNetwork({
  clock,
  random,
  onDeath,
}: {
  clock: Clock;
  random: Random;
  onDeath: (owner: SimulatedProcess) => void;
}): Network {
  let underway = 0;
  let sent = 0;
  const later = (ms: number, run: () => void) => void clock.at(clock.now() + ms, run);

  function send<Result>(owner: SimulatedProcess, { fate, readyAt, carryOut, answer, breaks, refuse, spoil }: Sent<Result>): void {
    if (owner.state !== 'running') return;
    sent++;
    owner.activeAt = clock.now();
    const back = (work: () => void) =>
      later(10 + random.below(100), () =>
        owner.deliver(() => {
          owner.activeAt = clock.now();
          work();
        }),
      );
    const die = () => {
      owner.kill();
      onDeath(owner);
    };
    if (fate === 'never, before') return;
    if (fate === 'death before') {
      die();
      return;
    }
    if (fate === 'lost before' || fate === 'refused') {
      back(fate === 'refused' ? refuse : breaks);
      return;
    }
    if (fate === 'death after') later(1, die);
    underway++;
    later(fate === 'slow' ? 3_000 + random.below(80_000) : 10 + random.below(100), () => {
      const at = readyAt?.() ?? clock.now();
      void clock.at(at, () => {
        underway--;
        const result = carryOut();
        if (fate === 'never, after') return;
        if (fate === 'lost after') back(breaks);
        else if (fate === 'refused after') back(refuse);
        else if (fate === 'empty' || fate === 'half' || fate === 'html') back(() => spoil(result, fate));
        else back(() => answer(result));
      });
    });
  }

  return { send, underway: () => underway, sent: () => sent };
}
