import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { unzipSync } from 'fflate';
import { freePort } from '../test/support/free-port';
import { lowerQuartile, machine, mebibytes, median, table, times, writeResults } from './document';

/** node bench/start.mjs bench-cold: from the start of the process to the answer to its first message, which is refused. */
const REPETITIONS = 20;
const FOLDER = 'bench/.data/cold';
const FRAMEWORK = resolve('node_modules/@google-cloud/functions-framework/build/src/main.js');

interface Start {
  milliseconds: number;
  /** Resident memory after the answer, in KiB; null where the system doesn't tell. */
  memory: number | null;
}

interface Subject {
  node: string;
  name: 'bare function' | 'exportKpi';
  source: string;
  cache: boolean;
  starts: Start[];
}

async function main(): Promise<void> {
  const deployed = unpack();
  const bare = resolve('bench/bare-function.cjs');
  const subjects = [20, 24].flatMap((major): Subject[] => {
    const node = nodeOf(major);
    if (node === null) return [];
    return (major < 22 ? [false] : [false, true]).flatMap((cache) => [
      { node, name: 'bare function', source: bare, cache, starts: [] },
      { node, name: 'exportKpi', source: deployed, cache, starts: [] },
    ]);
  });
  rmSync(join(FOLDER, 'cache'), { recursive: true, force: true });
  for (let round = -1; round < REPETITIONS; round++) {
    for (const subject of subjects) {
      const start = await measure(subject);
      if (round >= 0) subject.starts.push(start); // the first one warms the files, and fills the cache
    }
  }
  const text = report(subjects);
  process.stdout.write(`${text}\n`);
  writeResults('bench:cold', text);
}

/** The folder of the package as it is deployed; the framework is found in node_modules further up. */
function unpack(): string {
  const path = execFileSync(process.execPath, ['scripts/package.mjs'], { encoding: 'utf8' }).trim().split('\n').at(-1) ?? '';
  const folder = resolve(FOLDER, 'package');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const [name, bytes] of Object.entries(unzipSync(readFileSync(path)))) writeFileSync(join(folder, name), bytes);
  return folder;
}

/** Path of a version of Node.js, from a package that holds its binary; null if there is none for this machine. */
function nodeOf(major: number): string | null {
  const name = `node-${process.platform}-${process.arch}@${major}`;
  try {
    return execFileSync('npx', ['--yes', `--package=${name}`, '--', 'node', '-p', 'process.execPath'], {
      encoding: 'utf8',
    }).trim();
  } catch {
    process.stderr.write(`Skipped: ${name} can't be fetched.\n`);
    return null;
  }
}

async function measure({ node, source, cache }: Subject): Promise<Start> {
  const port = await freePort();
  const options = [`--source=${source}`, '--target=exportKpi', '--signature-type=cloudevent', `--port=${port}`];
  const start = performance.now();
  const child = spawn(node, [FRAMEWORK, ...options], {
    env: {
      PATH: process.env.PATH,
      NODE_ENV: 'production',
      KPI_WAREHOUSE: 'bigquery:project.kpi_metrics',
      KPI_SOURCE: 'project.app',
      KPI_LOCATION: 'EU',
      KPI_TIME_ZONE: 'Europe/Berlin',
      ...(cache && { NODE_COMPILE_CACHE: resolve(FOLDER, 'cache') }),
    },
    stdio: 'ignore',
  });
  try {
    await firstAnswer(port, child);
    return { milliseconds: performance.now() - start, memory: residentMemory(child) };
  } finally {
    const ended = new Promise((done) => child.once('exit', done));
    child.kill('SIGTERM');
    await ended;
  }
}

/** Asks as soon as the port is open; looking for that costs next to nothing, as a request would not. */
async function firstAnswer(port: number, child: ChildProcess): Promise<void> {
  while (!(await isOpen(port))) {
    if (child.exitCode !== null) throw new Error(`the function ended with ${child.exitCode} before it had answered`);
    await sleep(2);
  }
  const message = { data: Buffer.from('no date').toString('base64'), messageId: '1', publishTime: '2025-12-23T06:00:00Z' };
  const asked = request({ port, method: 'POST', path: '/projects/p/topics/t', headers: { 'content-type': 'application/json' } });
  asked.end(JSON.stringify({ message }));
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  answer.resume();
  if (answer.statusCode !== 204) throw new Error(`expected the message to be acknowledged with 204, got ${answer.statusCode}`);
}

async function isOpen(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

function residentMemory({ pid }: ChildProcess): number | null {
  if (process.platform !== 'linux') return null;
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}

function report(subjects: Subject[]): string {
  const rows = subjects.map(({ node, name, cache, starts }) => {
    const of = ({ starts: measured }: Pick<Subject, 'starts'>) => lowerQuartile(measured.map(({ milliseconds }) => milliseconds));
    const bare = subjects.find((other) => other.node === node && other.cache === cache && other.name === 'bare function');
    const memories = starts.flatMap(({ memory }) => memory ?? []);
    const version = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim();
    return [
      `Node.js ${version}${cache ? ', compile cache' : ''}: ${name}`,
      `${Math.round(of({ starts }))} ms`,
      memories.length === 0 ? 'unknown' : mebibytes(median(memories)),
      name === 'bare function' || bare === undefined ? '1' : times(of({ starts }) / of(bare)),
    ];
  });
  const sizes = readdirSync(join(FOLDER, 'package'))
    .filter((name) => name.endsWith('.cjs'))
    .map((name) => `${name} ${Math.round(readFileSync(join(FOLDER, 'package', name)).length / 1024)} KiB`);
  return [
    `${machine()}. Lower quartiles of ${REPETITIONS} starts, taken in turn, because other work of the machine only adds time. Deployed: ${sizes.join(', ')}.`,
    table(['', 'first answer', 'memory then', 'against bare'], rows),
  ].join('\n\n');
}

main().catch((thrown) => {
  process.stderr.write(`${thrown instanceof Error ? thrown.message : thrown}\n`);
  process.exitCode = 1;
});
