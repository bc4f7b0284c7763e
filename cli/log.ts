import type { Config } from '../shared/config';
import { createLog, type Log } from '../shared/log';

/** On standard error: standard output is for the answer. */
export function openCliLog({ logLevel }: Config): Log {
  return createLog({
    level: logLevel,
    write: (line) => process.stderr.write(`${line}\n`),
    format: process.stderr.isTTY ? 'text' : 'json',
  });
}
