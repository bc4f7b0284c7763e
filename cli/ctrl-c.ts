import { EXIT } from './outcome';

/** How long a process may take to end after the second Ctrl-C. */
const LAST_MS = 4_000;

/** `SIGPIPE` comes from kpi.ts: the reader of the output is gone, as in `kpi replay --run | head`. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGPIPE'] as const;

export interface CtrlC {
  /** Aborted by the first Ctrl-C: no further work is begun. */
  stop: AbortSignal;
  /** Aborted by the second one: what is being done is dropped. */
  abort: AbortSignal;
  /** Leaves Ctrl-C to Node again, which ends the process. */
  end(): void;
}

/** The first Ctrl-C calls `onStop`. A few seconds after the second one the process ends, even if it still waits for something. */
export function listenToCtrlC(onStop: () => void): CtrlC {
  const [stop, abort] = [new AbortController(), new AbortController()];
  const interrupt = (signal: NodeJS.Signals) => {
    if (!stop.signal.aborted) {
      onStop();
      stop.abort();
    } else if (signal !== 'SIGPIPE') {
      abort.abort();
      setTimeout(() => process.exit(EXIT.interrupted), LAST_MS).unref();
    }
  };
  for (const name of SIGNALS) process.on(name, interrupt);
  return {
    stop: stop.signal,
    abort: abort.signal,
    end: () => {
      for (const name of SIGNALS) process.off(name, interrupt);
    },
  };
}
