import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Config } from '../shared/platform/config';

/**
 * How to type the command: `kpi` if installed, `npx kpi` in a checkout, its path outside of the checkout. Messages contain `kpi …`, which
 * asTyped replaces. `bundle` is the folder of the running program.
 */
export function commandName(bundle = __dirname, folder = process.cwd()): string {
  const root = join(bundle, '..');
  if (!existsSync(join(root, 'cli', 'kpi.ts'))) return 'kpi';
  return relative(root, folder).startsWith('..') ? `node ${join(root, 'bin', 'kpi.mjs')}` : 'npx kpi';
}

/** Replaces commands in a message by how they are typed here, with the data flags of the running command. */
export function asTyped(text: string, name = commandName(), typed = process.argv.slice(2)): string {
  return text.replaceAll(/(?<=^|: |; )kpi ([a-z]+)/g, (_, command) => `${name} ${command}${flagsFor(command, typed)}`);
}

/** Commands that count, so need a source unless the warehouse has it. */
const counting = ['export', 'gaps', 'diff', 'release', 'doctor'];

/** The typed flags ` --warehouse FILE` and, for commands that count, ` --source FOLDER` and the time zone. */
export function flagsFor(command: string, typed = process.argv.slice(2)): string {
  const names = counting.includes(command) ? ['--source', '--warehouse', '--time-zone'] : ['--warehouse'];
  return names
    .flatMap((name) => {
      const at = typed.findIndex((arg) => arg === name || arg.startsWith(`${name}=`));
      const value = at < 0 ? undefined : typed[at] === name ? typed[at + 1] : typed[at]?.slice(name.length + 1);
      return value === undefined ? [] : ` ${name} ${quoted(value)}`;
    })
    .join('');
}

/** A path relative to this folder if it is below it. */
export function nearPath(path: string, folder = process.cwd()): string {
  const below = relative(folder, path);
  return below === '' || below.startsWith('..') ? path : below;
}

/** The display name of a warehouse. */
export function nameWarehouse({ warehouse }: Config): string {
  return warehouse.engine === 'duckdb' ? nearPath(warehouse.warehouse) : `${warehouse.project}.${warehouse.dataset}`;
}

/** The command that is running, as it was typed, with further flags. */
export function retyped(flags: readonly string[], typed = process.argv.slice(2)): string {
  const args = [...typed, ...flags.filter((flag) => !typed.includes(flag))];
  return [commandName(), ...args.map(quoted)].join(' ');
}

/** Quotes a text that a shell would not read as one word. */
function quoted(arg: string): string {
  return /^[\w./:=@%+,-]+$/.test(arg) ? arg : shellQuote(arg);
}

/** In single quotes, in which a shell expands nothing. */
export function shellQuote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
