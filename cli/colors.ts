import { inspect } from 'node:util';

/** Standard output's. */
export const colors = createColors(wantsColors(process.env, Boolean(process.stdout.isTTY)));

/** These alone: yellow, cyan and white, and bold colours, which many terminals make bright, can't be read on a light background. */
export function createColors(isColored: boolean) {
  return { bold: style('bold'), dim: style('dim'), green: style('green'), red: style('red') };

  // not styleText of node:util: in later versions of Node.js it decides by itself whether to colour
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
