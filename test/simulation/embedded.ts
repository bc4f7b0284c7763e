import { copyFileSync, existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { openDatabase, quoteText } from '../../shared/engines/duckdb/connection';
import { type PublishedTable, publishedTableNames, tablesOf } from '../../shared/metrics/tables';
import { createRandom } from '../support/random-source';
import { writeSource } from '../support/source-files';
import { inTemporaryFolder } from '../support/temporary-folder';
import { type Clock, createClock } from './clock';
import { Broken } from './invariants';
import { type SimulatedProcess, startProcess } from './process';
import type { Programs } from './program';
import { createSource } from './source';
import type { Played } from './world';

const DAY_MS = 86_400_000;
const TIME_ZONE = 'Europe/Berlin';

/** An export from the command line; its process may die at a statement, before or after that is carried out. */
export interface EmbeddedEvent {
  age: number;
  dies: { at: number; among: 'all' | 'writing'; isAfter: boolean } | null;
}

export interface EmbeddedSchedule {
  seed: number;
  start: number;
  events: EmbeddedEvent[];
}

/** Exports of a few dates into a file, one after the other, most of which die. */
export function makeEmbeddedSchedule(seed: number): EmbeddedSchedule {
  const random = createRandom(seed);
  const start = Date.UTC(2025, random.below(10), 1 + random.below(28), 5);
  const events = Array.from({ length: 3 }, (_, index): EmbeddedEvent => {
    const among = random.pick(['all', 'writing', 'writing'] as const);
    const at = 1 + random.below(among === 'all' ? 120 : 20);
    const isLucky = index === 0 && random.chance(0.8); // a warehouse that is there already
    return { age: random.below(3), dies: isLucky ? null : { at, among, isAfter: random.chance(0.5) } };
  });
  return { seed, start, events };
}

/** What real work the engine does; the clock stands still meanwhile. */
type Native = <Result>(owner: SimulatedProcess, sql: string, work: () => Promise<Result>) => Promise<Result>;

/** Plays a schedule on the embedded engine. A report must be whole whenever a process ends or dies, and all of it after one that went well. */
export async function playEmbedded(
  { seed, start, events }: EmbeddedSchedule,
  programs: Programs,
  tell: (line: string) => void,
): Promise<Played> {
  const clock = createClock(start);
  const random = createRandom(seed ^ 0x5eed);
  let statements = 0;
  return inTemporaryFolder(async (folder) => {
    const [sourceFolder, warehouse] = [folder, join(folder, 'warehouse.duckdb')];
    await writeSource(
      sourceFolder,
      'ndjson',
      createSource({ seed, timeZone: TIME_ZONE, start, days: 1, daysBefore: 14, events: [] }).rowsAt(start),
    );
    const played = (broken: Broken | null): Played => ({
      requests: statements,
      deliveries: events.length,
      trace: statements,
      broken,
    });
    for (const [index, { age, dies }] of [...events, { age: 0, dies: null }].entries()) {
      const date = new Date(start - age * DAY_MS).toISOString().slice(0, 10);
      let left = dies?.at ?? Number.POSITIVE_INFINITY;
      const isStruck = (sql: string) => (dies?.among === 'all' || isWriting(sql)) && --left === 0;
      const pending = new Set<Promise<unknown>>();
      const instances = new Set<{ closeSync(): void }>();
      const native: Native = async (owner, sql, work) => {
        if (owner.state === 'dead') return new Promise(() => {});
        statements++;
        tell(`    ${sql.slice(0, 100).replaceAll(/\s+/g, ' ')}`);
        const struck = isStruck(sql);
        if (struck && !dies?.isAfter) return die(owner);
        const working = work();
        pending.add(working.catch(() => {}));
        await working.finally(() => pending.clear());
        return struck ? die(owner) : working;
      };
      const die = (owner: SimulatedProcess): Promise<never> => {
        tell('    dies');
        owner.kill();
        ended = true;
        return new Promise(() => {});
      };
      let ended = false;
      const argv = ['export', '--date', date, '--source', sourceFolder, '--warehouse', warehouse, '--time-zone', TIME_ZONE];
      tell(`kpi ${argv.join(' ')}`);
      const owner = startProcess({
        name: `p${index}`,
        program: programs.kpi,
        clock,
        random,
        argv,
        environment: { KPI_LOG_LEVEL: 'warning' },
        packages: (process) => ({ '@duckdb/node-api': watchDuckDb(process, native, instances) }),
        onExit: () => {
          ended = true;
        },
      });
      await untilEnded(clock, () => ended, pending);
      for (const line of owner.output) tell(`    ${line}`);
      for (const instance of instances) instance.closeSync(); // without a checkpoint of what is not committed
      const isLast = index === events.length;
      const fault = await findTorn(folder, warehouse, isLast ? date : null);
      if (fault !== null) return played(new Broken('a report is written as a whole', new Date(clock.now()), `${date}: ${fault}`));
      clock.at(clock.now() + 60_000, () => {});
    }
    return played(null);
  });
}

async function untilEnded(clock: Clock, isEnded: () => boolean, pending: ReadonlySet<Promise<unknown>>): Promise<void> {
  while (!isEnded()) {
    await new Promise((resolve) => setImmediate(resolve));
    if (pending.size > 0) await Promise.all(pending);
    else if (!isEnded()) clock.step();
  }
}

/** Whether a statement changes the warehouse. */
function isWriting(sql: string): boolean {
  return (
    /^\s*(INSERT INTO|DELETE FROM|CREATE TABLE|CREATE OR REPLACE VIEW) warehouse\./i.test(sql) || /^(BEGIN|COMMIT)\b/.test(sql)
  );
}

/** The real engine; a process that dies leaves its statement, and all that is not committed. */
function watchDuckDb(owner: SimulatedProcess, native: Native, instances: Set<{ closeSync(): void }>): object {
  const duckDb = createRequire(__filename)('@duckdb/node-api');
  return {
    ...duckDb,
    DuckDBInstance: {
      create: async (...given: unknown[]) => {
        const instance = await duckDb.DuckDBInstance.create(...given);
        instances.add(instance);
        const connection = await instance.connect();
        return {
          connect: async () => ({
            run: (sql: string, parameters?: unknown) => native(owner, sql, () => connection.run(sql, parameters)),
            runAndReadAll: (sql: string, parameters?: unknown) =>
              native(owner, sql, () => connection.runAndReadAll(sql, parameters)),
            interrupt: () => connection.interrupt(),
            closeSync: () => connection.closeSync(),
          }),
          closeSync: () => {
            instances.delete(instance);
            instance.closeSync();
          },
        };
      },
    },
  };
}

/** Reports of which tables, or rows of one run, are missing; `wanted` must be there. Reads a copy: the next run finds the file as it was left. */
async function findTorn(folder: string, warehouse: string, wanted: string | null): Promise<string | null> {
  if (!existsSync(warehouse)) return wanted === null ? null : 'no warehouse';
  const copy = join(folder, 'copy.duckdb');
  for (const end of ['', '.wal']) if (existsSync(warehouse + end)) copyFileSync(warehouse + end, copy + end);
  const database = await openDatabase();
  try {
    await database.run(`ATTACH ${quoteText(copy)} AS warehouse (TYPE duckdb)`);
    const tables = await database.rows(
      `SELECT table_name FROM duckdb_tables() WHERE database_name = 'warehouse' AND schema_name = 'kpi_metrics'`,
    );
    const there = publishedTableNames.filter((name) => tables.some(({ table_name }) => table_name === name));
    if (there.length === 0) return wanted === null ? null : 'no tables';
    const found = await database.rows(
      there
        .map((name) => `SELECT DISTINCT report_date, '${name}' AS name, created_at FROM warehouse.kpi_metrics.${name}`)
        .join(' UNION ALL '),
    );
    const dates = new Set([...found.map(({ report_date }) => String(report_date)), ...(wanted === null ? [] : [wanted])]);
    for (const date of dates) {
      const rows = found.filter(({ report_date }) => report_date === date);
      const missing = tablesOf(date).filter((table: PublishedTable) => !rows.some(({ name }) => name === table));
      const runs = new Set(rows.map(({ created_at }) => created_at));
      if (missing.length > 0) return `${date} has no rows of ${missing.join(', ')}`;
      if (runs.size > 1) return `${date} has rows of ${runs.size} runs`;
    }
    return null;
  } finally {
    database.close();
  }
}
