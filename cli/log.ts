import type { Config } from '../shared/platform/config';
import { createLog, type Log } from '../shared/platform/log';
import { fitTerminal } from './terminal';

/** Logs to standard error, because standard output is for the answer. */
export function openCliLog({ logLevel }: Config, write = writeLine): Log {
  return createLog({ level: logLevel, write, format: process.stderr.isTTY ? 'text' : 'json' });
}

function writeLine(line: string): void {
  process.stderr.write(`${fitTerminal(line)}\n`);
}
