import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { SOURCE_FILE_NAME, type SourceTable, tableOfName } from '../../metrics/source-contract';
import { Failure } from '../../platform/failure';
import { describeFault, statsOf } from '../../platform/files';

export type FileFormat = 'parquet' | 'csv' | 'ndjson';

/** A file of a source table. */
export interface SourceFile {
  path: string;
  /** Its name in messages: measurements.csv, users/2025.parquet. */
  name: string;
  format: FileFormat;
  compression: 'uncompressed' | 'gzip' | 'zstd';
  /** The separator by the file's name; null: found from the header. */
  separator: '\t' | null;
}

const EXPECTED_FILES = '.csv, .tsv, .ndjson or .jsonl (each also .gz or .zst), .parquet or .parq';

/** Finds the files of a table: one file named after it, or all files of a folder named after it. Refuses files it can't read. */
export function findFiles(folder: string, table: SourceTable): SourceFile[] {
  const places = visibleNames(folder).filter((name) => {
    const isFolder = statsOf(join(folder, name))?.isDirectory() ?? false;
    return tableOfName(name) === table && (isFolder || SOURCE_FILE_NAME.test(name));
  });
  const found = places.map((place) => ({ place, files: filesAt(folder, join(folder, place), new Set()) }));
  const filled = found.filter(({ files }) => files.length > 0);
  const [first, second] = filled;
  if (first === undefined) {
    throw new Failure(
      'BAD_CONFIG',
      `source ${folder} has no ${table}; expected ${table}.parquet, ${table}.csv, ${table}.ndjson, or a folder ${table} with files of one of these`,
    );
  }
  const files = first.files;
  const refuse = (what: string, other: SourceFile | undefined) => {
    const names = [files[0], other].map((file) => basename(file?.path ?? '')).join(' and ');
    return new Failure(
      'BAD_CONFIG',
      `source ${folder} has ${table} ${what} (${names}); expected files of one format in one place`,
    );
  };
  if (second !== undefined) throw refuse('twice', second.files[0]);
  const otherFormat = files.find(({ format }) => format !== files[0]?.format);
  if (otherFormat !== undefined) throw refuse('in two formats', otherFormat);
  return files;
}

/** Names without hidden files and without the marker and checksum files of Spark. */
function visibleNames(folder: string): string[] {
  return namesIn(folder)
    .filter((name) => !name.startsWith('.') && !name.startsWith('_') && !/\.crc$/i.test(name))
    .sort();
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (thrown) {
    throw new Failure('BAD_CONFIG', `source ${folder} can't be read: ${describeFault(thrown)}`, { cause: thrown });
  }
}

function filesAt(source: string, path: string, above: Set<string>): SourceFile[] {
  const name = relative(source, path);
  const stats = statsOf(path);
  if (stats?.isDirectory()) {
    refuseTableFormat(name, path);
    const real = realpathSync(path);
    if (above.has(real)) throw new Failure('BAD_CONFIG', `source ${name} links to a folder above it; expected no loop of links`);
    return visibleNames(path).flatMap((entry) => filesAt(source, join(path, entry), new Set([...above, real])));
  }
  const match = SOURCE_FILE_NAME.exec(path);
  if (!stats?.isFile() || match === null)
    throw new Failure('BAD_CONFIG', `source ${name} can't be read as part of the table; expected only files ${EXPECTED_FILES}`);
  const [, text, suffix] = match.map((group) => group?.toLowerCase());
  return [
    {
      path,
      name,
      format: text === undefined ? 'parquet' : text === 'csv' || text === 'tsv' ? 'csv' : 'ndjson',
      compression: suffix === '.gz' ? 'gzip' : suffix === '.zst' ? 'zstd' : 'uncompressed',
      separator: text === 'tsv' ? '\t' : null,
    },
  ];
}

/** Refuses Delta, Hudi and Iceberg tables: their files also hold removed rows, and only their log says which. */
function refuseTableFormat(name: string, path: string): void {
  const metadata = join(path, 'metadata');
  const isIceberg = statsOf(metadata)?.isDirectory() && namesIn(metadata).some((file) => file.endsWith('.metadata.json'));
  const kind = existsSync(join(path, '_delta_log'))
    ? 'a Delta table'
    : existsSync(join(path, '.hoodie'))
      ? 'a Hudi table'
      : isIceberg
        ? 'an Iceberg table'
        : null;
  if (kind !== null)
    throw new Failure(
      'BAD_CONFIG',
      `source ${name} is ${kind}, whose files hold removed rows too; expected an export of its rows`,
    );
}
