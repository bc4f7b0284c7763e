import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { isNativeError } from 'node:util/types';
import { name as programName, version as programVersion } from '../package.json';
import type { Engine } from '../shared/engines/engine';
import { holdsDemo } from '../shared/engines/identity';
import { parseRequest } from '../shared/export/request';
import { type CalendarDate, EARLIEST } from '../shared/metrics/calendar';
import { datesOf as datesOfPeriod, type Grain, periodStart } from '../shared/metrics/grain';
import { releaseDefinitions } from '../shared/metrics/tables/release-tables';
import type { ReleasedRow } from '../shared/metrics/tables/released';
import type { Config } from '../shared/platform/config';
import { formatMany } from '../shared/platform/counts';
import { Failure } from '../shared/platform/failure';
import { changelog } from '../shared/release/package/changelog';
import { citationFile } from '../shared/release/package/citation';
import { datapackage, type PackageFile } from '../shared/release/package/datapackage';
import { checkRounding, editionOf, type ReleasedDataset } from '../shared/release/package/dataset';
import { datasheet } from '../shared/release/package/datasheet';
import { formatShare, hiddenShares } from '../shared/release/package/hidden';
import { metricsCsv } from '../shared/release/package/table';
import { listenToCtrlC } from './ctrl-c';
import { datesOf } from './options';
import { complain, EXIT, NOTHING_RELEASED, nothingThere, writeJson } from './outcome';
import { requirePublication } from './publication';
import { DEMO_NOTE } from './render';
import { openSettler } from './settler';
import { fit } from './terminal';
import { nearPath } from './typed';
import { describe, type WrittenPackage, writePackage } from './write-package';

export interface PackageFlags {
  package: string;
  zip?: boolean;
  from?: string;
  to?: string;
  warehouse?: string;
  timeZone?: string;
  json?: boolean;
}

const LAST = '9999-12-31';

/** Writes all released periods, or a range of them, as a package for researchers. Returns the exit code. */
export async function releasePackage(flags: PackageFlags): Promise<number> {
  const settler = openSettler(flags, 'read');
  const publication = requirePublication();
  const { config, openEngine } = await settler.settle();
  const { grain } = config.release;
  const range = parseRange(flags, config);
  const ctrlC = listenToCtrlC(() => complain({ message: 'stopping' }));
  try {
    const all = await readAll(await openEngine('read', { signal: ctrlC.stop }), config, ctrlC.stop);
    if (all.length === 0) {
      nothingThere(NOTHING_RELEASED);
      return EXIT.failed;
    }
    const rows = all.filter(({ period_start_date: start }) => range === null || (start >= range.from && start <= range.to));
    if (rows.length === 0) throw noneWithin(all, grain);
    checkRounding(rows, config.release);
    const dataset: ReleasedDataset = {
      grain,
      rows,
      publication,
      limits: config.release,
      timeZone: config.timeZone,
      isDemo: holdsDemo(config),
      program: `${programName} ${programVersion}`,
    };
    const folder = nearPath(resolve(flags.package));
    const target = { folder, zip: flags.zip ?? false, config, signal: ctrlC.stop };
    const written = await writePackage(target, (unfinished) => fill(unfinished, dataset));
    if (flags.json) writeJson(answer(dataset, folder, written));
    else show(dataset, folder, written);
    return EXIT.done;
  } catch (thrown) {
    if (!ctrlC.stop.aborted) throw thrown;
    return EXIT.interrupted;
  } finally {
    ctrlC.end();
  }
}

/** Reads all released rows. Throws BAD_CONFIG if the time zone of the periods is unknown. */
async function readAll(engine: Engine, { isNamed, release }: Config, signal: AbortSignal): Promise<ReleasedRow[]> {
  try {
    // fails for an account that may only read the release
    const identity = isNamed.timeZone ? null : await engine.readIdentity(signal).catch(() => null);
    if (!isNamed.timeZone && !identity?.timeZone)
      throw new Failure(
        'BAD_CONFIG',
        'KPI_TIME_ZONE: expected the time zone of the released periods, which the warehouse does not tell',
      );
    return await engine.readRelease(release.grain, EARLIEST, LAST, signal);
  } finally {
    await engine.close();
  }
}

/** First days of the first and the last requested period; null: all. */
function parseRange(
  flags: PackageFlags,
  { timeZone, release: { grain } }: Config,
): { from: CalendarDate; to: CalendarDate } | null {
  const body = datesOf(flags);
  if (Object.keys(body).length === 0) return null;
  const now = new Date();
  const { from, to } = parseRequest(body, { timeZone, askedAt: now, now, maxDates: Number.POSITIVE_INFINITY });
  return { from: periodStart(from, grain), to: periodStart(to, grain) };
}

function noneWithin(all: readonly ReleasedRow[], grain: Grain): Failure {
  const [first, last] = [all[0], all.at(-1)].map((row) => datesOfPeriod(row?.period_start_date ?? '', grain));
  return new Failure(
    'BAD_REQUEST',
    `no ${grain} of that range is released; the first released one is ${first}, the last ${last}`,
  );
}

async function fill(folder: string, dataset: ReleasedDataset): Promise<void> {
  const texts: Record<Exclude<PackageFile, 'metrics.parquet'>, string> = {
    'metrics.csv': metricsCsv(dataset),
    'README.md': datasheet(dataset),
    'CITATION.cff': citationFile(dataset.publication, editionOf(dataset)),
    'CHANGELOG.md': changelog(dataset),
  };
  for (const [name, text] of Object.entries(texts)) writeFileSync(join(folder, name), text);
  const { writeParquet } = await loadParquet();
  await writeParquet(join(folder, 'metrics.parquet'), releaseDefinitions[dataset.grain], dataset.rows);
  const factsOf = (name: PackageFile) => describe(name, readFileSync(join(folder, name)));
  writeFileSync(join(folder, 'datapackage.json'), datapackage(dataset, factsOf));
}

/** Loads DuckDB, which writes Parquet. It is an optional package that a BigQuery warehouse doesn't need. */
async function loadParquet(): Promise<typeof import('../shared/engines/duckdb/parquet')> {
  try {
    return await import('../shared/engines/duckdb/parquet');
  } catch (cause) {
    if (!(isNativeError(cause) && 'code' in cause && cause.code === 'MODULE_NOT_FOUND')) throw cause;
    throw new Failure('BAD_CONFIG', 'DuckDB, which writes metrics.parquet, is not installed; install the optional packages too', {
      cause,
    });
  }
}

function answer(dataset: ReleasedDataset, folder: string, { unchanged, files, zip }: WrittenPackage): object {
  const { version, created, from, to, periods } = editionOf(dataset);
  return { success: true, state: unchanged ? 'unchanged' : 'written', folder, version, created, from, to, periods, files, zip };
}

function show(dataset: ReleasedDataset, folder: string, { unchanged, files, zip }: WrittenPackage): void {
  const { version, from, to, periods } = editionOf(dataset);
  const hidden = formatShare(hiddenShares(dataset.rows).all.all);
  const what = `${formatMany(periods, dataset.grain)}, ${from} to ${to}, version ${version}; ${hidden} of the values are hidden`;
  say(unchanged ? `${folder} holds this release already, unchanged: ${what}` : `Wrote ${folder}: ${what}`);
  for (const { name, bytes, sha256 } of [...files, ...(zip === null ? [] : [zip])])
    process.stdout.write(`  ${sha256}  ${name}  ${formatMany(bytes, 'byte')}\n`);
  if (dataset.isDemo) say(`Made of ${DEMO_NOTE}`);
}

function say(line: string): void {
  process.stdout.write(`${fit(line)}\n`);
}
