import { type CalendarDate, localDate } from './calendar';
import { type Config, type ConfigFlags, describeSettings, parseConfig, unknownSettings } from './config';
import type { Engine, Run, WarehouseInspection } from './engine';
import { type Failure, type FailureCode, toFailure } from './failure';
import { type Access, settle } from './open-engine';
import { sourceTableNames } from './source-contract';
import { DEMO, nameSource } from './warehouse-identity';

/** One thing that was looked at. */
export interface Check {
  area: 'settings' | 'machine' | 'source' | 'warehouse';
  name: string;
  /** Null: not asked, and no fault. */
  ok: boolean | null;
  found: string;
  /** What to do where it isn't ok, in one line. */
  remedy: string | null;
}

/** What the checks see of the machine. */
export interface Machine {
  nodeVersion: string;
  /** Free bytes by what they are for; asked only for the embedded engine. */
  freeBytes: (warehouse: string) => Record<string, number>;
}

export interface Examination {
  env: NodeJS.ProcessEnv;
  flags: ConfigFlags;
  machine: Machine;
  now: Date;
  /** What counting the rows of one source table may read where it is billed. */
  maxBytes: number;
  openEngine: (config: Config, access: Access) => Promise<Engine>;
  createRun: (config: Config) => Run;
}

const OLDEST_NODE = 20;
const FEWEST_BYTES = 2 ** 30;
const count = new Intl.NumberFormat('en');

/** Looks at everything that an export needs. Each check stands for itself: one that fails hides no other. */
export async function examine(examination: Examination): Promise<Check[]> {
  const { env, flags } = examination;
  let config: Config | Failure;
  try {
    config = parseConfig(env, flags);
  } catch (thrown) {
    config = toFailure(thrown);
  }
  if (config instanceof Error) return [...checkSettings(examination, config), checkNode(examination.machine)];
  const { settled, check } = await checkIdentity(examination, config);
  return [
    ...checkSettings(examination, settled),
    checkNode(examination.machine),
    ...(config.warehouse.engine === 'duckdb' ? checkDisk(examination.machine, config.warehouse.warehouse) : []),
    ...(await checkSource(examination, settled)),
    check,
    ...(await checkWarehouse(examination, settled)),
  ];
}

/** Whether the warehouse holds reports of what the settings name; if not, the rest is examined with the settings as they are. */
async function checkIdentity({ openEngine }: Examination, named: Config): Promise<{ settled: Config; check: Check }> {
  const [area, name] = ['warehouse', 'source and time zone'] as const;
  try {
    const settled = await settle(named, 'read', (access) => openEngine(named, access));
    const source = nameSource(settled);
    const found = `${source === DEMO ? 'demo data' : (source ?? 'no source named')}, days of ${settled.timeZone}`;
    return { settled, check: { area, name, ok: true, found, remedy: null } };
  } catch (thrown) {
    return { settled: named, check: failed(area, name, toFailure(thrown)) };
  }
}

function checkSettings({ env, flags, now }: Examination, config: Config | Failure): Check[] {
  const area = 'settings';
  const unknown = unknownSettings(env).map(
    ({ name, nearest }): Check => ({
      ...{ area, name, ok: false, found: 'no such setting' },
      remedy:
        nearest === null ? 'correct its name, or remove it; README.md lists all settings' : `name it ${nearest}, or remove it`,
    }),
  );
  if (config instanceof Error)
    return [
      { area, name: 'all', ok: false, found: config.message, remedy: 'correct them; README.md says what each means' },
      ...unknown,
    ];
  const named = describeSettings(env, flags, config).map(
    ({ name, value, origin }): Check => ({
      ...{ area, name, ok: true, remedy: null },
      found: value === null ? 'not set' : `${value} (${origin})`,
    }),
  );
  return [...named, ...unknown, checkZone(config.timeZone, now), nameEngine(config, env)];
}

function checkZone(timeZone: string, now: Date): Check {
  const today: CalendarDate = localDate(now, timeZone);
  return { area: 'settings', name: 'time zone', ok: true, found: `${timeZone}, where today is ${today}`, remedy: null };
}

function nameEngine({ warehouse }: Config, env: NodeJS.ProcessEnv): Check {
  const pubsub = env.PUBSUB_EMULATOR_HOST ? '; Pub/Sub is an emulator (PUBSUB_EMULATOR_HOST)' : '';
  const engine =
    warehouse.engine === 'duckdb' ? 'DuckDB, embedded' : warehouse.endpoint === null ? 'BigQuery' : 'an emulator of BigQuery';
  return { area: 'settings', name: 'engine', ok: true, found: `${engine}${pubsub}`, remedy: null };
}

function checkNode({ nodeVersion }: Machine): Check {
  const ok = Number.parseInt(nodeVersion, 10) >= OLDEST_NODE;
  return {
    ...{ area: 'machine', name: 'Node.js', ok, found: nodeVersion },
    remedy: ok ? null : `install Node.js ${OLDEST_NODE} or later`,
  };
}

function checkDisk({ freeBytes }: Machine, warehouse: string): Check[] {
  const area = 'machine';
  try {
    return Object.entries(freeBytes(warehouse)).map(([name, bytes]): Check => {
      const ok = bytes >= FEWEST_BYTES;
      const found = `${(bytes / FEWEST_BYTES).toFixed(1)} GiB free`;
      return { area, name, ok, found, remedy: ok ? null : 'free at least 1 GiB' };
    });
  } catch {
    return [{ area, name: 'disk', ok: null, found: 'this system does not tell how much is free', remedy: null }];
  }
}

