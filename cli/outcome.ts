import type { Verdict } from '../shared/export/outcome';
import type { Failure } from '../shared/platform/failure';
import { wantsDebug } from './settings';
import { fitTerminal } from './terminal';
import { asTyped } from './typed';

/** Exit codes; 64 is EX_USAGE of sysexits.h. */
export const EXIT = { done: 0, failed: 1, partial: 2, refused: 64, interrupted: 130 } as const;

export function exitCode(verdict: Verdict): number {
  if (verdict.result === 'all') return EXIT.done;
  if (verdict.result === 'some') return EXIT.partial;
  return verdict.failure.refused ? EXIT.refused : EXIT.failed;
}

/** Prints a failure on standard error: one line, wrapped on a terminal. */
export function complain({ message, code, cause }: Pick<Failure, 'message'> & Partial<Pick<Failure, 'code' | 'cause'>>): void {
  process.stderr.write(`${fitTerminal(`kpi: ${asTyped(message)}${code === undefined ? '' : ` (${code})`}`)}\n`);
  if (cause instanceof Error && wantsDebug()) process.stderr.write(whereThrown(cause));
}

export const NOTHING_RELEASED = 'nothing has been released yet; to see how it is done: kpi release --help';

/** Reports that what was asked for doesn't exist. */
export function nothingThere(message: string): void {
  process.exitCode = EXIT.failed;
  complain({ message });
}

/** The class of an error and its stack, without the message at its start, which may quote a cell. */
function whereThrown(error: Error): string {
  const { message, stack = '' } = error;
  const at = stack.indexOf(message);
  const places = at < 0 ? [] : stack.slice(at + message.length).matchAll(/^ +at .+:\d+:\d+\)?$/gm);
  return `${[error.constructor.name, ...places].join('\n')}\n`;
}

export function writeJson(value: object): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}
