import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
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