async function checkSource(examination: Examination, config: Config): Promise<Check[]> {
  const area = 'source';
  if (config.warehouse.source === null) {
    const found = 'none named (KPI_SOURCE): the warehouse can be read, and nothing exported';
    return [{ area, name: 'tables', ok: null, found, remedy: null }];
  }
  return withEngine(examination, config, 'dry-run', area, async (engine, run) => {
    const checks: Check[] = [];
    for (const table of sourceTableNames) {
      try {
        const { bytes, counts } = await engine.inspectSource(table, examination, run);
        const price = bytes === null ? '' : `, ${count.format(bytes)} bytes read`;
        if (counts === null) {
          const found = `readable; counting its rows would read ${count.format(bytes ?? 0)} bytes: kpi doctor --count`;
          checks.push({ area, name: table, ok: true, found, remedy: null });
          continue;
        }
        const { rows, withoutCreatedAt, repeatedIds } = counts;
        checks.push(
          {
            ...{ area, name: table, ok: rows > 0, found: `${count.format(rows)} rows${price}` },
            remedy: rows > 0 ? null : 'an empty table makes reports of zeros; fill it, or name another source',
          },
          {
            ...{
              area,
              name: `${table} without created_at`,
              ok: withoutCreatedAt === 0,
              found: `${count.format(withoutCreatedAt)} rows`,
            },
            remedy: withoutCreatedAt === 0 ? null : 'they are in no figure; give them their time at the source',
          },
          {
            ...{ area, name: `${table} with a repeated id`, ok: repeatedIds === 0, found: `${count.format(repeatedIds)} rows` },
            remedy: repeatedIds === 0 ? null : 'a report that would count them is refused; keep one row of each id',
          },
        );
      } catch (thrown) {
        checks.push(failed(area, table, toFailure(thrown)));
      }
    }
    return checks;
  });
}

/** Without the source, so that its faults hide nothing here. */
async function checkWarehouse(examination: Examination, config: Config): Promise<Check[]> {
  const area = 'warehouse';
  const warehouse = { ...config.warehouse, source: null };
  return withEngine(examination, { ...config, warehouse }, 'export', area, async (engine, run) =>
    (await engine.inspectWarehouse({ release: config.release.isOn }, run)).map((inspection) => checkTable(inspection)),
  );
}

function checkTable({ name, exists, failure, mayWrite, keepsDays }: WarehouseInspection): Check {
  const area = 'warehouse';
  if (failure !== null) return failed(area, name, failure);
  const kept = keepsDays === null ? '' : `, keeps ${count.format(keepsDays)} days`;
  const state = name.includes('.') ? 'as defined' : 'there';
  const found = exists ? `${state}${kept}` : 'not there yet, the first export makes it';
  if (mayWrite !== false) return { area, name, ok: true, found, remedy: null };
  const remedy = exists
    ? 'an export needs roles/bigquery.dataEditor on it (infra/README.md)'
    : 'name a path where a file can be made, with --warehouse';
  return { area, name, ok: false, found: `${found}; this account may not write it`, remedy };
}

async function withEngine(
  examination: Examination,
  config: Config,
  access: Access,
  area: Check['area'],
  look: (engine: Engine, run: Run) => Promise<Check[]>,
): Promise<Check[]> {
  try {
    const engine = await examination.openEngine(config, access);
    try {
      return await look(engine, examination.createRun(config));
    } finally {
      await engine.close();
    }
  } catch (thrown) {
    return [failed(area, 'access', toFailure(thrown))];
  }
}

/** Where a failure's own message names none. */
const noAnswer = 'look at the network, and at KPI_BIGQUERY_ENDPOINT if that is set; then try again';
const sourceRemedies: Partial<Record<FailureCode, string>> = {
  NOT_FOUND: 'correct KPI_SOURCE (--source), or KPI_LOCATION where the dataset lies elsewhere',
  ACCESS_DENIED: 'give this account roles/bigquery.dataViewer on the table, and roles/bigquery.jobUser in the project',
  INVALID_QUERY: "compare the table's columns and types with docs/data-dictionary.md, Sources; map others with a view",
  BYTES_LIMIT: 'raise KPI_MAX_BYTES_BILLED, or leave the rows uncounted',
  UNAVAILABLE: noAnswer,
};
const warehouseRemedies: Partial<Record<FailureCode, string>> = {
  NOT_FOUND: 'run: terraform -chdir=infra apply; or correct KPI_WAREHOUSE (--warehouse)',
  ACCESS_DENIED: 'give this account roles/bigquery.dataEditor on the dataset (infra/README.md)',
  UNAVAILABLE: noAnswer,
};

function failed(area: Check['area'], name: string, failure: Failure): Check {
  const [found = '', remedy] = splitOnce(failure.message);
  const known = area === 'source' ? sourceRemedies[failure.code] : warehouseRemedies[failure.code];
  const page = `docs/errors.md says what ${failure.code} means`;
  return { area, name, ok: false, found: `${found} (${failure.code})`, remedy: remedy ?? known ?? page };
}

/** Messages name what is wrong, and after the first semicolon what to do. */
function splitOnce(message: string): string[] {
  const at = message.indexOf('; ');
  return at < 0 ? [message] : [message.slice(0, at), message.slice(at + 2)];
}
