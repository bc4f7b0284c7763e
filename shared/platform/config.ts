import { realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import * as z from 'zod';
import { Failure } from './failure';
import { nearestOf } from './nearest';
import { isTimeZone, spellTimeZone } from './time-zone';

/** The dataset of the release. It is separate from the warehouse, so that its readers see nothing else. */
export const RELEASE_DATASET = 'kpi_release';

/** Thresholds of a release: KPI_RELEASE_MIN_PEOPLE and KPI_RELEASE_ROUND_TO. */
export interface ReleaseLimits {
  /** k: the least number of people behind a shown number. */
  minPeople: number;
  /** b: counts are rounded to multiples of it. At most k, so that no shown count becomes 0. */
  roundTo: number;
}

export const releaseGrains = ['day', 'week', 'month'] as const;

/** How a deployment releases. */
export interface ReleaseSettings extends ReleaseLimits {
  /** KPI_RELEASE_GRAIN: the only grain of released periods. */
  grain: (typeof releaseGrains)[number];
}

/** Settings of a folder, read by the command line. */
export const CONFIG_FILE = 'kpi.config.json';

export const DEFAULT_WAREHOUSE = '.kpi/warehouse.duckdb';
export const DEFAULT_TIME_ZONE = 'UTC';

export const logLevels = ['debug', 'info', 'warning', 'error'] as const;
export type LogLevel = (typeof logLevels)[number];

export interface DuckDbConfig {
  engine: 'duckdb';
  /** Path of the warehouse file. */
  warehouse: string;
  /** A folder or .duckdb file (`path` is absolute and real), or the demo data. Null if none is named: then only the warehouse can be read. */
  source: { kind: 'demo' } | { kind: 'path'; path: string } | null;
}

export interface BigQueryConfig {
  engine: 'bigquery';
  project: string;
  dataset: string;
  /** Full names, `project.dataset.table`. Null if none is named: then only the warehouse can be read. */
  source: { users: string; measurements: string; firstTests: string | null } | null;
  location: string;
  maxBytesBilled: string | null;
  endpoint: string | null;
}

export interface Config {
  warehouse: DuckDbConfig | BigQueryConfig;
  timeZone: string;
  /** Whether source and time zone were named. If not they are defaults, and those of the warehouse take precedence (engines/identity.ts). */
  isNamed: { source: boolean; timeZone: boolean };
  /** Accept the named source as the warehouse's own, moved to another place. */
  rebind: boolean;
  deadLetterTopic: string | null;
  maxRejectedShare: number;
  maxUnknownShare: number;
  /** Hours; 0: not checked. */
  sourceMaxAgeHours: number;
  /** URL that digests are sent to, a secret; null: none are sent. */
  digestWebhook: string | null;
  logLevel: LogLevel;
  release: ReleaseSettings & {
    /** Whether exports release. `kpi release` always does. */
    isOn: boolean;
  };
  /** Runs on Google Cloud, not on a developer's machine. */
  inCloud: boolean;
}

/** Command-line flags that override a setting. */
export interface ConfigFlags {
  source?: string | undefined;
  warehouse?: string | undefined;
  timeZone?: string | undefined;
  rebind?: boolean | undefined;
}

/** Also with an organization's domain: `example.com:my-project`. */
const PROJECT = String.raw`(?:[a-z0-9-]+(?:\.[a-z0-9-]+)+:)?[a-z][a-z0-9-]*[a-z0-9]`;
const DATASET_NAME = new RegExp(`^(${PROJECT})\\.(\\w+)$`);
const TABLE_NAME = new RegExp(String.raw`^${PROJECT}\.\w+\.[\w-]+$`);

/** Quotes, spaces and invisible characters around a value, which usually come from a .env file or a copied line. */
const LEFT_OVER = String.raw`[\s\p{Cc}\p{Cf}\p{Pi}\p{Pf}"'\x60]`;
const UNCLEAN = new RegExp(`^(?:[^/\\\\:]*:)?${LEFT_OVER}|${LEFT_OVER}$`, 'u');

/** A file, a folder or a dataset. */
const Place = z.string().refine((text) => !UNCLEAN.test(text), 'expected a value without spaces or quotes around it');

const Table = z.string().regex(TABLE_NAME, 'expected PROJECT.DATASET.TABLE');

/** Every setting, by its name in the environment. */
export const Settings = z.object({
  KPI_WAREHOUSE: Place.optional(),
  KPI_SOURCE: Place.optional(),
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
  KPI_DIGEST_WEBHOOK: z
    .string()
    .refine(isWebhook, 'expected an https URL without user and password; http only for localhost')
    .optional(),
  KPI_LOG_LEVEL: z.enum(logLevels, `expected one of ${logLevels.join(', ')}`).default('info'),
  KPI_RELEASE: z.enum(['on', 'off'], 'expected on or off').default('off'),
  KPI_RELEASE_GRAIN: z.enum(releaseGrains, `expected one of ${releaseGrains.join(', ')}`).default('week'),
  KPI_RELEASE_MIN_PEOPLE: wholeNumberFrom(11).default(20),
  KPI_RELEASE_ROUND_TO: wholeNumberFrom(5).default(10),
  KPI_BIGQUERY_ENDPOINT: z.url({ protocol: /^https?$/, error: 'expected a URL such as http://127.0.0.1:9050' }).optional(),
});
type Settings = z.infer<typeof Settings>;

function isWebhook(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, password } = new URL(text);
  const isLocal = ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
  return (protocol === 'https:' || (protocol === 'http:' && isLocal)) && username === '' && password === '';
}

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

