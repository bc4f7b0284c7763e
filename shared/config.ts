import { realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import * as z from 'zod';
import { isTimeZone, spellTimeZone } from './calendar';
import { Failure } from './failure';
import { nearestOf } from './nearest';
import { RELEASE_DATASET } from './release/dataset';
import type { ReleaseLimits } from './release/rules';

export const DEFAULT_WAREHOUSE = '.kpi/warehouse.duckdb';
const DEFAULT_TIME_ZONE = 'UTC';

export const logLevels = ['debug', 'info', 'warning', 'error'] as const;
export type LogLevel = (typeof logLevels)[number];

export interface DuckDbConfig {
  engine: 'duckdb';
  /** Path of the warehouse file. */
  warehouse: string;
  /** A folder or a .duckdb file, the built-in demo data, or nothing named (then only what is in the warehouse can be read). `path` is absolute and real. */
  source: { kind: 'demo' } | { kind: 'path'; path: string } | null;
}

export interface BigQueryConfig {
  engine: 'bigquery';
  project: string;
  dataset: string;
  /** Full names, `project.dataset.table`; null where none is named (then only the warehouse can be read). */
  source: { users: string; measurements: string; firstTests: string | null } | null;
  location: string;
  maxBytesBilled: string | null;
  endpoint: string | null;
}

export interface Config {
  warehouse: DuckDbConfig | BigQueryConfig;
  timeZone: string;
  /** Whether source and time zone were named. Otherwise they are defaults, and what the warehouse remembers comes first (warehouse-identity.ts). */
  isNamed: { source: boolean; timeZone: boolean };
  /** Take the named source for the one that the warehouse was filled from, at another place. */
  rebind: boolean;
  deadLetterTopic: string | null;
  maxRejectedShare: number;
  maxUnknownShare: number;
  /** Hours; 0: not checked. */
  sourceMaxAgeHours: number;
  logLevel: LogLevel;
  release: ReleaseLimits & {
    /** Whether exports release; `kpi release` does in any case. */
    isOn: boolean;
  };
  /** Runs on Google Cloud rather than on somebody's machine. */
  inCloud: boolean;
}

/** Flags of the command line that stand for a setting. */
export interface ConfigFlags {
  source?: string | undefined;
  warehouse?: string | undefined;
  timeZone?: string | undefined;
  rebind?: boolean | undefined;
}

const PROJECT = '[a-z][a-z0-9.:-]*[a-z0-9]';
const DATASET_NAME = new RegExp(`^(${PROJECT})\\.(\\w+)$`);
const TABLE_NAME = new RegExp(String.raw`^${PROJECT}\.\w+\.[\w-]+$`);

const Table = z.string().regex(TABLE_NAME, 'expected PROJECT.DATASET.TABLE');

/** Every setting, by its name in the environment. */
export const Settings = z.object({
  KPI_WAREHOUSE: z.string().optional(),
  KPI_SOURCE: z.string().optional(),
  KPI_SOURCE_USERS: Table.optional(),
  KPI_SOURCE_MEASUREMENTS: Table.optional(),
  KPI_SOURCE_FIRST_TESTS: Table.optional(),
  KPI_TIME_ZONE: z
    .string()
    .refine(isTimeZone, 'expected an IANA time zone such as Europe/Berlin')
    .transform(spellTimeZone)
    .optional(),
  KPI_LOCATION: z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9-]*$/, 'expected a BigQuery location such as US or europe-west1')
    .optional(),
  KPI_DEAD_LETTER_TOPIC: z
    .string()
    .regex(/^(projects\/[^/]+\/topics\/)?[A-Za-z][\w.~+%-]+$/, 'expected a topic name, or projects/PROJECT/topics/TOPIC')
    .optional(),
  KPI_MAX_BYTES_BILLED: z
    .string()
    .regex(/^[1-9]\d*$/, 'expected a whole number of bytes')
    .optional(),
  KPI_MAX_REJECTED_SHARE: numberFrom(0, 1).default(0.05),
  KPI_MAX_UNKNOWN_SHARE: numberFrom(0, 1).default(0.5),
  KPI_SOURCE_MAX_AGE_HOURS: numberFrom(0, 24 * 365).default(26),
  KPI_LOG_LEVEL: z.enum(logLevels, `expected one of ${logLevels.join(', ')}`).default('info'),
  KPI_RELEASE: z.enum(['on', 'off'], 'expected on or off').default('off'),
  KPI_RELEASE_MIN_PEOPLE: wholeNumberFrom(11).default(20),
  KPI_RELEASE_ROUND_TO: wholeNumberFrom(5).default(10),
  KPI_BIGQUERY_ENDPOINT: z.url({ protocol: /^https?$/, error: 'expected a URL such as http://127.0.0.1:9050' }).optional(),
});
type Settings = z.infer<typeof Settings>;

