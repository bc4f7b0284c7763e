import { accessSync, constants, rmSync, statSync, unlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from '../../platform/failure';
import {
  checkCanBeMade,
  describeFault,
  makeFolder,
  nameBeside,
  place,
  realPath,
  removeUnfinished,
  statsOf,
} from '../../platform/files';
import type { Waiting } from '../engine';
import { type Database, errorKind, quoteText } from './connection';
import { reasonOf } from './reasons';
import { isLockError } from './source';
import { forgetTables, isForeign } from './warehouse';

const WAIT_MS = 30_000;

/** Short and random, because a dashboard that is read all the time frees the file only for moments. */
const pollMs = () => 20 + 30 * Math.random();

/** Shorter waits are not logged. */
const SAY_AFTER_MS = 1_000;

/** Whether there is a warehouse. An empty file counts as none. */
export function isThere(path: string): boolean {
  const stats = statsOf(path);
  return stats !== undefined && !(stats.isFile() && stats.size === 0);
}

/**
 * Attaches the file as `warehouse`. Waits while other processes lock it: one process may write, or several may read. Refuses to write to a
 * file with other tables.
 */
export async function attachWarehouse(
  database: Database,
  path: string,
  { readOnly }: { readOnly: boolean },
  waiting: Waiting,
): Promise<void> {
  requireAccess(path, readOnly);
  try {
    const sql = `ATTACH ${quoteText(path)} AS warehouse (${readOnly ? 'READ_ONLY, ' : ''}TYPE duckdb)`;
    await untilFree(() => database.run(sql), path, waiting);
    forgetTables(database);
  } catch (thrown) {
    if (thrown instanceof Failure || errorKind(thrown) === 'INTERRUPT') throw thrown;
    const reason = reasonOf(thrown);
    const text =
      reason === null
        ? `warehouse ${path} is not a whole DuckDB file; if an export was cut off while making it, delete it, otherwise name another`
        : `warehouse ${path} can't be opened: it ${reason}`;
    throw new Failure('BAD_CONFIG', text, { cause: thrown });
  }
  if (readOnly || !(await isForeign(database))) return;
  await database.run('DETACH warehouse');
  throw new Failure('BAD_CONFIG', `warehouse ${path} holds tables of something else; name another file`);
}

async function untilFree(attach: () => Promise<void>, path: string, { signal, log, forMs = WAIT_MS }: Waiting): Promise<void> {
  const began = Date.now();
  const busy = `warehouse ${path} is open in another process`;
  for (let hasSaid = false; ; ) {
    try {
      return await attach();
    } catch (thrown) {
      if (!isLockError(thrown)) throw thrown;
    }
    const waitedMs = Date.now() - began;
    if (waitedMs >= forMs)
      throw new Failure('BUSY', `${busy}, and was for ${Math.round(forMs / 1000)} s; close it there and try again`);
    if (!hasSaid && waitedMs >= SAY_AFTER_MS) {
      log?.warning('waiting for the warehouse', { code: 'BUSY', error: busy });
      hasSaid = true;
    }
    await sleep(pollMs(), undefined, signal && { signal }).catch(() => {
      throw new Failure('TIMEOUT', `the run was stopped while it waited: ${busy}`);
    });
  }
}

/** Refuses a path that can't be opened, with the reason. DuckDB has the reason only in message texts. */
function requireAccess(path: string, readOnly: boolean): void {
  const refuse = (text: string) => new Failure('BAD_CONFIG', `warehouse ${path} can't be opened: ${text}`);
  try {
    const stats = statSync(path);
    if (stats.isDirectory()) throw refuse('it is a folder; expected a file');
    if (!stats.isFile()) throw refuse('it is a device or a pipe; expected a file');
    accessSync(path, constants.R_OK | (readOnly ? 0 : constants.W_OK));
    if (!readOnly) accessSync(dirname(realPath(path)), constants.W_OK); // DuckDB keeps its log beside the file
  } catch (thrown) {
    throw thrown instanceof Failure ? thrown : refuse(describeFault(thrown));
  }
}

/** Refuses a path where no warehouse can be created. Creates nothing. */
export function requireRoom(path: string): void {
  try {
    checkCanBeMade(realPath(path));
  } catch (thrown) {
    throw notMade(path, thrown);
  }
}

function notMade(path: string, thrown: unknown): Failure {
  return new Failure('BAD_CONFIG', `warehouse ${path} can't be made: ${describeFault(thrown)}`, { cause: thrown });
}

/**
 * Creates the warehouse and runs `work` to fill it. The file has a temporary name in the same folder until it is complete, so a killed run
 * leaves no broken warehouse, only a file that the next run removes. Returns null, and changes nothing, if another process has created the
 * warehouse meanwhile. Nothing is attached afterwards.
 */
export async function makeWarehouse<Result>(
  database: Database,
  path: string,
  work: () => Promise<Result>,
): Promise<{ result: Result } | null> {
  const { target, unfinished } = prepareFolder(path);
  try {
    await database.run(`ATTACH ${quoteText(unfinished)} AS warehouse (TYPE duckdb)`);
    forgetTables(database);
    const result = await work();
    await database.run('CHECKPOINT warehouse'); // moves everything into the one file
    await database.run('DETACH warehouse');
    return placeWarehouse(unfinished, target) ? { result } : null;
  } catch (thrown) {
    await database.run('DETACH DATABASE IF EXISTS warehouse').catch(() => {});
    throw thrown;
  } finally {
    forgetTables(database);
    for (const file of [unfinished, `${unfinished}.wal`]) rmSync(file, { force: true });
  }
}

function prepareFolder(path: string): { target: string; unfinished: string } {
  try {
    const target = realPath(path);
    makeFolder(dirname(target));
    removeUnfinished(target);
    return { target, unfinished: nameBeside(target) };
  } catch (thrown) {
    throw notMade(path, thrown);
  }
}

function placeWarehouse(unfinished: string, target: string): boolean {
  if (place(unfinished, target, { replace: false })) return true;
  if (isThere(target)) return false;
  unlinkSync(target); // an empty file
  return place(unfinished, target, { replace: false });
}
