import { inspect } from 'node:util';

/** Colours for standard output. */
export const colors = createColors(wantsColors(process.env, Boolean(process.stdout.isTTY)));

/** Only these: yellow, cyan, white and bold colours (bright in many terminals) are unreadable on a light background. */
export function createColors(isColored: boolean) {
  return { bold: style('bold'), dim: style('dim'), green: style('green'), red: style('red') };

  // not styleText of node:util, because later versions of Node.js decide there whether to colour
  function style(name: string): (text: string) => string {
    const [open, close] = inspect.colors[name] ?? [0, 0];
    return (text) => (isColored ? `\u001b[${open}m${text}\u001b[${close}m` : text);
  }
}

/** https://no-color.org, https://force-color.org */
export function wantsColors({ NO_COLOR, FORCE_COLOR, TERM }: NodeJS.ProcessEnv, isTerminal: boolean): boolean {
  if (NO_COLOR) return false;
  if (FORCE_COLOR) return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false';
  return isTerminal && TERM !== 'dumb';
}
