import { EXIT } from './outcome';

/** Time for the process to end after the second Ctrl-C. */
const LAST_MS = 4_000;

/** kpi.ts emits `SIGPIPE` when the reader of the output is gone, as in `kpi replay --run | head`. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGPIPE'] as const;

export interface CtrlC {
  /** Aborted by the first Ctrl-C: no further work is started. */
  stop: AbortSignal;
  /** Aborted by the second one: running work is dropped. */
  abort: AbortSignal;
  /** Restores Node's handling of Ctrl-C, which ends the process. */
  end(): void;
}

/** The first Ctrl-C calls `onStop`. A few seconds after the second one the process ends, even if work is still running. */
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