function numberFrom(low: number, high: number) {
  const expected = `expected a number from ${low} to ${high}`;
  return z
    .string()
    .refine((text) => /^\d+(\.\d+)?$/.test(text) && Number(text) >= low && Number(text) <= high, expected)
    .transform(Number);
}

function wholeNumberFrom(low: number) {
  return z
    .string()
    .refine((text) => /^\d{1,9}$/.test(text) && Number(text) >= low, `expected a whole number, at least ${low}`)
    .transform(Number);
}

/** Reads all settings; BAD_CONFIG names every fault at once, by the setting's name and never by its value. */
export function parseConfig(env: NodeJS.ProcessEnv, flags: ConfigFlags = {}): Config {
  const given = Object.entries({ ...env, ...nameFlags(flags) }).filter(([name]) => name in Settings.shape);
  // an empty value is mostly a variable of a shell that isn't set: a default instead of it would mislead
  const isEmpty = ([, value]: [string, string | undefined]) => value?.trim() === '';
  const faults = given.filter(isEmpty).map(([name]) => `${label(name, flags)}: is empty; expected a value, or leave it out`);
  const parsed = Settings.safeParse(Object.fromEntries(given.filter((setting) => !isEmpty(setting))));
  if (!parsed.success)
    faults.push(...parsed.error.issues.map((issue) => `${label(String(issue.path[0]), flags)}: ${issue.message}`));
  if (!parsed.success || faults.length > 0) throw refuse(faults);
  const settings = parsed.data;
  const inCloud = Boolean(env.K_SERVICE);
  const fault = (name: string, text: string): null => {
    faults.push(`${label(name, flags)}: ${text}`);
    return null;
  };
  const warehouse = parseWarehouse(settings, inCloud, fault);
  if (inCloud && settings.KPI_DEAD_LETTER_TOPIC === undefined)
    fault('KPI_DEAD_LETTER_TOPIC', 'required in the cloud: the topic that takes failed requests');
  if (settings.KPI_RELEASE_ROUND_TO > settings.KPI_RELEASE_MIN_PEOPLE)
    fault('KPI_RELEASE_ROUND_TO', 'expected at most KPI_RELEASE_MIN_PEOPLE, or small numbers would become 0');
  if (flags.rebind && settings.KPI_SOURCE === undefined && settings.KPI_SOURCE_USERS === undefined)
    faults.push('--rebind: expected with the source at its new place (--source)');
  if (warehouse === null || faults.length > 0) throw refuse(faults);
  return {
    warehouse,
    timeZone: settings.KPI_TIME_ZONE ?? DEFAULT_TIME_ZONE,
    isNamed: {
      source: (settings.KPI_SOURCE ?? settings.KPI_SOURCE_USERS) !== undefined,
      timeZone: settings.KPI_TIME_ZONE !== undefined,
    },
    rebind: flags.rebind ?? false,
    deadLetterTopic: settings.KPI_DEAD_LETTER_TOPIC ?? null,
    maxRejectedShare: settings.KPI_MAX_REJECTED_SHARE,
    maxUnknownShare: settings.KPI_MAX_UNKNOWN_SHARE,
    sourceMaxAgeHours: settings.KPI_SOURCE_MAX_AGE_HOURS,
    logLevel: settings.KPI_LOG_LEVEL,
    release: {
      isOn: settings.KPI_RELEASE === 'on',
      minPeople: settings.KPI_RELEASE_MIN_PEOPLE,
      roundTo: settings.KPI_RELEASE_ROUND_TO,
    },
    inCloud,
  };
}

