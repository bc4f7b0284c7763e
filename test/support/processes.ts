import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { freePort } from './free-port';
import { runHosted } from './kpi-command';

const root = resolve(__dirname, '../..');

/** The environment without settings of this program, and with those that are given. */
export function settings(given: Record<string, string>): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(KPI_|PUBSUB_|GOOGLE_CLOUD_PROJECT$)/.test(name));
  return { ...Object.fromEntries(kept), ...given };
}

/** `kpi ARGS` to its end; all that it wrote. */
export async function runKpi(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  { cwd = process.cwd(), pace = 1 } = {},
): Promise<{ code: number | null; said: string }> {
  const { code, stdout, stderr } = await runHosted(cwd, args, env, { pace });
  return { code, said: stdout + stderr };
}

export interface FunctionProcess {
  /** POSTs, and answers status and body. */
  post(path: string, body: string | Buffer, headers?: Record<string, string>): Promise<string>;
  /** All that it wrote so far. */
  said(): string;
  stop(): Promise<void>;
}

/** A function as it is deployed, served by the framework in a process of its own. */
export async function startFunction(target: 'exportKpi' | 'exportKpiHttp', env: NodeJS.ProcessEnv): Promise<FunctionProcess> {
  const port = await freePort();
  const args = ['--source=dist/functions.cjs', `--target=${target}`, `--port=${port}`];
  if (target === 'exportKpi') args.push('--signature-type=cloudevent');
  const child = spawn(process.execPath, [resolve(root, 'node_modules/.bin/functions-framework'), ...args], {
    cwd: root,
    env: { ...env, NODE_ENV: 'production', LOG_EXECUTION_ID: 'true' },
  });
  const said = listen(child);
  const url = `http://127.0.0.1:${port}`;
  while ((await fetch(`${url}/ready`).catch(() => null)) === null) {
    if (child.exitCode !== null) throw new Error(`the function ended: ${said()}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return {
    post: async (path, body, headers = { 'content-type': 'application/json' }) => {
      const response = await fetch(`${url}${path}`, { method: 'POST', headers, body: new Uint8Array(Buffer.from(body)) });
      return `${response.status} ${await response.text()}`;
    },
    said,
    stop: async () => {
      child.kill();
      if (child.exitCode === null && child.signalCode === null) await once(child, 'close');
    },
  };
}

function listen(child: ChildProcess): () => string {
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (text += String(chunk)));
  return () => text;
}
