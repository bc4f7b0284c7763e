import type { Access, Engine, Run, SourceCounts, WarehouseInspection } from '../engines/engine';
import { DEMO, nameSource } from '../engines/identity';
import { settle } from '../engines/open';
import { allDates, describeGaps, findGaps } from '../export/gaps';
import { readNewestDay } from '../export/newest-day';
import type { Findings } from '../export/outcome';
import { runExport } from '../export/run-export';
import { addDays, type CalendarDate, datesBetween, EARLIEST, localDate, PERIODS, reportWindow } from '../metrics/calendar';
import { excludedPeriods } from '../metrics/checks/annotated';
import { areTooManyUnknown } from '../metrics/checks/quality-gate';
import { daysToCompare } from '../metrics/checks/usual-range';
import { type SourceTable, sourceTableNames } from '../metrics/source-contract';
import {
  type Config,
  type ConfigFlags,
  describeSettings,
  parseConfig,
  type SettingInUse,
  type SettingValues,
  type UnknownSetting,
  unknownSettings,
} from '../platform/config';
import { formatCount, formatHours, formatMany } from '../platform/counts';
import { type Failure, type FailureCode, toFailure } from '../platform/failure';

/** The result of one check. */
export interface Check {
  area: 'settings' | 'machine' | 'source' | 'warehouse' | 'today';
  name: string;
  /** Null: not checked; no fault. */
  ok: boolean | null;
  found: string;
  /** What to do if it isn't ok, in one line. */
  remedy: string | null;
  /** Code of the failure that prevented the check, or that an export would have. */
  code?: FailureCode;
  /** For a late source, the day of its newest measurement. */
  newestDay?: CalendarDate;
}

/** What the checks need to know about the machine. */
export interface Machine {
  nodeVersion: string;
  /** Free bytes by use; called only for the embedded engine. */
  freeBytes: (warehouse: string) => Record<string, number>;
}

export interface Examination {
  env: NodeJS.ProcessEnv;
  flags: ConfigFlags;
  /** Reads kpi.config.json; fails if it can't be read. */
  readFile: () => { values: SettingValues; unknown: UnknownSetting[] };
  machine: Machine;
  now: Date;
  /** Most bytes that counting the rows of a source table may read, if the engine bills by bytes. */
  maxBytes: number;
  /** Don't check the rows of the source, because they were checked before. */
  skipSource?: boolean;
  openEngine: (config: Config, access: Access) => Promise<Engine>;
  /** Fails without Google credentials, and if Google refuses them. Called only if an engine needs them. */
  signIn?: () => Promise<void>;
  createRun: (config: Config) => Run;
}

const OLDEST_NODE = 20;
const FEWEST_BYTES = 2 ** 30;

/** Checks everything that an export needs. The checks are independent: if one fails, the others still run. */
export async function examine(examination: Examination): Promise<Check[]> {
  const { env, flags, readFile } = examination;
  const unknown = unknownSettings(env);
  let file: SettingValues;
  let config: Config;
  try {
    const read = readFile();
    file = read.values;
    unknown.push(...read.unknown);
    config = parseConfig(env, flags, file);
  } catch (thrown) {
    return [refusedSettings(toFailure(thrown)), ...checkNames(unknown), checkNode(examination.machine)];
  }
  const settings = (settled: Config) => [
    ...describeSettings({ env, flags, file }, { named: config, settled }).map(checkSetting),
    ...checkNames(unknown),
    checkZone(settled.timeZone, examination.now),
    nameEngine(settled, env),
  ];
  const credentials = await checkCredentials(examination, config);
  if (credentials?.ok === false) return [...settings(config), checkNode(examination.machine), credentials];
  const { settled, check } = await checkIdentity(examination, config);
  return [
    ...settings(settled),
    checkNode(examination.machine),
    ...(credentials === null ? [] : [credentials]),
    ...(config.warehouse.engine === 'duckdb' ? checkDisk(examination.machine, config.warehouse.warehouse) : []),
    ...(examination.skipSource ? [] : await checkSource(examination, settled)),
    check,
    ...(await checkWarehouse(examination, settled)),
  ];
}

/** Checks that source and time zone match the warehouse. If not, the other checks use the settings unchanged. */
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