/** A setting and where its value is from; null where there is none. */
export interface SettingInUse {
  name: string;
  value: string | null;
  origin: string;
}

/** All settings as they apply, for a person. Of a URL without what may be a secret. */
export function describeSettings(env: NodeJS.ProcessEnv, flags: ConfigFlags, { warehouse, timeZone }: Config): SettingInUse[] {
  const defaults: Record<string, unknown> = { ...Settings.parse({}), KPI_WAREHOUSE: DEFAULT_WAREHOUSE, KPI_TIME_ZONE: timeZone };
  if (warehouse.engine === 'duckdb' && warehouse.source !== null)
    defaults.KPI_SOURCE = warehouse.source.kind === 'demo' ? 'demo' : warehouse.source.path;
  const byFlag = nameFlags(flags);
  return Object.keys(Settings.shape).map((name) => {
    if (byFlag[name]) return { name, value: byFlag[name], origin: label(name, flags) };
    if (env[name]) return { name, value: withoutSecrets(env[name]), origin: 'environment' };
    return { name, value: defaults[name] === undefined ? null : String(defaults[name]), origin: 'default' };
  });
}

function withoutSecrets(value: string): string {
  return /^https?:/.test(value) ? new URL(value).origin : value;
}

/** A variable that looks like a setting and is none, and the setting that it resembles, if one does. */
export interface UnknownSetting {
  name: string;
  nearest: string | null;
}

export function unknownSettings(env: NodeJS.ProcessEnv): UnknownSetting[] {
  const isUnknown = (name: string) => name.startsWith('KPI_') && !(name in Settings.shape) && !name.startsWith('KPI_TEST_');
  return Object.keys(env)
    .filter(isUnknown)
    .map((name) => ({ name, nearest: nearestOf(name, Object.keys(Settings.shape)) }));
}

/** The settings of somebody who means to export: BAD_CONFIG where there is nothing to export from. */
export function requireSource(config: Config): Config {
  if (config.warehouse.source !== null) return config;
  const expected = config.warehouse.engine === 'duckdb' ? 'a folder, a .duckdb file, or demo' : 'PROJECT.DATASET';
  throw refuse([`KPI_SOURCE (--source): required with a warehouse of your own: ${expected}`]);
}

type Fault = (name: string, text: string) => null;

function parseWarehouse(settings: Settings, inCloud: boolean, fault: Fault): Config['warehouse'] | null {
  const named = settings.KPI_WAREHOUSE;
  if (named === undefined && inCloud) return fault('KPI_WAREHOUSE', 'required in the cloud: bigquery:PROJECT.DATASET');
  const { engine = 'duckdb', name } = splitEngine(named ?? DEFAULT_WAREHOUSE);
  if (engine === 'bigquery') return parseBigQuery(settings, name, fault);
  if (engine === 'duckdb') return parseDuckDb(settings, name, fault);
  return fault('KPI_WAREHOUSE', 'expected duckdb:FILE or bigquery:PROJECT.DATASET');
}

/** `bigquery:p.d`, in any letter case. One letter before the colon is the drive of a path. */
function splitEngine(text: string): { engine?: string; name: string } {
  const [prefix, engine] = /^([a-z]{2,}):/i.exec(text) ?? [];
  return prefix === undefined || engine === undefined
    ? { name: text }
    : { engine: engine.toLowerCase(), name: text.slice(prefix.length) };
}

