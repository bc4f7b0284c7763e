import type { Command, Option } from 'commander';
import { Failure } from '../shared/failure';

/** Scripts of package.json that start the command line, and what of its arguments whoever calls them has written. */
const scripts: Record<string, (args: readonly string[]) => readonly string[]> = {
  export: (args) => args.slice(1),
  kpi: (args) => args,
  demo: () => [],
};

/** Options that npm takes for the beginning of a setting of its own. */
const expanded: Record<string, string> = { to: 'token_description' };

/** An option that npm kept, and the value that it handed on. */
interface Kept {
  option: Option;
  value: string;
}

/**
 * Without `--`, npm keeps flags for itself: `npm run export --dry-run` would write. It hands them on in the environment only, as
 * npm_config_dry_run; BAD_REQUEST shows the line that was meant.
 */
export function refuseFlagsOfNpm(commands: readonly Command[], args: readonly string[], env: NodeJS.ProcessEnv): void {
  const written = scripts[env.npm_lifecycle_event ?? '']?.(args);
  const command = commands.find((one) => args.includes(one.name()));
  if (written === undefined || command === undefined) return;
  const kept = command.options.flatMap((option) => keptBy(env, option, args));
  if (kept.length === 0) return;
  // of `--date 2025-12-23` npm makes a flag and an argument
  const end = written.findIndex((arg) => arg.startsWith('-'));
  const [before, after] = end < 0 ? [written, []] : [written.slice(0, end), written.slice(end)];
  const values = before.filter((arg) => arg !== command.name());
  const line = [...before.filter((arg) => arg === command.name()), ...spell(kept, values), ...after.map(quote)].join(' ');
  const names = kept.map(({ option }) => option.long).join(', ');
  throw new Failure(
    'BAD_REQUEST',
    `npm kept ${names} for itself, as it does without --; run: npm run ${env.npm_lifecycle_event} -- ${line}`,
  );
}

function keptBy(env: NodeJS.ProcessEnv, option: Option, args: readonly string[]): Kept[] {
  const name = option.name().replaceAll('-', '_');
  const value = env[`npm_config_${name}`] ?? env[`npm_config_${expanded[name]}`];
  const isSet = option.required ? value !== undefined : value === 'true';
  return value === undefined || !isSet || args.includes(String(option.long)) ? [] : [{ option, value }];
}

/** A value that stands apart belongs to the one option that lacks its own; of several nobody can tell whose it is. */
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
  return /^[\w./:@=,+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
