import * as nodeCrypto from 'node:crypto';
import { EventEmitter } from 'node:events';
import * as nodeHttp from 'node:http';
import type { Random } from '../support/random-source';
import type { Clock, Timer } from './clock';
import type { Program } from './program';

/**
 * A process of the simulation: a program with a clock, random numbers and a network that are the simulation's. It can be frozen, as an
 * instance of a function is between two requests, and killed: then nothing happens in it any more.
 */
export interface SimulatedProcess {
  name: string;
  state: 'running' | 'frozen' | 'dead';
  /** When it last asked for something or was answered. */
  activeAt: number;
  /** Functions that were registered, by name. */
  functions: Map<string, (...given: unknown[]) => unknown>;
  output: string[];
  /** Calls back in the process: now, when it is thawed, or never. */
  deliver(callback: () => void): void;
  signal(name: string): void;
  freeze(): void;
  thaw(): void;
  kill(): void;
}

export interface ProcessOptions {
  name: string;
  program: Program;
  clock: Clock;
  random: Random;
  environment: Record<string, string>;
  argv?: readonly string[];
  /** Packages that the simulation stands in for. */
  packages: (owner: SimulatedProcess) => Record<string, unknown>;
  onExit?: () => void;
}

export function startProcess({ name, program, clock, random, environment, argv = [], packages, onExit }: ProcessOptions) {
  const waiting: (() => void)[] = [];
  const owner: SimulatedProcess = {
    name,
    state: 'running',
    activeAt: clock.now(),
    functions: new Map(),
    output: [],
    deliver: (callback) => {
      if (owner.state === 'frozen') waiting.push(callback);
      else if (owner.state === 'running') callback();
    },
    signal: (signal) => void emitter.emit(signal, signal),
    freeze: () => {
      if (owner.state === 'running') owner.state = 'frozen';
    },
    thaw: () => {
      if (owner.state !== 'frozen') return;
      owner.state = 'running';
      for (const callback of waiting.splice(0)) owner.deliver(callback);
    },
    kill: () => {
      owner.state = 'dead';
    },
  };

  const emitter = new EventEmitter();
  const stream = () =>
    Object.assign(new EventEmitter(), { isTTY: false, write: (text: string) => owner.output.push(text.trimEnd()) > 0 });
  const processObject = Object.assign(emitter, {
    env: environment,
    argv: ['node', 'kpi', ...argv],
    stdout: stream(),
    stderr: stream(),
    stdin: { isTTY: false },
    platform: 'linux',
    versions: process.versions,
    cwd: () => '/nowhere',
    exit: () => {
      owner.kill();
      onExit?.();
    },
    exitCode: undefined as number | undefined,
  });

  const timers = createTimers(clock, owner);
  const standIns: Record<string, unknown> = {
    'node:timers/promises': { setTimeout: timers.sleep },
    'node:crypto': { ...nodeCrypto, randomUUID: () => uuid(random) },
    'node:http': { ...nodeHttp },
    'node:process': processObject,
    process: processObject,
    '@google-cloud/functions-framework': {
      cloudEvent: (target: string, handler: () => unknown) => void owner.functions.set(target, handler),
      http: (target: string, handler: () => unknown) => void owner.functions.set(target, handler),
    },
    ...packages(owner),
  };
  program({
    require: (wanted: string) => standIns[wanted] ?? require(wanted),
    module: { exports: {} },
    __dirname: '/nowhere/dist',
    process: processObject,
    Date: virtualDate(clock),
    Math: Object.assign(Object.create(Math), { random: () => random.below(2 ** 32) / 2 ** 32 }),
    AbortSignal: {
      any: (signals: AbortSignal[]) => AbortSignal.any(signals),
      abort: (reason?: unknown) => AbortSignal.abort(reason),
      timeout: timers.timeout,
    },
    ...timers.globals,
  });
  return owner;
}

function createTimers(clock: Clock, owner: SimulatedProcess) {
  const after = (ms: number, callback: () => void): Timer =>
    clock.at(clock.now() + Math.max(ms, 1), () => owner.deliver(callback));
  const handleOf = (timer: Timer) => Object.assign({ timer, unref: () => handleOf(timer), ref: () => handleOf(timer) });
  const clear = (handle?: { timer: Timer } | 0) => {
    if (handle) handle.timer.run = null;
  };
  const repeat = (callback: () => void, ms: number) => {
    const handle = handleOf(after(ms, again));
    function again(): void {
      handle.timer = after(ms, again);
      callback();
    }
    return handle;
  };
  return {
    globals: {
      setTimeout: (callback: () => void, ms = 1) => handleOf(after(ms, callback)),
      clearTimeout: clear,
      setInterval: repeat,
      clearInterval: clear,
    },
    /** As of node:timers/promises. */
    sleep: (ms: number, value?: unknown, { signal }: { signal?: AbortSignal } = {}) =>
      new Promise((resolve, reject) => {
        const stop = () => {
          clear({ timer });
          reject(Object.assign(new Error('The operation was aborted', { cause: signal?.reason }), { name: 'AbortError' }));
        };
        const timer = after(ms, () => {
          signal?.removeEventListener('abort', stop);
          resolve(value);
        });
        if (signal?.aborted) stop();
        else signal?.addEventListener('abort', stop, { once: true });
      }),
    /** As of AbortSignal. */
    timeout: (ms: number): AbortSignal => {
      const controller = new AbortController();
      after(ms, () => controller.abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError')));
      return controller.signal;
    },
  };
}

/** Date, where the present is the clock's. */
function virtualDate(clock: Clock): DateConstructor {
  return class extends Date {
    constructor(...given: unknown[]) {
      super(...((given.length === 0 ? [clock.now()] : given) as [number]));
    }
    static override now(): number {
      return clock.now();
    }
    /** Packages that are shared by all processes make dates of their own. */
    static override [Symbol.hasInstance](value: unknown): boolean {
      return value instanceof Date;
    }
  } as unknown as DateConstructor;
}

function uuid(random: Random): string {
  const digits = Array.from({ length: 4 }, () =>
    random
      .below(2 ** 32)
      .toString(16)
      .padStart(8, '0'),
  ).join('');
  return [digits.slice(0, 8), digits.slice(8, 12), digits.slice(12, 16), digits.slice(16, 20), digits.slice(20)].join('-');
}
