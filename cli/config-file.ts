import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { CONFIG_FILE } from '../shared/platform/config';
import { type ConfigFile, parseConfigFile } from '../shared/platform/config-file';
import { Failure } from '../shared/platform/failure';
import { statsOf } from '../shared/platform/files';
import { parseStrictJson } from '../shared/platform/json';

const MAX_BYTES = 64 * 1024;
const EXPECTED = `${CONFIG_FILE}: expected an object in JSON, each key once, such as {"source": "./data", "timeZone": "Europe/Berlin"}`;

/** The settings from kpi.config.json in this folder; none if there is no such file. */
export function readConfigFile(folder = process.cwd()): ConfigFile {
  return parseConfigFile(readConfigObject(folder) ?? {});
}

/** The unchanged content of the file; null if there is none. */
export function readConfigObject(folder = process.cwd()): Record<string, unknown> | null {
  const path = resolve(folder, CONFIG_FILE);
  const stats = statsOf(path);
  if (stats === undefined) return null;
  // reading a pipe could wait forever
  if (!stats.isFile() || stats.size > MAX_BYTES)
    throw new Failure('BAD_CONFIG', `${CONFIG_FILE}: expected a file of at most 64 KiB`);
  return parseObject(readBytes(path));
}

function readBytes(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new Failure('BAD_CONFIG', `${CONFIG_FILE}: this account can't read it; allow that, or remove the file`, { cause });
  }
}

function parseObject(bytes: Buffer): Record<string, unknown> {
  let value: unknown;
  try {
    value = parseStrictJson(bytes);
  } catch (cause) {
    throw new Failure('BAD_CONFIG', EXPECTED, { cause });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Failure('BAD_CONFIG', EXPECTED);
  return value as Record<string, unknown>;
}
