/** A timer of a virtual clock; `run` is null once it has run or was cancelled. */
export interface Timer {
  at: number;
  order: number;
  run: (() => void) | null;
}

/** Virtual time, in milliseconds since 1970. It passes only by `step`, from one timer to the next. */
export interface Clock {
  now(): number;
  at(time: number, run: () => void): Timer;
  /** Runs the earliest timer; false if there is none. */
  step(): boolean;
  /** When the earliest timer is due; null if there is none. */
  next(): number | null;
}

export function createClock(start: number): Clock {
  let time = start;
  let made = 0;
  const heap: Timer[] = [];
  const isBefore = (one: Timer, other: Timer) => one.at < other.at || (one.at === other.at && one.order < other.order);

  function push(timer: Timer): void {
    let place = heap.push(timer) - 1;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (!swapIf(parent, place)) return;
      place = parent;
    }
  }

  function pop(): Timer | undefined {
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || first === last) return first;
    heap[0] = last;
    for (let place = 0; ; ) {
      const [left, right] = [2 * place + 1, 2 * place + 2];
      const [one, other] = [heap[left], heap[right]];
      const child = one !== undefined && other !== undefined && isBefore(other, one) ? right : left;
      if (!swapIf(place, child)) return first;
      place = child;
    }
  }

  /** Whether the timer at `lower` was due before the one at `upper`, and went up. */
  function swapIf(upper: number, lower: number): boolean {
    const [above, below] = [heap[upper], heap[lower]];
    if (above === undefined || below === undefined || !isBefore(below, above)) return false;
    heap[upper] = below;
    heap[lower] = above;
    return true;
  }

  function dropCancelled(): Timer | undefined {
    while (heap[0] !== undefined && heap[0].run === null) pop();
    return heap[0];
  }

  return {
    now: () => time,
    at: (wanted, run) => {
      const timer: Timer = { at: Math.max(wanted, time), order: made++, run };
      push(timer);
      return timer;
    },
    step: () => {
      if (dropCancelled() === undefined) return false;
      const timer = pop();
      const run = timer?.run;
      if (timer === undefined || !run) return false;
      timer.run = null;
      time = timer.at;
      run();
      return true;
    },
    next: () => dropCancelled()?.at ?? null,
  };
}
