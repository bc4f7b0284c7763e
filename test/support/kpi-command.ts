import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';

export interface Result {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** The command line as a process of its own, in a folder, without the settings of whoever runs the tests. `npm test` has built it. */
export function startKpi(folder: string, args: string[], env: Record<string, string> = {}): ChildProcess {
  const settings = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('KPI_')));
  return spawn(process.execPath, [resolve(__dirname, '../../bin/kpi.mjs'), ...args], {
    cwd: folder,
    env: { ...settings, ...env },
  });
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
