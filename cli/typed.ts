import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Config } from '../shared/platform/config';

/**
 * How the command is typed: `kpi` where it is installed, `npx kpi` in a checkout, from outside of the checkout by its path. Messages name
 * commands as `kpi …`. `bundle` is the folder of the running program.
 */
export function commandName(bundle = __dirname, folder = process.cwd()): string {
  const root = join(bundle, '..');
  if (!existsSync(join(root, 'cli', 'kpi.ts'))) return 'kpi';
  return relative(root, folder).startsWith('..') ? `node ${join(root, 'bin', 'kpi.mjs')}` : 'npx kpi';
}

/** A message with its commands as they are typed here, for the data that the running command was given. */
export function asTyped(text: string, name = commandName(), typed = process.argv.slice(2)): string {
  return text.replaceAll(/(?<=^|: |; )kpi ([a-z]+)/g, (_, command) => `${name} ${command}${flagsFor(command, typed)}`);
}

/** Commands that count, and so need to know of what, unless the warehouse remembers it. */
const counting = ['export', 'gaps', 'diff', 'release', 'doctor'];

/** ` --warehouse FILE`, and for a command that counts ` --source FOLDER` and the time zone, where they were typed. */
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

/** A path as it is typed in this folder: shorter where it lies below. */
export function nearPath(path: string, folder = process.cwd()): string {
  const below = relative(folder, path);
  return below === '' || below.startsWith('..') ? path : below;
}

/** A warehouse as a person knows it. */
export function nameWarehouse({ warehouse }: Config): string {
  return warehouse.engine === 'duckdb' ? nearPath(warehouse.warehouse) : `${warehouse.project}.${warehouse.dataset}`;
}

/** The command that is running, as it was typed, with further flags. */
export function retyped(flags: readonly string[], typed = process.argv.slice(2)): string {
  const args = [...typed, ...flags.filter((flag) => !typed.includes(flag))];
  return [commandName(), ...args.map(quoted)].join(' ');
}

/** As a shell takes it for one word. */
function quoted(arg: string): string {
  return /^[\w./:=@%+,-]+$/.test(arg) ? arg : shellQuote(arg);
}

/** In single quotes, within which a shell takes nothing for more than it is. */
export function shellQuote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