/** Settings by their names in the environment. */
export type SettingValues = Record<string, string>;

/**
 * Reads all settings. Throws BAD_CONFIG with all faults, which name settings but never values. Flags override the environment, which overrides
 * `file`, the values of kpi.config.json.
 */
export function parseConfig(env: NodeJS.ProcessEnv, flags: ConfigFlags = {}, file: SettingValues = {}): Config {
  const given = collect(env, flags, file);
  const label = (name: string) => given.get(name)?.label ?? name;
  const faults: string[] = [];
  const fault = (name: string, text: string): null => {
    faults.push(`${label(name)}: ${text}`);
    return null;
  };
  // an empty value is usually an unset shell variable; a silent default would mislead
  const values: SettingValues = {};
  for (const [name, { value }] of given) {
    if (value.trim() === '') fault(name, 'is empty; expected a value, or leave it out');
    else values[name] = value;
  }
  const parsed = Settings.safeParse(values);
  if (!parsed.success) for (const { path, message } of parsed.error.issues) fault(String(path[0]), message);
  if (!parsed.success || faults.length > 0) throw refuse(faults);
  const settings = parsed.data;
  const inCloud = isInCloud(env);
  const warehouse = parseWarehouse(settings, inCloud, fault);
  if (env.K_SERVICE && settings.KPI_DEAD_LETTER_TOPIC === undefined)
    fault('KPI_DEAD_LETTER_TOPIC', 'required in the cloud: the topic for failed requests');
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
    digestWebhook: settings.KPI_DIGEST_WEBHOOK ?? null,
    logLevel: settings.KPI_LOG_LEVEL,
    release: {
      isOn: settings.KPI_RELEASE === 'on',
      grain: settings.KPI_RELEASE_GRAIN,
      minPeople: settings.KPI_RELEASE_MIN_PEOPLE,
      roundTo: settings.KPI_RELEASE_ROUND_TO,
    },
    inCloud,
  };
}

/** Whether this is a service or job of Cloud Run, which also runs functions. */
export function isInCloud(env: NodeJS.ProcessEnv): boolean {
  return Boolean(env.K_SERVICE || env.CLOUD_RUN_JOB);
}

/** A setting and the origin of its value; null if it is not set. */
export interface SettingInUse {
  name: string;
  value: string | null;
  origin: string;
}

/** All settings in use, for display. URLs are shown without parts that may be secret. */
export function describeSettings(
  { env, flags, file }: { env: NodeJS.ProcessEnv; flags: ConfigFlags; file: SettingValues },
  { named, settled }: Record<'named' | 'settled', Config>,
): SettingInUse[] {
  const given = collect(env, flags, file);
  const [before, after] = [named, settled].map(defaultsOf);
  return Object.keys(Settings.shape).map((name) => {
    const origin = before?.[name] === after?.[name] ? 'default' : 'warehouse';
    const { value, ...from } = given.get(name) ?? { value: after?.[name], origin };
    return { name, value: value === undefined ? null : withoutSecrets(name, String(value)), origin: from.origin };
  });
}

/** Values used if nothing is given. */
function defaultsOf({ warehouse, timeZone }: Config): Record<string, unknown> {
  const source = warehouse.engine === 'duckdb' ? warehouse.source : null;
  return {
    ...Settings.parse({}),
    KPI_WAREHOUSE: DEFAULT_WAREHOUSE,
    KPI_TIME_ZONE: timeZone,
    ...(source !== null && { KPI_SOURCE: source.kind === 'demo' ? 'demo' : source.path }),
  };
}

