import { Argument, Command } from 'commander';
import { reportMetrics } from '../dashboard/history';
import { shellQuote } from './typed';

const shells = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof shells)[number];

/** Completions of a value: some words, or any path. */
type Values = readonly string[] | 'path';

/** By name of the placeholder, as in `--date <date>`. Options with choices use those instead. */
const values: Record<string, Values> = {
  date: ['today', 'yesterday'],
  file: 'path',
  folder: 'path',
  metric: reportMetrics.map(({ name }) => name),
  where: 'path',
};

/** What a shell completes for a command. */
interface Completed {
  name: string;
  description: string;
  options: { long: string; description: string; values: Values | null }[];
  /** Of its arguments. */
  values: Values;
}

/** `kpi completion SHELL`, for all commands that `program` has when it runs. */
export function completionCommand(program: Command): Command {
  return new Command('completion')
    .description('Print a script that makes a shell complete commands, options and values.')
    .addArgument(new Argument('<shell>', 'shell that it is for').choices(shells))
    .addHelpText(
      'after',
      `
Examples:
  $ kpi completion bash >> ~/.bashrc
  $ kpi completion zsh >> ~/.zshrc
  $ kpi completion fish > ~/.config/fish/completions/kpi.fish`,
    )
    .action((shell: Shell) => {
      process.stdout.write(scripts[shell](program.commands.map(describe)));
    });
}

function describe(command: Command): Completed {
  const help = command.createHelp();
  return {
    name: command.name(),
    description: command.description(),
    options: help.visibleOptions(command).map(({ long, description, flags, required, argChoices }) => ({
      long: long ?? '',
      description,
      values: required ? (argChoices ?? values[placeholderOf(flags)] ?? []) : null,
    })),
    values: command.registeredArguments.flatMap((one) => one.argChoices ?? values[one.name()] ?? []),
  };
}

function placeholderOf(flags: string): string {
  return /<(.+)>/.exec(flags)?.[1] ?? '';
}

const scripts: Record<Shell, (commands: readonly Completed[]) => string> = { bash, zsh, fish };

/** Needs only bash, of any version. The typed text is compared, never evaluated. */
function bash(commands: readonly Completed[]): string {
  const offer = (offered: Values) => (offered === 'path' ? 'paths=1' : `words=${shellQuote(offered.join(' '))}`);
  const ofOptions = commands.flatMap(({ name, options }) =>
    options.flatMap(({ long, values }) => (values === null ? [] : [`    ${shellQuote(`${name} ${long}`)}) ${offer(values)} ;;`])),
  );
  const ofCommands = commands.map(
    ({ name, options, values }) => `    ${shellQuote(name)}' '*) ${offer([...values, ...options.map(({ long }) => long)])} ;;`,
  );
  const names = commands.map(({ name }) => name);
  return `_kpi() {
  local index command='' words='' paths='' current="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}"
  for ((index = 1; index < COMP_CWORD; index++)); do
    case "\${COMP_WORDS[index]}" in ${names.join('|')}) command="\${COMP_WORDS[index]}"; break ;; esac
  done
  if [ "$current" = = ]; then current=''; elif [ "$before" = = ]; then before="\${COMP_WORDS[COMP_CWORD-2]}"; fi
  case "$command $before" in
${ofOptions.join('\n')}
${ofCommands.join('\n')}
    *) ${offer([...names, '--help', '--version'])} ;;
  esac
  local IFS=$' \\n'
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  if [ -n "$paths" ]; then
    IFS=$'\\n'
    compopt -o filenames 2>/dev/null
    COMPREPLY=($(compgen -f -- "$current"))
  fi
}
complete -F _kpi kpi
`;
}

/** zsh runs the completion of bash. */
function zsh(commands: readonly Completed[]): string {
  return `autoload -U +X compinit && compinit
autoload -U +X bashcompinit && bashcompinit
${bash(commands)}`;
}

function fish(commands: readonly Completed[]): string {
  const offer = (offered: Values) => (offered === 'path' ? '-r -F' : `-x -a ${shellQuote(offered.join(' '))}`);
  const lines = commands.flatMap(({ name, description, options, values }) => {
    const inside = `complete -c kpi -n ${shellQuote(`__fish_seen_subcommand_from ${name}`)}`;
    return [
      `complete -c kpi -n __fish_use_subcommand -a ${name} -d ${shellQuote(description)}`,
      ...(values.length === 0 ? [] : [`${inside} ${offer(values)}`]),
      ...options.map(
        ({ long, description, values }) =>
          `${inside} -l ${long.slice(2)} ${values === null ? '' : `${offer(values)} `}-d ${shellQuote(description)}`,
      ),
    ];
  });
  return ['complete -c kpi -f', ...lines, ''].join('\n');
}