function refusedSettings({ message, code }: Failure): Check {
  const remedy = 'README.md says what each setting means';
  return { area: 'settings', name: 'all', ok: false, found: message, remedy, code };
}

function checkNames(unknown: readonly UnknownSetting[]): Check[] {
  return unknown.map(({ name, nearest }) => ({
    area: 'settings',
    name,
    ok: false,
    found: 'no such setting',
    remedy:
      nearest === null ? 'correct its name, or remove it; README.md lists all settings' : `name it ${nearest}, or remove it`,
  }));
}

function checkSetting({ name, value, origin }: SettingInUse): Check {
  return { area: 'settings', name, ok: true, found: value === null ? 'not set' : `${value} (${origin})`, remedy: null };
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
    area: 'machine',
    name: 'Node.js',
    ok,
    found: nodeVersion,
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

/** Checks the credentials first: without them every BigQuery check would fail for the same reason. Null if none are needed. */
async function checkCredentials({ signIn }: Examination, { warehouse }: Config): Promise<Check | null> {
  if (signIn === undefined || warehouse.engine === 'duckdb' || warehouse.endpoint !== null) return null;
  const [area, name] = ['machine', 'Google credentials'] as const;
  return signIn().then(
    () => ({ area, name, ok: true, found: 'found, and Google accepts them', remedy: null }),
    (thrown) => failed(area, name, toFailure(thrown)),
  );
}

async function checkSource(examination: Examination, config: Config): Promise<Check[]> {
  const area = 'source';
  if (config.warehouse.source === null) {
    const found = 'none named (KPI_SOURCE): the warehouse can be read, and nothing exported';
    return [{ area, name: 'tables', ok: null, found, remedy: null }];
  }
  return withEngine(examination, { config, access: 'dry-run', area }, async (engine, run) => {
    const checks: Check[] = [];
    let isReadable = true;
    for (const table of sourceTableNames) {
      try {
        const { bytes, counts } = await engine.inspectSource(table, examination, run);
        const price = bytes === null ? '' : `, ${formatMany(bytes, 'byte')} read`;
        if (counts === null) {
          const found = `readable; counting its rows would read ${formatMany(bytes ?? 0, 'byte')}: kpi doctor --count`;
          checks.push({ area, name: table, ok: true, found, remedy: null });
          continue;
        }
        checks.push(...checkCounts(table, counts, price));
      } catch (thrown) {
        checks.push(failed(area, table, toFailure(thrown)));
        isReadable = false;
      }
    }
    return isReadable ? [...checks, ...(await checkToday(examination, config, engine, run))] : checks;
  });
}

function checkCounts(table: SourceTable, counts: SourceCounts, price: string): Check[] {
  const { rows, withoutCreatedAt, before1970, inFuture, repeatedIds, testers } = counts;
  const area = 'source';
  const wrong = (name: string, number: number, found: string, remedy: string): Check => ({
    area,
    name: `${table} ${name}`,
    ok: number === 0,
    found,
    remedy: number === 0 ? null : remedy,
  });
  return [
    {
      area,
      name: table,
      ok: rows > 0,
      found: `${formatMany(rows, 'row')}${price}`,
      remedy: rows > 0 ? null : 'an empty table makes reports of zeros; fill it, or name another source',
    },
    wrong(
      'without created_at',
      withoutCreatedAt,
      formatMany(withoutCreatedAt, 'row'),
      'in no figure; give each row its time at the source',
    ),
    wrong(
      'with impossible times',
      before1970 + inFuture,
      `${formatMany(before1970, 'row')} before 1970, ${formatCount(inFuture)} in the future`,
      'in no figure; correct the clock or the conversion that makes such times, or leave these rows out with a view',
    ),
    wrong(
      'with a repeated id',
      repeatedIds,
      formatMany(repeatedIds, 'row'),
      'a report that counts an id twice is refused; keep one row of each id',
    ),
    ...(testers === null ? [] : [checkTesters(testers)]),
  ];
}

/** Tests of people without an account are counted, so this is not a fault. But it can mean that the ids of two systems don't match. */
function checkTesters({ all, withoutAccount }: NonNullable<SourceCounts['testers']>): Check {
  const share = all === 0 ? 0 : Math.round((100 * withoutAccount) / all);
  const found = `${formatCount(withoutAccount)} of ${formatMany(all, 'user id')} (${share} %)`;
  const remedy = 'conversion_rate counts accounts alone: if everybody who tests should have one, compare the ids of both tables';
  return {
    area: 'source',
    name: 'measurements of users that users lacks',
    ok: withoutAccount === 0 ? true : null,
    found,
    remedy: withoutAccount === 0 ? null : remedy,
  };
}

/** Checks with a dry run whether today's report would be published. */
async function checkToday({ now, maxBytes }: Examination, config: Config, engine: Engine, run: Run): Promise<Check[]> {
  const [area, name] = ['today', 'report of today'] as const;
  const { timeZone } = config;
  const today = localDate(now, timeZone);
  try {
    const bytes = engine.price === null ? 0 : await engine.price(reportWindow(today, today, timeZone), run);
    if (bytes > maxBytes) {
      const found = `not tried; counting it would read ${formatMany(bytes, 'byte')}: kpi doctor --count`;
      return [{ area, name, ok: null, found, remedy: null }];
    }
    const options = { engine: { ...engine, price: null }, run, timeZone, gate: config, startedAt: now, now: () => now };
    const { reports } = await runExport([today], { ...options, dryRun: true });
    const failure = reports[0]?.tables[0]?.failure;
    const findings = reports[0]?.findings ?? null;
    const newestDay = findings?.sourceLatestHour === null ? await readNewestDay(engine, { timeZone, now }, run) : null;
    const found = checkFindings(findings, newestDay, config, now);
    if (failure === undefined) return [...found, { area, name, ok: true, found: 'can be published', remedy: null }];
    // the gate names one reason, which may be among the checks already
    return found.some(({ ok }) => ok === false) ? found : [...found, failed(area, name, failure)];
  } catch (thrown) {
    return [failed(area, name, toFailure(thrown))];
  }
}

function checkFindings(
  findings: Findings | null,
  newestDay: CalendarDate | null,
  { sourceMaxAgeHours, maxUnknownShare }: Config,
  now: Date,
): Check[] {
  if (findings === null) return [];
  const { sourceLatestHour, unclassifiedErrors, failedTests } = findings;
  const area = 'today';
  // the time is cut to the hour, so its end is used, as freshness does
  const age = sourceLatestHour === null ? null : Math.max(0, (now.getTime() - sourceLatestHour.getTime()) / 3_600_000 - 1);
  const isFresh = sourceMaxAgeHours === 0 || (age !== null && age <= sourceMaxAgeHours);
  const areKnown = !areTooManyUnknown(unclassifiedErrors, failedTests, maxUnknownShare);
  return [
    {
      area,
      name: 'newest measurement',
      ok: isFresh,
      found:
        age !== null
          ? `${formatMany(Math.ceil(age), 'hour')} old`
          : `none in the last ${PERIODS} days${newestDay === null ? '' : `, the newest is of ${newestDay}`}`,
      remedy: isFresh
        ? null
        : `look at what fills the source: expected one of the last ${formatHours(sourceMaxAgeHours)} (KPI_SOURCE_MAX_AGE_HOURS)${newestDay === null ? '' : `; or take what is there: kpi export --date ${newestDay}`}`,
      ...(newestDay !== null && { newestDay }),
    },
    {
      area,
      name: 'unknown kinds of error',
      ok: areKnown,
      found: `${formatCount(unclassifiedErrors)} of ${formatMany(failedTests, 'failed test')} of the last ${PERIODS} days`,
      remedy: areKnown ? null : 'look at error_type: NULL and the empty text mean success, words such as NULL or None do not',
    },
  ];
}

/** Checks the warehouse without opening the source, so that faults of the source don't hide others. */
async function checkWarehouse(examination: Examination, config: Config): Promise<Check[]> {
  const area = 'warehouse';
  const warehouse = { ...config.warehouse, source: null };
  return withEngine(examination, { config: { ...config, warehouse }, access: 'export', area }, async (engine, run) => {
    const inspections = await engine.inspectWarehouse({ release: config.release.isOn ? config.release.grain : null }, run);
    const canRead = inspections.every(({ failure }) => failure === null) && inspections.some(({ exists }) => exists);
    if (!canRead) return inspections.map(checkTable);
    const grain = config.release.isOn ? [await checkGrain(config, engine, run)] : [];
    const annotations = await checkAnnotations(examination, config, engine, run);
    return [...inspections.map(checkTable), ...grain, annotations, await checkGaps(examination, config, engine, run)];
  });
}

/** Annotations hinder no export, so they are no fault; but figures can't be judged without days to compare them with. */
async function checkAnnotations({ now }: Examination, { timeZone }: Config, engine: Engine, run: Run): Promise<Check> {
  const [area, name] = ['warehouse', 'annotations'] as const;
  try {
    const annotations = await engine.readAnnotations(run.signal);
    const today = localDate(now, timeZone);
    const { wanted, of } = daysToCompare;
    const days = datesBetween(addDays(today, -of), addDays(today, -1));
    const excluded = excludedPeriods(days, annotations, 'day').size;
    const isEnough = of - excluded >= wanted;
    const found = `${annotations.length === 0 ? 'none' : formatCount(annotations.length)}; ${excluded === 0 ? 'none' : formatCount(excluded)} of the last ${of} days left out of comparisons`;
    const remedy = `figures are judged only with ${wanted} days to compare with: look at exclude in kpi annotate --show`;
    return { area, name, ok: isEnough ? true : null, found, remedy: isEnough ? null : remedy };
  } catch (thrown) {
    return failed(area, name, toFailure(thrown));
  }
}

/** Checks that released periods have the grain of the settings. */
async function checkGrain({ release: { grain } }: Config, engine: Engine, run: Run): Promise<Check> {
  const [area, name] = ['warehouse', 'grain of the release'] as const;
  return engine.readRelease(grain, EARLIEST, EARLIEST, run.signal).then(
    () => ({ area, name, ok: true, found: `only ${grain}s are released`, remedy: null }),
    (thrown) => failed(area, name, toFailure(thrown)),
  );
}

/** Gaps don't prevent an export, so they are not a fault. */
async function checkGaps({ now }: Examination, { timeZone }: Config, engine: Engine, run: Run): Promise<Check> {
  const [area, name] = ['warehouse', 'gaps'] as const;
  try {
    const found = await findGaps(engine, allDates(timeZone, now), run);
    const isWhole = found.gaps.length === 0;
    return { area, name, ok: isWhole ? true : null, found: describeGaps(found), remedy: isWhole ? null : 'run: kpi gaps' };
  } catch (thrown) {
    return failed(area, name, toFailure(thrown));
  }
}

function checkTable({ name, exists, failure, mayWrite, keepsDays }: WarehouseInspection): Check {
  const area = 'warehouse';
  if (failure !== null) return failed(area, name, failure);
  if (!exists && mayWrite === null)
    return {
      area,
      name,
      ok: null,
      found: 'not there, reports are published without it',
      remedy: 'run: terraform -chdir=infra apply',
    };
  const kept = keepsDays === null ? '' : `, keeps ${formatMany(keepsDays, 'day')}`;
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
  { config, access, area }: { config: Config; access: Access; area: Check['area'] },
  examine: (engine: Engine, run: Run) => Promise<Check[]>,
): Promise<Check[]> {
  try {
    const engine = await examination.openEngine(config, access);
    try {
      return await examine(engine, examination.createRun(config));
    } finally {
      await engine.close();
    }
  } catch (thrown) {
    return [failed(area, 'access', toFailure(thrown))];
  }
}

/** Remedies for failures whose message has none. */
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
  const known = area === 'warehouse' ? warehouseRemedies[failure.code] : sourceRemedies[failure.code];
  const page = `docs/errors.md says what ${failure.code} means`;
  return { area, name, ok: false, found: `${found} (${failure.code})`, remedy: remedy ?? known ?? page, code: failure.code };
}

/** A message says what is wrong, then after the first semicolon what to do. */
function splitOnce(message: string): string[] {
  const at = message.indexOf('; ');
  return at < 0 ? [message] : [message.slice(0, at), message.slice(at + 2)];
}
