import pc from 'picocolors';

/** Standard output's. picocolors by itself colours pipes where CI is set, and takes FORCE_COLOR=0 for a yes. */
const { bold, dim, green, red } = pc.createColors(wantsColors(process.env, Boolean(process.stdout.isTTY)));

/** These alone: yellow, cyan and white, and bold colours, which many terminals make bright, can't be read on a light background. */
export const colors = { bold, dim, green, red };

/** https://no-color.org, https://force-color.org */
export function wantsColors({ NO_COLOR, FORCE_COLOR, TERM }: NodeJS.ProcessEnv, isTerminal: boolean): boolean {
  if (NO_COLOR) return false;
  if (FORCE_COLOR) return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false';
  return isTerminal && TERM !== 'dumb';
}
