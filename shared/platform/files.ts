import { randomBytes } from 'node:crypto';
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmdirSync,
  rmSync,
  type Stats,
  statSync,
  unlinkSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';

/** Meanings of file system error codes such as EACCES, in words that follow the path. */
const faults: Record<string, string> = {
  EACCES: 'this account has no permission there',
  EPERM: 'this account has no permission there',
  EROFS: 'the disk is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'this account has used up its share of the disk',
  EFBIG: 'the file would be larger than this system allows',
  EIO: 'the disk failed',
  EBUSY: 'it is in use, or a disk is mounted there',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of the path is a file, not a folder',
  EEXIST: 'a part of the path is a file, not a folder',
  ENOENT: 'no file can be made in that folder',
  ELOOP: 'its symbolic links lead in a circle',
  ENAMETOOLONG: 'the name is too long',
};

/** Why a path can't be written. */
export function describeFault(thrown: unknown): string {
  return faults[codeOf(thrown)] ?? 'the system refuses it';
}

/** Whether the disk is the problem, not the path. */
export function isDiskFault(thrown: unknown): boolean {
  return ['ENOSPC', 'EDQUOT', 'EFBIG', 'EIO'].includes(codeOf(thrown));
}

/** The stats of a path, following links; undefined if nothing is there or this account may not see it. */
export function statsOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

/** Whether both paths lead to the same file or folder, also through links. */
export function isSameFile(one: string, other: string): boolean {
  const [a, b] = [statsOf(one), statsOf(other)];
  return a !== undefined && b !== undefined && a.ino === b.ino && a.dev === b.dev;
}

/** The path without symbolic links. Its last parts need not exist. */
export function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch (thrown) {
    if (!['ENOENT', 'ENOTDIR'].includes(codeOf(thrown))) throw thrown;
    const folder = realPath(dirname(path));
    const target = linkTarget(path);
    return target === null ? join(folder, basename(path)) : realPath(resolve(folder, target));
  }
}

function linkTarget(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    return null;
  }
}

/** Throws the error that creating a file there would, without creating it. Checks the nearest existing folder above. */
export function checkCanBeMade(path: string): void {
  let folder = dirname(path);
  while (!existsSync(folder) && folder !== dirname(folder)) folder = dirname(folder);
  accessSync(`${folder}/.`, constants.W_OK | constants.X_OK);
}

/** Creates a folder and those above it. Node's own recursive mkdir never returns in file systems such as /proc. */
export function makeFolder(path: string): void {
  if (statsOf(path)?.isDirectory()) return;
  if (path !== dirname(path)) makeFolder(dirname(path));
  try {
    mkdirSync(path);
  } catch (thrown) {
    if (codeOf(thrown) !== 'EEXIST' || !statsOf(path)?.isDirectory()) throw thrown;
  }
}

/** A temporary name in the same folder, for a file that is renamed to `path` when it is finished. */
export function nameBeside(path: string): string {
  return `${path}.new-${process.pid}-${randomBytes(4).toString('hex')}`;
}

/** Removes unfinished files beside `path` of processes that no longer run. */
export function removeUnfinished(path: string): void {
  const prefix = `${basename(path)}.new-`;
  for (const name of readdirSync(dirname(path))) {
    const pid = name.startsWith(prefix) ? /^(\d+)-[0-9a-f]{8}(\.wal)?$/.exec(name.slice(prefix.length))?.[1] : undefined;
    if (pid !== undefined && !isAlive(Number(pid))) rmSync(join(dirname(path), name), { recursive: true, force: true });
  }
}

/** This process's own id counts as ended: containers reuse ids, so the file is of an earlier process. */
function isAlive(pid: number): boolean {
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return codeOf(thrown) !== 'ESRCH';
  }
}

/** Renames a finished file atomically and durably. Returns false if the name is taken and may not be replaced. */
export function place(finished: string, path: string, { replace }: { replace: boolean }): boolean {
  sync(finished);
  if (replace) renameSync(finished, path);
  else if (!claim(finished, path)) return false;
  syncFolder(dirname(path));
  return true;
}

/**
 * The same for a finished folder of files. Returns false if `path` exists and is not an empty folder.
 */
export function placeFolder(finished: string, path: string): boolean {
  for (const name of readdirSync(finished)) sync(join(finished, name));
  syncFolder(finished);
  try {
    if (existsSync(path)) rmdirSync(path); // Windows doesn't rename over a folder
    renameSync(finished, path);
  } catch (thrown) {
    if (['ENOTEMPTY', 'EEXIST'].includes(codeOf(thrown))) return false;
    throw thrown;
  }
  syncFolder(dirname(path));
  return true;
}

/** Uses a link, because unlike a rename it never replaces a file. */
function claim(finished: string, path: string): boolean {
  try {
    linkSync(finished, path);
  } catch (thrown) {
    if (codeOf(thrown) === 'EEXIST') return false;
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'].includes(codeOf(thrown))) throw thrown;
    if (existsSync(path)) return false;
    renameSync(finished, path); // a file system without hard links
    return true;
  }
  unlinkSync(finished);
  return true;
}

function syncFolder(path: string): void {
  try {
    sync(path);
  } catch {
    // not every system can open folders; the file itself is already written
  }
}

function sync(path: string): void {
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function codeOf(thrown: unknown): string {
  return typeof thrown === 'object' && thrown !== null && 'code' in thrown ? String(thrown.code) : '';
}
