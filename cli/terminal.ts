/** Used if the width is unknown, as in a pipe. */
const USUAL_WIDTH = 80;
const SMALLEST_WIDTH = 60;

/** The width of text on standard output. */
export function terminalWidth({ columns }: Pick<NodeJS.WriteStream, 'columns'> = process.stdout): number {
  return Math.max(SMALLEST_WIDTH, columns || USUAL_WIDTH);
}

/** A command with its flags. It is never broken over lines, because a copied half would be another command. */
const COMMAND = /\b(?:npx kpi|node \S+kpi\.mjs|kpi) [a-z]+(?: --[a-z-]+(?: (?!-)[^\s;,()]+)?)*/g;
const NO_BREAK = '\u00a0';

/** Wraps text to `width`. All lines but the first are indented. Longer words and commands stay whole. */
export function wrap(text: string, width: number, indent = 0): string {
  const lines: string[] = [];
  for (const word of text.replaceAll(COMMAND, (command) => command.replaceAll(' ', NO_BREAK)).split(' ')) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + 1 + word.length <= width) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines.join(`\n${' '.repeat(indent)}`).replaceAll(NO_BREAK, ' ');
}

/** Wraps a line for standard output to the terminal. Continuation lines are indented. */
export function fit(line: string, width = terminalWidth()): string {
  return wrap(line, width - 2, 2);
}

type Output = Pick<NodeJS.WriteStream, 'columns' | 'isTTY'>;

/** Wraps a line for standard error on a terminal. Elsewhere it stays one line, for scripts. */
export function fitTerminal(line: string, output: Output = process.stderr): string {
  return output.isTTY ? fit(line, terminalWidth(output)) : line;
}

/** Next steps: commands with their effect beside them, or below if one doesn't fit. */
export function renderNext(steps: readonly (readonly [command: string, does: string])[], width = terminalWidth()): string {
  const start = 'Next: ';
  const longest = Math.max(...steps.map(([command]) => command.length));
  const isBeside = steps.every(([, does]) => start.length + longest + 2 + does.length <= width);
  return steps
    .map(([command, does], index) => {
      const lead = index === 0 ? start : ' '.repeat(start.length);
      return isBeside
        ? `${lead}${command.padEnd(longest)}  ${does}`
        : `${lead}${command}\n${' '.repeat(start.length + 2)}${does}`;
    })
    .join('\n');
}

/** Wraps a help text to `width`. Commands stay whole, so that they can be copied. */
export function fitHelp(text: string, width: number): string {
  return text
    .split('\n')
    .map((line) => (line.length <= width || /^ *\$ /.test(line) ? line : wrap(line, width)))
    .join('\n');
}
