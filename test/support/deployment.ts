import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DuckDBInstance } from '@duckdb/node-api';
import { freePort } from './free-port';
import { runHosted } from './kpi-command';
import { end, type PubsubEmulator } from './pubsub-emulator';
import { writeSmallSource } from './small-source';

/** Of topics and subscriptions: one of each test process. */
export const project = `kpi-test-${process.pid}`;

const root = resolve(__dirname, '../..');
const tables = ['daily_engagement', 'daily_advanced_metrics', 'daily_errors', 'daily_funnel'];

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

export async function run(command: string, args: string[], env: NodeJS.ProcessEnv): Promise<Ended> {
  const child = spawn(command, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) child[stream].on('data', (chunk) => (output[stream] += String(chunk)));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...output };
}

export async function until(what: string, holds: () => boolean | Promise<boolean>, seconds = 300): Promise<void> {
  for (const deadline = Date.now() + seconds * 1000; !(await holds()); await sleep(100)) {
    if (Date.now() > deadline) throw new Error(`${what}: not within ${seconds} s`);
  }
}

/** A function as it is deployed, with its topics and subscriptions; on the embedded engine, unless `settings` say otherwise. */
export class Deployment {
  readonly topic: string;
  readonly deadLetters: string;
  readonly warehouse: string;
  readonly logs: Record<string, unknown>[] = [];
  /** All that the function wrote. */
  said = '';
  readonly folder = mkdtempSync(join(tmpdir(), 'kpi-pubsub-'));
  /** Of the function, and of the commands that are run beside it. */
  readonly env: NodeJS.ProcessEnv;
  private port = 0;
  private process: ChildProcess | null = null;

  constructor(
    private readonly emulator: PubsubEmulator,
    name: string,
    settings: Record<string, string> = {},
  ) {
    this.topic = `kpi-export-${name}`;
    this.deadLetters = `${this.topic}-dead-letter`;
    this.warehouse = join(this.folder, 'warehouse.duckdb');
    const source = writeSmallSource(this.folder);
    this.env = {
      ...Object.fromEntries(Object.entries(process.env).filter(([key]) => !/^(KPI_|GOOGLE_CLOUD_PROJECT$)/.test(key))),
      NODE_ENV: 'production',
      PUBSUB_EMULATOR_HOST: emulator.host,
      KPI_SOURCE: source,
      KPI_SOURCE_MAX_AGE_HOURS: '0',
      KPI_WAREHOUSE: this.warehouse,
      KPI_DEAD_LETTER_TOPIC: `projects/${project}/topics/${this.deadLetters}`,
      ...settings,
    };
  }

  /** As infra/pubsub.tf has it, with less patience. */
  async deploy({ maxDeliveryAttempts = 5, ackDeadlineSeconds = 600 } = {}): Promise<void> {
    this.port = await freePort();
    await this.createDeadLetters();
    await this.emulator.create(`topics/${this.topic}`, {});
    await this.start();
    await this.subscribe({
      ackDeadlineSeconds, // on a slow machine too, a message comes again only where it was refused
      deadLetterPolicy: { deadLetterTopic: `projects/${project}/topics/${this.deadLetters}`, maxDeliveryAttempts },
    });
  }

  /** Without a dead-letter topic, though the function is told of one. */
  async deployWithoutDeadLetters(): Promise<void> {
    this.port = await freePort();
    await this.emulator.create(`topics/${this.topic}`, {});
    await this.start();
    await this.subscribe({ ackDeadlineSeconds: 600 });
  }

  async createDeadLetters(): Promise<void> {
    const topic = `projects/${project}/topics/${this.deadLetters}`;
    await this.emulator.create(`topics/${this.deadLetters}`, {});
    await this.emulator.create(`subscriptions/${this.deadLetters}`, { topic, ackDeadlineSeconds: 60 });
  }

  private async subscribe(more: object): Promise<void> {
    const topic = `projects/${project}/topics/${this.topic}`;
    await this.emulator.create(`subscriptions/${this.topic}`, {
      topic,
      retryPolicy: { minimumBackoff: '0.1s', maximumBackoff: '1s' },
      pushConfig: { pushEndpoint: this.endpoint() },
      ...more,
    });
  }

  private endpoint(): string {
    return `http://127.0.0.1:${this.port}/projects/${project}/topics/${this.topic}`;
  }

  /** After `kill`. Nothing is pushed meanwhile: the emulator waits longer each time that nobody listens. */
  async startAgain(): Promise<void> {
    await this.emulator.pushTo(this.topic, null);
    await this.start();
    await this.emulator.pushTo(this.topic, this.endpoint());
  }

