import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { filesBelow, leaks } from './canaries';
import { type FunctionProcess, runKpi, settings, startFunction } from './processes';
import { startWebhook, type WebhookServer } from './webhook-server';

export const PUSH_PATH = '/projects/p/topics/kpi-export';

const doorNames = ['cli', 'events', 'calls'] as const;
type Door = (typeof doorNames)[number];

/** All that could be seen of something, by where it was seen. */
export type Seen = Record<string, string>;

/** The command line and both functions as processes, at the lowest log level, on one source of the embedded engine. */
export interface CanaryDoors {
  /** What may hold canaries; of all else nothing may. */
  source: string;
  folder: string;
  /** Each door has a warehouse of its own, so that they needn't wait for each other. */
  warehouses: Record<Door, string>;
  /** Gets the digests; its address and its answers hold canaries. */
  webhook: WebhookServer;
  events: FunctionProcess;
  calls: FunctionProcess;
  /** Begins with another source, which all doors read, and with new warehouses. */
  useSource(make: (path: string) => Promise<unknown>): Promise<void>;
  /** Writes other rows at the same place; the warehouses stay. */
  changeSource(make: (path: string) => Promise<unknown>): Promise<void>;
  kpi(...args: string[]): Promise<string>;
  /** Exports a date by every door; `pace` of the time in which the command line waits. */
  throughEveryDoor(date: string, pace?: number): Promise<Seen>;
  /** Searches also all files and tables. */
  expectNoLeak(seen: Seen): Promise<void>;
  close(): Promise<void>;
}

/** `file`: what kpi.config.json of the folder holds, in which the command line then runs. */
export async function openCanaryDoors(more: Record<string, string> = {}, file: object | null = null): Promise<CanaryDoors> {
  const folder = mkdtempSync(join(tmpdir(), 'kpi-canaries-'));
  const source = join(folder, 'source');
  const temporary = join(folder, 'temporary');
  for (const path of [source, temporary]) mkdirSync(path);
  const warehouseOf = (door: Door) => join(folder, `${door}.duckdb`);
  const warehouses = { cli: warehouseOf('cli'), events: warehouseOf('events'), calls: warehouseOf('calls') };
  const webhook = await startWebhook();
  const envOf = (door: Door) =>
    settings({
      KPI_WAREHOUSE: warehouses[door],
      KPI_SOURCE: source,
      KPI_SOURCE_MAX_AGE_HOURS: '0',
      KPI_LOG_LEVEL: 'debug',
      TMPDIR: temporary,
      KPI_DIGEST_WEBHOOK: webhook.url,
      ...more,
    });
  const [events, calls] = await Promise.all([
    startFunction('exportKpi', envOf('events')),
    startFunction('exportKpiHttp', envOf('calls')),
  ]);
  if (file !== null) writeFileSync(join(folder, 'kpi.config.json'), JSON.stringify(file));
  const kpiAtPace = async (pace: number, ...args: string[]) =>
    (await runKpi(args, envOf('cli'), { cwd: file === null ? undefined : folder, pace })).said;
  const kpi = (...args: string[]) => kpiAtPace(1, ...args);
  const changeSource: CanaryDoors['changeSource'] = async (make) => {
    rmSync(source, { recursive: true });
    mkdirSync(source);
    await make(source);
  };
  return {
    source,
    folder,
    warehouses,
    webhook,
    events,
    calls,
    kpi,
    useSource: async (make) => {
      for (const path of Object.values(warehouses)) rmSync(path, { force: true });
      await changeSource(make);
    },
    changeSource,
    throughEveryDoor: async (date, pace = 1) => {
      const [saidByEvents, saidByCalls] = [events.said().length, calls.said().length];
      const [command, answer, acknowledged] = await Promise.all([
        kpiAtPace(pace, 'export', '--date', date, '--json'),
        calls.post('/api/export-kpi', JSON.stringify({ date })),
        events.post(PUSH_PATH, pushBody(date)),
      ]);
      return {
        'kpi export': command,
        'the answer': answer,
        'the acknowledgement': acknowledged,
        'the log of exportKpi': events.said().slice(saidByEvents),
        'the log of exportKpiHttp': calls.said().slice(saidByCalls),
      };
    },
    expectNoLeak: async (seen) => {
      const tables = { 'the tables': await cells(Object.values(warehouses)) };
      expect(leaks({ ...seen, ...filesBelow(folder, ['source']), ...tables })).toEqual([]);
    },
    close: async () => {
      await Promise.all([events.stop(), calls.stop(), webhook.close()]);
      rmSync(folder, { recursive: true });
    },
  };
}

/** The body of a push, with fields of the message beside its data. */
export function pushBody(data: string, more: object = {}): string {
  const encoded = { data: Buffer.from(data).toString('base64'), messageId: '1', publishTime: '2025-12-24T06:00:00Z', ...more };
  return JSON.stringify({ message: encoded, subscription: 'projects/p/subscriptions/s' });
}

/** Every cell of every table of the files that there are, as text: the files may hold them compressed. */
async function cells(files: readonly string[]): Promise<string> {
  const instance = await DuckDBInstance.create();
  const connection = await instance.connect();
  try {
    for (const [index, file] of files.entries())
      if (existsSync(file)) await connection.run(`ATTACH '${file}' AS file_${index} (READ_ONLY)`);
    const tables = await connection.runAndReadAll('SELECT database_name, schema_name, table_name FROM duckdb_tables()');
    let text = '';
    for (const name of tables.getRows())
      text += JSON.stringify((await connection.runAndReadAll(`SELECT * FROM ${name.join('.')}`)).getRowsJson());
    return text;
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

/** Makes a DuckDB file, or runs statements in one. */
export async function databaseAt(path: string, ...statements: string[]): Promise<void> {
  const instance = await DuckDBInstance.create(path);
  const connection = await instance.connect();
  for (const statement of statements) await connection.run(statement);
  connection.closeSync();
  instance.closeSync();
}