function withoutSecrets(name: string, value: string): string {
  if (name === 'KPI_DIGEST_WEBHOOK') return 'set, not shown'; // its path is a password
  return /^https?:/.test(value) ? new URL(value).origin : value;
}

/** An unknown name that looks like a setting, and the most similar setting, if any. */
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

/** Returns the settings of an export. Throws BAD_CONFIG if they name no source. */
export function requireSource(config: Config): Config {
  if (config.warehouse.source !== null) return config;
  const expected = config.warehouse.engine === 'duckdb' ? 'a folder, a .duckdb file, or demo' : 'PROJECT.DATASET';
  throw refuse([`KPI_SOURCE (--source): required with a warehouse of your own: ${expected}`]);
}

const EXPECTED_WAREHOUSE = 'expected duckdb:FILE or bigquery:PROJECT.DATASET';

type Fault = (name: string, text: string) => null;

function parseWarehouse(settings: Settings, inCloud: boolean, fault: Fault): Config['warehouse'] | null {
  const named = settings.KPI_WAREHOUSE;
  if (named === undefined && inCloud) return fault('KPI_WAREHOUSE', 'required in the cloud: bigquery:PROJECT.DATASET');
  const { engine, name } = splitEngine(named ?? DEFAULT_WAREHOUSE);
  if (engine === 'bigquery') return parseBigQuery(settings, name, fault);
  // without the prefix bigquery: a dataset's name would be a local file, lost with the instance
  if (engine === null && inCloud) return fault('KPI_WAREHOUSE', `in the cloud, ${EXPECTED_WAREHOUSE}`);
  if (engine === 'other' || hasEngine(name)) return fault('KPI_WAREHOUSE', EXPECTED_WAREHOUSE);
  return parseDuckDb(settings, name, fault);
}

/** Splits `bigquery:p.d` (any letter case). `other` is an unknown prefix such as `s3://`. A single letter is the drive of a path. */
function splitEngine(text: string): { engine: 'duckdb' | 'bigquery' | 'other' | null; name: string } {
  const [, prefix, name] = /^([^/\\:]{2,}|):(.*)$/s.exec(text) ?? [];
  if (prefix === undefined || name === undefined) return { engine: null, name: text };
  const engine = prefix.toLowerCase();
  return { engine: engine === 'duckdb' || engine === 'bigquery' ? engine : 'other', name };
}

function hasEngine(text: string): boolean {
  return splitEngine(text).engine !== null;
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
  if (engine === 'other' || hasEngine(name) || name === '')
    return fault('KPI_SOURCE', 'expected a folder, a .duckdb file, or demo; a path with a colon begins with ./');
  const path = realPath(name);
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
  const source = settings.KPI_SOURCE?.replace(/^bigquery:/i, '');
  if (source !== undefined && !DATASET_NAME.test(source)) return fault('KPI_SOURCE', crossed('not PROJECT.DATASET', 'BigQuery'));
  const users = settings.KPI_SOURCE_USERS ?? (source && `${source}.users`);
  const measurements = settings.KPI_SOURCE_MEASUREMENTS ?? (source && `${source}.measurements`);
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

/** The real path of a file or folder, which is the same for all of its names; its absolute path if it doesn't exist. */
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

/** A given setting. */
interface Given {
  value: string;
  /** Its name as the user wrote it. */
  label: string;
  origin: string;
}

/** Collects the given settings, by their names in the environment. Later ones override earlier ones. */
function collect(env: NodeJS.ProcessEnv, flags: ConfigFlags, file: SettingValues): Map<string, Given> {
  const given = new Map<string, Given>();
  const add = (name: string, value: string | undefined, label: string, origin: string) => {
    if (value !== undefined && name in Settings.shape) given.set(name, { value, label, origin });
  };
  for (const [name, value] of Object.entries(file)) add(name, value, `${keyOf(name)} in ${CONFIG_FILE}`, CONFIG_FILE);
  for (const [name, value] of Object.entries(env)) add(name, value, name, 'environment');
  for (const [key, name] of Object.entries(flagNames) as [keyof typeof flagNames, string][]) {
    const flag = `--${key.replace(/[A-Z]/, (letter) => `-${letter.toLowerCase()}`)}`;
    add(name, flags[key], flag, flag);
  }
  return given;
}

/** A setting's key in kpi.config.json: `timeZone` for KPI_TIME_ZONE. */
export function keyOf(name: string): string {
  return name
    .replace('KPI_', '')
    .toLowerCase()
    .replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** Joins all faults into one failure. */
export function refuse(faults: string[]): Failure {
  return new Failure('BAD_CONFIG', faults.join('; '));
}
