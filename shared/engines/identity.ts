import { createHash } from 'node:crypto';
import { type Config, requireSource } from '../platform/config';
import { Failure } from '../platform/failure';

export const DEMO = 'demo';

/** The source and time zone of a warehouse's reports. It accepts only one of each: mixed reports would be wrong without a sign of it. */
export interface WarehouseIdentity {
  /** Null if unknown: a warehouse of an older version doesn't record it. */
  source: { id: string; name: string | null } | null;
  /** Null if unknown: nothing has been exported. */
  timeZone: string | null;
}

/** What the first report binds a warehouse to. Every later report must match it. */
export interface Binding {
  /** Full name of the source. */
  source: string;
  timeZone: string;
  /** The named source is the warehouse's own, moved to another place. */
  rebind: boolean;
}

/** `demo`, the real path of a folder or file, or the full names of two tables; null if no source is named. */
export function nameSource({ warehouse }: Pick<Config, 'warehouse'>): string | null {
  if (warehouse.source === null) return null;
  if (warehouse.engine === 'bigquery') return `${warehouse.source.users}, ${warehouse.source.measurements}`;
  return warehouse.source.kind === 'demo' ? DEMO : warehouse.source.path;
}

/** The source id in export_runs: a hash, because readers of that table don't need paths or dataset names. */
export function sourceId(name: string): string {
  return name === DEMO ? DEMO : createHash('sha256').update(name).digest('hex').slice(0, 12);
}

/** The value of export_runs.source for the configured source. */
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
 * Completes the settings from the warehouse: source and time zone that aren't named are the warehouse's. Throws BAD_CONFIG if a named one
 * differs from the warehouse's; with `anySource` the source may differ. `identity` is null if there is no warehouse yet.
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

/** Takes the source from the warehouse. BigQuery has only a hash of its source, so there it stays unknown. */
function continueSource(warehouse: Config['warehouse'], { source }: WarehouseIdentity): Config['warehouse'] {
  if (warehouse.engine === 'bigquery') return warehouse;
  const name = source?.name ?? null;
  if (name === null) return { ...warehouse, source: null };
  return { ...warehouse, source: name === DEMO ? { kind: 'demo' } : { kind: 'path', path: name } };
}

/** The settings of an export. Throws BAD_CONFIG if the source is unknown. */
export function requireKnownSource(config: Config, identity: WarehouseIdentity | null): Config {
  if (config.warehouse.source === null && config.warehouse.engine === 'duckdb' && identity !== null)
    throw new Failure(
      'BAD_CONFIG',
      `warehouse ${config.warehouse.warehouse} does not say which source its reports are of; name it once with --source (a folder, a .duckdb file, or demo)`,
    );
  return requireSource(config);
}

/** Throws BAD_CONFIG if a named source or time zone differs from the warehouse's. Null means not named. */
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
