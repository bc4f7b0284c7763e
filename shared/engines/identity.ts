import { createHash } from 'node:crypto';
import { type Config, requireSource } from '../platform/config';
import { Failure } from '../platform/failure';

export const DEMO = 'demo';

/** What a warehouse holds reports of. It takes those of one source and one time zone: mixed ones would be wrong without a trace. */
export interface WarehouseIdentity {
  /** Null: unknown, as in a warehouse of a version that didn't record it. */
  source: { id: string; name: string | null } | null;
  /** Null: unknown, as where nothing has been exported. */
  timeZone: string | null;
}

/** What the first report binds a warehouse to, and every further one must agree with. */
export interface Binding {
  /** Full name of the source. */
  source: string;
  timeZone: string;
  /** The source is the one that the warehouse was filled from, at another place. */
  rebind: boolean;
}

/** `demo`, the real path of a folder or file, or the full names of two tables; null where no source is named. */
export function nameSource({ warehouse }: Pick<Config, 'warehouse'>): string | null {
  if (warehouse.source === null) return null;
  if (warehouse.engine === 'bigquery') return `${warehouse.source.users}, ${warehouse.source.measurements}`;
  return warehouse.source.kind === 'demo' ? DEMO : warehouse.source.path;
}

/** A source as export_runs has it: a path or the name of a dataset says more than that table's readers need. */
export function sourceId(name: string): string {
  return name === DEMO ? DEMO : createHash('sha256').update(name).digest('hex').slice(0, 12);
}

/** What export_runs says of the source that is counted. */
export function recordedSource(config: Config): string | null {
  const name = nameSource(config);
  return name === null ? null : sourceId(name);
}

export function bindingOf(config: Config): Binding | null {
  const source = nameSource(config);
  return source === null ? null : { source, timeZone: config.timeZone, rebind: config.rebind };
}

export function holdsDemo({ warehouse }: Config): boolean {
  return warehouse.engine === 'duckdb' && warehouse.source?.kind === 'demo';
}

/**
 * The settings as they apply to a warehouse: what isn't named goes on as it was. BAD_CONFIG where what is named is not what the warehouse
 * holds, unless that is a source and any may be named. `identity` is null where there is no warehouse yet.
 */
export function continueWarehouse(
  config: Config,
  identity: WarehouseIdentity | null,
  { anySource }: { anySource: boolean } = { anySource: false },
): Config {
  if (identity === null) return config;
  const { isNamed } = config;
  const named = {
    source: isNamed.source && !anySource ? nameSource(config) : null,
    timeZone: isNamed.timeZone ? config.timeZone : null,
    rebind: config.rebind,
  };
  checkBinding(named, identity);
  return {
    ...config,
    timeZone: identity.timeZone ?? config.timeZone,
    warehouse: isNamed.source ? config.warehouse : continueSource(config.warehouse, identity),
  };
}

/** BigQuery has only the id of its source, out of which nothing can be read. */
function continueSource(warehouse: Config['warehouse'], { source }: WarehouseIdentity): Config['warehouse'] {
  if (warehouse.engine === 'bigquery') return warehouse;
  const name = source?.name ?? null;
  if (name === null) return { ...warehouse, source: null };
  return { ...warehouse, source: name === DEMO ? { kind: 'demo' } : { kind: 'path', path: name } };
}

/** The settings of an export; BAD_CONFIG if the source isn't known. */
export function requireKnownSource(config: Config, identity: WarehouseIdentity | null): Config {
  if (config.warehouse.source === null && config.warehouse.engine === 'duckdb' && identity !== null)
    throw new Failure(
      'BAD_CONFIG',
      `warehouse ${config.warehouse.warehouse} does not say which source its reports are of; name it once with --source (a folder, a .duckdb file, or demo)`,
    );
  return requireSource(config);
}

/** BAD_CONFIG if what is named is not what the warehouse holds. Null stands for what isn't named. */
export function checkBinding(
  named: { source: string | null; timeZone: string | null; rebind: boolean },
  held: WarehouseIdentity,
): void {
  if (named.timeZone !== null && held.timeZone !== null && named.timeZone !== held.timeZone)
    throw new Failure(
      'BAD_CONFIG',
      `the warehouse holds reports in ${held.timeZone}, the settings name ${named.timeZone}; ` +
        'leave --time-zone (KPI_TIME_ZONE) out, or name another --warehouse (--rebind moves a source, not a time zone)',
    );
  if (named.source === null || held.source === null || sourceId(named.source) === held.source.id) return;
  const isDemo = held.source.id === DEMO || named.source === DEMO;
  if (named.rebind && !isDemo) return;
  throw new Failure(
    'BAD_CONFIG',
    `the warehouse holds reports of ${describe(held.source.name, held.source.id)}, the settings name ${describe(named.source)}; ` +
      (isDemo
        ? 'name another --warehouse (--rebind is for a source that was moved, which demo data never is)'
        : 'name another --warehouse, or, if it is the same data at another place, run kpi export with --rebind'),
  );
}

function describe(name: string | null, id = ''): string {
  if (name === null) return `another source (its id is ${id})`;
  return name === DEMO ? 'demo data' : name;
}
