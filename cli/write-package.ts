import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isNativeError } from 'node:util/types';
import { zipSync } from 'fflate';
import type { Config } from '../shared/platform/config';
import { Failure } from '../shared/platform/failure';
import {
  checkCanBeMade,
  makeFolder,
  nameBeside,
  place,
  placeFolder,
  realPath,
  removeUnfinished,
  statsOf,
} from '../shared/platform/files';
import { explainFault, isData } from './write-file';

/** A written file of a package. */
export interface WrittenFile {
  name: string;
  bytes: number;
  /** In hexadecimal. */
  sha256: string;
}

export interface WrittenPackage {
  /** Whether all files existed before with the same bytes. */
  unchanged: boolean;
  files: WrittenFile[];
  zip: WrittenFile | null;
}

export interface PackageTarget {
  folder: string;
  /** Also write FOLDER.zip. */
  zip: boolean;
  config: Config;
  /** If aborted before the package is in place, nothing is written. */
  signal: AbortSignal;
}

/**
 * Writes a package. `fill` writes its files into the given folder. The package is written completely or not at all, to a new or empty folder.
 * An existing package stays: identical files are accepted, others refused.
 */
export async function writePackage(target: PackageTarget, fill: (folder: string) => Promise<void>): Promise<WrittenPackage> {
  try {
    return await write(target, fill);
  } catch (thrown) {
    const isOfTheDisk = isNativeError(thrown) && 'syscall' in thrown;
    throw isOfTheDisk ? explainFault(thrown, `--package: ${target.folder}`) : thrown;
  }
}

async function write(
  { folder, zip: wantsZip, config, signal }: PackageTarget,
  fill: (folder: string) => Promise<void>,
): Promise<WrittenPackage> {
  const refuse = (text: string) => new Failure('BAD_REQUEST', `--package: ${folder}${text}`);
  const target = realPath(folder);
  const there = statsOf(target);
  if (there !== undefined && !there.isDirectory()) throw refuse(' is a file; expected a new or an empty folder');
  if (isData(join(target, 'metrics.csv'), '', config)) throw refuse(' is in a table of the source; expected another place');
  checkCanBeMade(target);
  makeFolder(dirname(target));
  removeUnfinished(target);

  const unfinished = nameBeside(target);
  mkdirSync(unfinished);
  try {
    await fill(unfinished);
    const contents = readFiles(unfinished);
    const zip = wantsZip ? Buffer.from(zipOf(contents)) : null;
    const isPlaced = holdsAlready(target, contents, (text) => refuse(text));
    const zipPath = `${target}.zip`;
    const zipThere = zip !== null && statsOf(zipPath) !== undefined;
    if (zipThere && !readFileSync(zipPath).equals(zip)) throw refuse('.zip is there and holds something else; move it away');

    signal.throwIfAborted();
    const changed = () => refuse(' was made by another program at the same time; run the command again');
    if (!isPlaced && !placeFolder(unfinished, target)) throw changed();
    if (zip !== null && !zipThere && !writeZip(zip, zipPath)) throw changed();
    return {
      unchanged: isPlaced && (zip === null || zipThere),
      files: [...contents].map(([name, content]) => describe(name, content)),
      zip: zip === null ? null : describe(`${folder}.zip`, zip),
    };
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}

/** Size and hash of a file. */
export function describe(name: string, content: Buffer): WrittenFile {
  return { name, bytes: content.length, sha256: createHash('sha256').update(content).digest('hex') };
}

/** Whether a folder already has exactly these files. Throws if it has other content. */
function holdsAlready(folder: string, contents: ReadonlyMap<string, Buffer>, refuse: (text: string) => Failure): boolean {
  const found = statsOf(folder) === undefined ? [] : readdirSync(folder);
  if (found.length === 0) return false;
  const names = [...contents.keys()];
  if (!names.some((name) => found.includes(name))) throw refuse(' is not empty; expected a new or an empty folder');
  const others = names.filter((name) => !isSame(join(folder, name), contents.get(name)));
  if (others.length === 0) return true;
  throw refuse(` holds a package whose ${others.join(', ')} would change; expected a new or an empty folder`);
}

function isSame(path: string, content: Buffer | undefined): boolean {
  return content !== undefined && statsOf(path)?.isFile() === true && readFileSync(path).equals(content);
}

/** Files by name, in order. */
function readFiles(folder: string): Map<string, Buffer> {
  const names = readdirSync(folder).sort();
  return new Map(names.map((name) => [name, readFileSync(join(folder, name))]));
}

/** Reproducible: one fixed time for all files, and a compressor in JavaScript, so that clock and zlib version have no effect. */
function zipOf(contents: ReadonlyMap<string, Buffer>): Uint8Array {
  return zipSync(Object.fromEntries(contents), { level: 9, mtime: '1980-01-01T00:00:00' });
}

function writeZip(zip: Buffer, path: string): boolean {
  removeUnfinished(path);
  const unfinished = nameBeside(path);
  try {
    writeFileSync(unfinished, zip, { flag: 'wx' });
    return place(unfinished, path, { replace: false });
  } finally {
    rmSync(unfinished, { force: true });
  }
}
