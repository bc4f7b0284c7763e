import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import type { SourceFile } from './source-files';

/** First bytes of other file formats, and the fault if a file with the name of a text file begins with them. */
const BEGINNINGS: [bytes: string, kind: Kind, reason: string][] = [
  ['1f8b', 'gzip', 'is compressed with gzip; expected a name that ends in .gz'],
  ['28b52ffd', 'zstd', 'is compressed with zstd; expected a name that ends in .zst'],
  ['50415231', 'parquet', 'is a parquet file; expected a name that ends in .parquet'],
  ['50415245', 'encrypted', 'is an encrypted parquet file; expected a file without encryption'],
  ['504b0304', 'other', 'is a zip archive or an Excel file; expected text in UTF-8'],
  ['53514c69746520666f726d6174', 'other', 'is an SQLite file; expected text in UTF-8'],
  ['fffe', 'other', 'is text in UTF-16; expected UTF-8'],
  ['feff', 'other', 'is text in UTF-16; expected UTF-8'],
];

type Kind = 'gzip' | 'zstd' | 'parquet' | 'encrypted' | 'other';

/**
 * Why a file is incomplete or not of the format in its name; null if there is no fault. Needed because DuckDB reads a truncated .gz or .zst
 * without an error and doesn't compare the checksum of a .gz: rows would be missing or wrong.
 *
 * @throws the error of the file system if the file can't be read
 */
export async function bytesFault(file: SourceFile): Promise<string | null> {
  const handle = await open(file.path);
  try {
    const start = (await readAt(handle, 0, 16)).toString('hex');
    if (start === '') return file.format === 'ndjson' && file.compression === 'uncompressed' ? null : 'is empty';
    const [, kind, reason] = BEGINNINGS.find(([bytes]) => start.startsWith(bytes)) ?? [];
    if (file.format === 'parquet') {
      if (kind === 'parquet') return null;
      return kind === 'encrypted' ? (reason ?? null) : 'is not a parquet file; expected one';
    }
    if (file.compression === 'uncompressed') {
      if (file.format === 'ndjson' && start.startsWith('efbbbf'))
        return 'begins with a byte order mark; expected NDJSON without one';
      return reason ?? null;
    }
    const whole = file.compression === 'gzip' ? await isWholeGzip(file.path) : await isWholeZstd(handle);
    return whole ? null : 'is damaged, cut off, or not compressed as its name says; expected a whole compressed file';
  } finally {
    await handle.close();
  }
}

/** Whether all members are complete and match their checksum. */
async function isWholeGzip(path: string): Promise<boolean> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const gunzip = createGunzip();
  try {
    await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), gunzip, nowhere);
    return true;
  } catch (thrown) {
    if (gunzip.errored === thrown && /^Z_/.test(String((thrown as NodeJS.ErrnoException).code))) return false;
    throw thrown;
  }
}

/** Whether the file ends with its last frame (RFC 8878, section 3.1). DuckDB compares the checksums. */
async function isWholeZstd(handle: FileHandle): Promise<boolean> {
  const { size } = await handle.stat();
  let at = 0;
  while (at < size) {
    const end = await endOfFrame(handle, at);
    if (end === null || end > size) return false;
    at = end;
  }
  return true;
}

async function endOfFrame(handle: FileHandle, start: number): Promise<number | null> {
  const header = await readAt(handle, start, 18);
  if (header.length < 8) return null;
  const magic = header.readUInt32LE(0);
  if (magic >>> 4 === 0x184d2a5) return start + 8 + header.readUInt32LE(4);
  if (magic !== 0xfd2fb528) return null;
  const descriptor = header.readUInt8(4);
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const sizeBytes = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3] ?? 0;
  let at = start + 5 + (isSingleSegment ? 0 : 1) + dictionaryBytes + sizeBytes;
  for (;;) {
    const bytes = await readAt(handle, at, 3);
    if (bytes.length < 3) return null;
    const block = bytes.readUIntLE(0, 3);
    const isRepeated = ((block >> 1) & 3) === 1; // holds one byte, which is repeated
    at += 3 + (isRepeated ? 1 : block >> 3);
    if ((block & 1) === 1) return at + ((descriptor & 4) === 0 ? 0 : 4);
  }
}

async function readAt(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
}
