import { chmodSync, closeSync, openSync, readdirSync, readSync, rmSync, type Stats, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { SOURCE_FILE_NAME, sourceTableNames, tableOfName } from '../shared/metrics/source-contract';
import type { Config } from '../shared/platform/config';
import { Failure } from '../shared/platform/failure';
import {
  checkCanBeMade,
  describeFault,
  isDiskFault,
  isSameFile,
  makeFolder,
  nameBeside,
  place,
  realPath,
  removeUnfinished,
  statsOf,
} from '../shared/platform/files';

export interface FileWriterOptions {
  /** The flag that names the file, for messages. */
  flag: string;
  /** What the file is, for messages: "a page of this program". */
  kind: string;
  /** Whether a file that begins with these 1,024 characters is of that kind. */
  isOwn: (head: string) => boolean;
  /** Replace files of other kinds too. */
  force: boolean;
  config: Config;
}

const HEAD_BYTES = 1024;

/**
 * Returns a function that writes a file of a command. Checks the path now, and again before writing. An existing file is replaced only if it is
 * of the same kind or with `force`, and never if it is a warehouse or a source. The file is written completely or not at all.
 */
export function createFileWriter(path: string, options: FileWriterOptions): (content: string) => void {
  const { flag, kind, isOwn, force, config } = options;
  const refuse = (text: string) => new Failure('BAD_REQUEST', `${flag}: ${path} ${text}`);
  const check = (): { target: string; there: Stats | undefined } => {
    const target = realPath(path); // a link stays; its target is written
    const there = statsOf(target);
    if (there?.isDirectory()) throw refuse("can't be written: it is a folder; expected a path of a file");
    if (there !== undefined && !there.isFile())
      throw refuse("can't be written: it is a device or a pipe; expected a path of a file");
    if (there === undefined) checkCanBeMade(target);
    const head = there === undefined ? '' : readHead(target);
    if (isData(target, head, config)) throw refuse('is a warehouse or a source; expected another path');
    if (there !== undefined && !force && !isOwn(head))
      throw refuse(`exists and is not ${kind}; expected another path, or --force to replace it`);
    return { target, there };
  };
  const explain = (thrown: unknown) => explainFault(thrown, `${flag}: ${path}`);
  const write = (content: string) => {
    const { target, there } = check();
    makeFolder(dirname(target));
    removeUnfinished(target);
    const unfinished = nameBeside(target);
    try {
      writeFileSync(unfinished, content, { flag: 'wx' });
      if (there !== undefined) chmodSync(unfinished, there.mode);
      if (!place(unfinished, target, { replace: there !== undefined }))
        throw refuse('was made by another program at the same time; run the command again');
    } finally {
      rmSync(unfinished, { force: true });
    }
  };
  attempt(check, explain);
  return (content) => attempt(() => write(content), explain);
}

/** The failure for a path that can't be written. `what` names the path. */
export function explainFault(thrown: unknown, what: string): Failure {
  if (thrown instanceof Failure) return thrown;
  const code = isDiskFault(thrown) ? 'UNAVAILABLE' : 'BAD_REQUEST';
  return new Failure(code, `${what} can't be written: ${describeFault(thrown)}`, { cause: thrown });
}

function attempt(work: () => unknown, explain: (thrown: unknown) => Failure): void {
  try {
    work();
  } catch (thrown) {
    throw explain(thrown);
  }
}

function readHead(path: string): string {
  const file = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(HEAD_BYTES);
    return bytes.toString('latin1', 0, readSync(file, bytes));
  } finally {
    closeSync(file);
  }
}

/** Whether a path is or belongs to a warehouse or a source: those of the settings, and others that can be recognised. */
export function isData(target: string, head: string, { warehouse: config }: Config): boolean {
  const isDuckDb = head.slice(8, 12) === 'DUCK' || /\.wal$/i.test(target);
  if (isDuckDb || head.startsWith('PAR1')) return true;
  if (config.engine !== 'duckdb') return isPartOfTable(target, null);
  const warehouse = realPath(config.warehouse);
  if (target === warehouse || isSameFile(target, warehouse)) return true;
  const source = config.source?.kind === 'path' ? config.source.path : null;
  return (source !== null && isSameFile(target, source)) || isPartOfTable(target, source);
}

/** Decides by the names of the file and its folders. A folder Users is common, so only data files in it count. */
function isPartOfTable(target: string, source: string | null): boolean {
  const isDataFile = SOURCE_FILE_NAME.test(target);
  const places =
    source === null
      ? []
      : namesIn(source)
          .filter(tableOfName)
          .map((name) => join(source, name));
  for (let path = target; path !== dirname(path); path = dirname(path)) {
    if (places.some((place) => isSameFile(place, path))) return true;
    if (tableOfName(basename(path)) === undefined) continue;
    if (isDataFile || (path !== target && holdsTables(dirname(path)))) return true;
  }
  return false;
}

function holdsTables(folder: string): boolean {
  const found = namesIn(folder).map(tableOfName);
  return sourceTableNames.every((table) => found.includes(table));
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // the folder doesn't exist yet, or this account may not list it
  }
}