  /** Starts the function's process, on the port that it had before. */
  async start(): Promise<void> {
    const framework = join(root, 'node_modules/.bin/functions-framework');
    const args = ['--source=dist/functions.cjs', '--target=exportKpi', '--signature-type=cloudevent', `--port=${this.port}`];
    const child = spawn(process.execPath, [framework, ...args], { cwd: root, env: this.env, stdio: ['ignore', 'pipe', 'pipe'] });
    this.process = child;
    let rest = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (this.said += String(chunk)));
    child.stdout.on('data', (chunk) => {
      const lines = (rest + String(chunk)).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) if (line.startsWith('{')) this.logs.push(JSON.parse(line) as Record<string, unknown>);
    });
    await until('the function listens', async () => {
      if (child.exitCode !== null) throw new Error(`the function ended: ${this.said}`);
      const answered = await fetch(`http://127.0.0.1:${this.port}/`).catch(() => null);
      return answered !== null;
    });
  }

  async kill(): Promise<void> {
    if (this.process !== null) await end(this.process);
  }

  async remove(): Promise<void> {
    for (const name of [this.topic, this.deadLetters]) {
      for (const kind of ['subscriptions', 'topics']) await this.emulator.remove(`${kind}/${name}`).catch(() => {}); // it may never have been made
    }
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }

  async publish(...messages: { data?: string; attributes?: Record<string, string> }[]): Promise<string[]> {
    return this.emulator.publish(this.topic, messages);
  }

  waiting() {
    return this.emulator.waiting(this.deadLetters);
  }

  kpi(...args: string[]): Promise<Ended> {
    return runHosted(root, args, this.env);
  }

  replay(...args: string[]): Promise<Ended> {
    return this.kpi('replay', '--project', project, '--subscription', this.deadLetters, ...args);
  }

  /** While `holdWarehouse` holds the file: that as a source, which is not waited for as a warehouse is. */
  replayOfBusySource(...args: string[]): Promise<Ended> {
    const command = ['replay', '--project', project, '--subscription', this.deadLetters, ...args];
    const places = { KPI_SOURCE: this.warehouse, KPI_WAREHOUSE: join(this.folder, 'other.duckdb') };
    return runHosted(root, command, { ...this.env, ...places });
  }

  /** `replay` in a process that stops when it has said something, until it is interrupted. */
  startReplay(text: string, ...args: string[]): { stopped: Promise<void>; interrupt: () => void; ended: Promise<Ended> } {
    const command = ['replay', '--project', project, '--subscription', this.deadLetters, ...args];
    const child = spawn(process.execPath, [join(root, 'bin/kpi.mjs'), ...command], { cwd: root, env: this.env });
    const output = { stdout: '', stderr: '' };
    const stopped = new Promise<void>((resolve, reject) => {
      for (const stream of ['stdout', 'stderr'] as const)
        child[stream].on('data', (chunk) => {
          output[stream] += String(chunk);
          if (!output[stream].includes(text)) return;
          child.kill('SIGSTOP');
          resolve();
        });
      child.once('close', () => reject(new Error(`it ended: ${output.stdout}${output.stderr}`)));
    });
    const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, ...output }));
    const interrupt = () => {
      for (const stream of [child.stdout, child.stderr]) stream.removeAllListeners('data');
      for (const stream of ['stdout', 'stderr'] as const) child[stream].on('data', (chunk) => (output[stream] += String(chunk)));
      child.kill('SIGINT');
      child.kill('SIGCONT');
    };
    return { stopped, interrupt, ended };
  }

  status(...args: string[]): Promise<Ended> {
    return this.kpi('status', '--project', project, '--subscription', this.deadLetters, ...args);
  }

  /** Log entries of a message, or of all of them. */
  logged(text: string, requestId?: string): Record<string, unknown>[] {
    return this.logs.filter(
      (entry) => entry.message === text && (requestId === undefined || [entry.request_id, entry.message_id].includes(requestId)),
    );
  }

  exportedDates(requestId: string): unknown[] {
    return this.logged('report exported', requestId).map((entry) => entry.report_date);
  }

  /** The dates that each table has, where it has all of a report's 12 rows of each; to be asked while nothing runs. */
  async publishedDates(): Promise<string[]> {
    const instance = await DuckDBInstance.create(this.warehouse, { access_mode: 'READ_ONLY' });
    const connection = await instance.connect();
    try {
      const dates = new Set<string>();
      for (const table of tables) {
        const reader = await connection.runAndReadAll(
          `SELECT CAST(report_date AS VARCHAR), CAST(count(*) AS INTEGER) FROM kpi_metrics.${table} GROUP BY 1 ORDER BY 1`,
        );
        const found = reader.getRowsJson().map(([date, rows]) => `${date}: ${rows}`);
        dates.add(found.join(', '));
      }
      const [all, ...different] = dates;
      if (all === undefined || different.length > 0) throw new Error(`tables differ: ${[...dates].join(' | ')}`);
      return all.split(', ').map((text) => text.replace(/: 12$/, ''));
    } finally {
      connection.closeSync();
      instance.closeSync();
    }
  }

  /** Keeps the warehouse file open in another process, until the answered function is called. */
  async holdWarehouse(): Promise<() => Promise<void>> {
    const script = `require('@duckdb/node-api').DuckDBInstance.create(process.argv[1]).then((instance) => {
      console.log('held');
      setInterval(() => instance, 1000);
    })`;
    const holder = spawn(process.execPath, ['-e', script, this.warehouse], { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
    await once(holder.stdout, 'data');
    return () => end(holder);
  }
}