function parseDuckDb(settings: Settings, file: string, fault: Fault): DuckDbConfig | null {
  if (file === '') return fault('KPI_WAREHOUSE', 'expected duckdb:FILE, the file is missing');
  const warehouse = resolve(file);
  const bigQueryTable = (['KPI_SOURCE_USERS', 'KPI_SOURCE_MEASUREMENTS', 'KPI_SOURCE_FIRST_TESTS'] as const).find(
    (name) => settings[name] !== undefined,
  );
  if (bigQueryTable !== undefined)
    return fault(bigQueryTable, 'a BigQuery table, but the warehouse is an embedded one; name a folder in KPI_SOURCE');
  const source = settings.KPI_SOURCE;
  if (source === undefined) {
    return { engine: 'duckdb', warehouse, source: warehouse === resolve(DEFAULT_WAREHOUSE) ? { kind: 'demo' } : null };
  }
  if (source === 'demo') return { engine: 'duckdb', warehouse, source: { kind: 'demo' } };
  const { engine, name } = splitEngine(source);
  if (engine === 'bigquery') return fault('KPI_SOURCE', crossed('a BigQuery dataset', 'an embedded one'));
  const path = realPath(engine === 'duckdb' ? name : source);
  if (path === realPath(warehouse)) return fault('KPI_SOURCE', 'the same file as the warehouse; expected two');
  return { engine: 'duckdb', warehouse, source: { kind: 'path', path } };
}

function parseBigQuery(settings: Settings, name: string, fault: Fault): BigQueryConfig | null {
  const [, project, dataset] = DATASET_NAME.exec(name) ?? [];
  if (project === undefined || dataset === undefined) return fault('KPI_WAREHOUSE', 'expected bigquery:PROJECT.DATASET');
  if (dataset === RELEASE_DATASET)
    return fault('KPI_WAREHOUSE', `${RELEASE_DATASET} is the dataset of the release; expected another`);
  const location =
    settings.KPI_LOCATION ?? fault('KPI_LOCATION', 'required with BigQuery: the location of the dataset, such as US');
  const source = settings.KPI_SOURCE === undefined ? undefined : splitEngine(settings.KPI_SOURCE);
  if (source !== undefined && ((source.engine ?? 'bigquery') !== 'bigquery' || !DATASET_NAME.test(source.name))) {
    return fault('KPI_SOURCE', crossed('not PROJECT.DATASET', 'BigQuery'));
  }
  const users = settings.KPI_SOURCE_USERS ?? (source && `${source.name}.users`);
  const measurements = settings.KPI_SOURCE_MEASUREMENTS ?? (source && `${source.name}.measurements`);
  if ((users === undefined) !== (measurements === undefined)) {
    return fault('KPI_SOURCE', 'expected PROJECT.DATASET, or both KPI_SOURCE_USERS and KPI_SOURCE_MEASUREMENTS');
  }
  if (location === null) return null;
  return {
    engine: 'bigquery',
    project,
    dataset,
    source: users && measurements ? { users, measurements, firstTests: settings.KPI_SOURCE_FIRST_TESTS ?? null } : null,
    location,
    maxBytesBilled: settings.KPI_MAX_BYTES_BILLED ?? null,
    endpoint: settings.KPI_BIGQUERY_ENDPOINT ?? null,
  };
}

/** The one path of a file or folder, whichever way it was named; of one that doesn't exist, its absolute path. */
function realPath(path: string): string {
  const absolute = resolve(path);
  try {
    return realpathSync(absolute);
  } catch {
    return absolute;
  }
}

function crossed(source: string, warehouse: string): string {
  return `the source is ${source}, but the warehouse is ${warehouse}; both must be of one engine`;
}

const flagNames = { source: 'KPI_SOURCE', warehouse: 'KPI_WAREHOUSE', timeZone: 'KPI_TIME_ZONE' } as const satisfies Partial<
  Record<keyof ConfigFlags, string>
>;
type FlagOfSetting = keyof typeof flagNames;

function nameFlags(flags: ConfigFlags): Record<string, string> {
  const named = Object.entries(flagNames) as [FlagOfSetting, string][];
  return Object.fromEntries(
    named.flatMap(([flag, setting]) => {
      const value = flags[flag];
      return value === undefined ? [] : [[setting, value]];
    }),
  );
}

/** A setting as the person knows it: by its flag where they used that. */
function label(name: string, flags: ConfigFlags): string {
  const [flag] =
    Object.entries(flagNames).find(([key, setting]) => setting === name && flags[key as FlagOfSetting] !== undefined) ?? [];
  return flag === undefined ? name : `--${flag.replace(/[A-Z]/, (letter) => `-${letter.toLowerCase()}`)}`;
}

function refuse(faults: string[]): Failure {
  return new Failure('BAD_CONFIG', faults.join('; '));
}
