import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../support/free-port';
import { type RunningProxy, startQueue } from '../support/proxy';

/** These start an emulator on a port, in the foreground. There on development machines only. */
const tools = join(__dirname, '../../../shared/tools');
const bigQuery = join(tools, 'bigquery-emulator/start');
const pubsub = join(tools, 'pubsub-emulator');

const READY_WITHIN_MS = 300_000; // at its first start, that of BigQuery installs itself

const started: ChildProcess[] = [];
let folder: string | undefined;
let queue: RunningProxy | undefined;

/** One emulator of each kind for all tests, named in their environment; none where another is named, or a project, or there is none here. */
export async function startEmulators(): Promise<void> {
  folder = mkdtempSync(join(tmpdir(), 'kpi-emulators-'));
  try {
    await Promise.all([startBigQuery(folder), startPubsub()]);
  } catch (thrown) {
    await stopEmulators();
    throw thrown;
  }
}

async function startBigQuery(data: string): Promise<void> {
  if (process.env.BIGQUERY_TEST_ENDPOINT || process.env.KPI_TEST_PROJECT || !existsSync(bigQuery)) return;
  const port = await freePort(); // it takes the next one too
  const endpoint = `http://127.0.0.1:${port}`;
  await start([bigQuery, String(port), data], () =>
    fetch(`${endpoint}/bigquery/v2/projects/test/queries`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: 'SELECT 1', useLegacySql: false, location: 'US' }),
    }),
  );
  queue = await startQueue(endpoint);
  process.env.BIGQUERY_TEST_ENDPOINT = queue.endpoint;
}

async function startPubsub(): Promise<void> {
  if (process.env.PUBSUB_EMULATOR_HOST || !existsSync(pubsub)) return;
  const host = `127.0.0.1:${await freePort()}`;
  await start([pubsub, String(host.split(':')[1])], () => fetch(`http://${host}`));
  process.env.PUBSUB_EMULATOR_HOST = host;
}

export async function stopEmulators(): Promise<void> {
  await queue?.close();
  await Promise.all(
    started.map(async (child) => {
      if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      process.kill(-child.pid);
      await exited;
    }),
  );
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
}

async function start([program, ...args]: [string, ...string[]], ask: () => Promise<Response>): Promise<void> {
  // of a group of its own, so that nothing of it is left over
  const child = spawn(program, args, { stdio: 'ignore', detached: true });
  started.push(child);
  // the port may open before there are answers
  for (const giveUp = Date.now() + READY_WITHIN_MS; !(await ask().catch(() => null))?.ok; await sleep(100)) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error(`${program} ended`);
    if (Date.now() > giveUp) throw new Error(`${program} answers nothing`);
  }
}
