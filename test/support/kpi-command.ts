import { type ChildProcess, fork, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';

export interface Result {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

const program = resolve(__dirname, '../../bin/kpi.mjs');

/** The command line as a process of its own, in a folder, without the settings of whoever runs the tests. `npm test` has built it. */
export function startKpi(folder: string, args: string[], env: Record<string, string> = {}): ChildProcess {
  return spawn(process.execPath, [program, ...args], { cwd: folder, env: { ...withoutSettings(), ...env } });
}

let host: ChildProcess | undefined;
let runs = 0;
afterAll(() => host?.disconnect());

/** A command to its end, without the settings of whoever runs the tests; for all that isn't about the process itself. */
export function runKpi(folder: string, args: string[], env: Record<string, string> = {}, now?: string): Promise<Result> {
  return runHosted(folder, args, { ...withoutSettings(), ...env }, { now });
}

/**
 * One run after the other in a process that stays, in half the time of a process for each (kpi-host.cjs). Given `now`, the first begins at
 * that instant, and the others later. With a `pace` of 30, what waits for a minute to pass does so for two seconds.
 */
export async function runHosted(
  folder: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  { now, pace = 1 }: { now?: string | undefined; pace?: number } = {},
): Promise<Result> {
  const id = runs++;
  host ??= startHost();
  const answering = host;
  const answered = new Promise<Result>((resolve, reject) => {
    const receive = (answer: { id: number; result?: Result; error?: string }) => {
      if (answer.id !== id) return;
      answering.off('message', receive).off('close', fail);
      if (answer.result === undefined) reject(new Error(answer.error));
      else resolve(answer.result);
    };
    const fail = () => reject(new Error(`the process of the command line ended during kpi ${args.join(' ')}`));
    answering.on('message', receive).on('close', fail);
  });
  answering.send({ id, folder, args, env, now, pace });
  return answered;
}

function startHost(): ChildProcess {
  return fork(resolve(__dirname, 'kpi-host.cjs'), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    execArgv: [],
  }).setMaxListeners(0);
}

/** Tests in a terminal need it. */
export const hasScript = spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout?.includes('util-linux') ?? false;

/** The same in a terminal, which `script` makes: all that it writes, on either output, is its standard output. */
export function startInTerminal(
  folder: string,
  args: string[],
  { columns = 80, env = {} }: { columns?: number; env?: Record<string, string> } = {},
): ChildProcess {
  const words = [process.execPath, program, ...args].map((word) => `'${word.replaceAll("'", "'\\''")}'`);
  return spawn('script', ['-qfec', `stty cols ${columns} rows 50; exec ${words.join(' ')}`, '/dev/null'], {
    cwd: folder,
    env: { ...withoutSettings(), NO_COLOR: '1', ...env },
  });
}

function withoutSettings(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('KPI_')));
}

export async function ended(child: ChildProcess): Promise<Result> {
  const output = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) child[stream]?.on('data', (chunk) => (output[stream] += String(chunk)));
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  return { code, signal, ...output };
}

/** Reads a DuckDB file as any other client would. */
export async function queryDuckDb(file: string, sql: string): Promise<unknown[][]> {
  const instance = await DuckDBInstance.create(file, { access_mode: 'READ_ONLY' });
  const connection = await instance.connect();
  try {
    return (await connection.runAndReadAll(sql)).getRowsJson();
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
