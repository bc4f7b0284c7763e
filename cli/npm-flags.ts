import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command, Option } from 'commander';
import { Failure } from '../shared/platform/failure';
import { nearestOf } from '../shared/platform/nearest';
import { shellQuote } from './typed';

/** Scripts of package.json that start the command line. Each function returns the arguments that the caller wrote. */
const scripts: Record<string, (args: readonly string[]) => readonly string[]> = {
  export: (args) => args.slice(1),
  kpi: (args) => args,
  demo: () => [],
};

/** Options that npm expands to one of its own settings. */
const expanded: Record<string, string> = { to: 'token_description' };

/** npm's own settings that resemble our options, by their names in the environment. */
const ownSettings = ['allow_file', 'call', 'description', 'disturl', 'force', 'packages', 'read_only', 'version'];

const PREFIX = 'npm_config_';

/** An option that npm kept, as it was typed, and the value that npm passed on. */
interface Kept {
  option: Option;
  written: string;
  value: string;
}

/**
 * Without `--`, npm keeps flags for itself, so `npm run export --dry-run` would write. npm passes them on only in the environment, as
 * npm_config_dry_run (or npm_config_dryrun if misspelt). Throws BAD_REQUEST with the correct command.
 */
export function refuseFlagsOfNpm(commands: readonly Command[], args: readonly string[], env: NodeJS.ProcessEnv): void {
  const written = scripts[env.npm_lifecycle_event ?? '']?.(args);
  const command = commands.find((one) => args.includes(one.name()));
  if (written === undefined || command === undefined) return;
  const kept = keptOf(command, args, env);
  if (kept.length === 0) return;
  // npm splits `--date 2025-12-23` into a flag and an argument
  const end = written.findIndex((arg) => arg.startsWith('-'));
  const [before, after] = end < 0 ? [written, []] : [written.slice(0, end), written.slice(end)];
  const values = before.filter((arg) => arg !== command.name());
  const line = [...before.filter((arg) => arg === command.name()), ...spell(kept, values), ...after.map(quote)].join(' ');
  const names = kept.map(({ written }) => written).join(', ');
  throw new Failure(
    'BAD_REQUEST',
    `npm kept ${names} for itself, as it does without --; run: npm run ${env.npm_lifecycle_event} -- ${line}`,
  );
}

function keptOf({ options }: Command, args: readonly string[], env: NodeJS.ProcessEnv): Kept[] {
  const misspelt = misspeltOptions(options, env);
  return options.flatMap((option) => {
    const [long, exact] = [String(option.long), nameInEnvironment(option)];
    const name = [exact, expanded[exact], misspelt.get(option)].find((one) => env[`${PREFIX}${one}`] !== undefined);
    const value = env[`${PREFIX}${name}`];
    const isOff = !option.required && (value === 'false' || value === '');
    if (name === undefined || value === undefined || isOff || args.includes(long)) return [];
    return [{ option, written: name === misspelt.get(option) ? `--${name.replaceAll('_', '-')}` : long, value }];
  });
}

function nameInEnvironment(option: Option): string {
  return option.name().replaceAll('-', '_');
}

/** By option, a similar name (`timezone`, `dates`) that is not one of npm's own settings and in none of its files. */
function misspeltOptions(options: readonly Option[], env: NodeJS.ProcessEnv): Map<Option, string> {
  const plain = (name: string) => name.replaceAll('_', '');
  const exact = options.map(nameInEnvironment);
  const known = [...exact, ...Object.values(expanded), ...ownSettings, ...namesInFiles(env)];
  const candidates = exact.map(plain);
  const names = Object.keys(env).flatMap((name) => (name.startsWith(PREFIX) ? name.slice(PREFIX.length) : []));
  return new Map(
    names
      .filter((name) => !known.includes(name))
      .flatMap((name): [Option, string][] => {
        const option = options[candidates.indexOf(nearestOf(plain(name), candidates) ?? '')];
        return option === undefined ? [] : [[option, name]];
      }),
  );
}

/** Names set in npm's files, which npm passes on like flags. */
function namesInFiles({ npm_config_userconfig, npm_config_globalconfig, npm_config_local_prefix }: NodeJS.ProcessEnv): string[] {
  const files = [
    npm_config_userconfig,
    npm_config_globalconfig,
    npm_config_local_prefix && join(npm_config_local_prefix, '.npmrc'),
  ];
  return files.flatMap((file) => {
    const lines = file ? readLines(file) : [];
    return lines.map((line) => (/^\s*([\w.-]+)/.exec(line)?.[1] ?? '').replaceAll('-', '_').toLowerCase());
  });
}

function readLines(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n');
  } catch {
    return []; // usually the file doesn't exist
  }
}

/** Writes the options with their values. A separate value belongs to the only option without one; with several it stays unclear. */
function spell(kept: readonly Kept[], values: readonly string[]): string[] {
  const isApart = ({ option, value }: Kept) => option.required && value === 'true';
  const [only] = kept.filter(isApart).length === 1 && values.length === 1 ? values : [];
  return kept.map((one) => {
    if (!one.option.required) return String(one.option.long);
    if (!isApart(one)) return `${one.option.long} ${quote(one.value)}`;
    return only === undefined ? one.option.flags : `${one.option.long} ${quote(only)}`;
  });
}

function quote(text: string): string {
  return /^[\w./:@=,+-]+$/.test(text) ? text : shellQuote(text);
}
