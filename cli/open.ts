import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** Why nothing was opened; null if it was handed to the system. */
export async function openInBrowser(
  target: string,
  { platform, env }: Pick<NodeJS.Process, 'platform' | 'env'> = process,
): Promise<string | null> {
  const isHeadless =
    platform !== 'darwin' && platform !== 'win32' && !env.DISPLAY && !env.WAYLAND_DISPLAY && !env.WSL_DISTRO_NAME;
  if (isHeadless) return 'there is no display here';
  const [program, ...args] = openerOf(platform, env);
  const opener = spawn(program, [...args, target], { stdio: 'ignore', detached: true, env });
  try {
    await once(opener, 'spawn');
  } catch {
    return `${program} is not installed`;
  }
  opener.unref(); // some wait until the browser ends
  return null;
}

/** What each system opens files and addresses with. `start` would take `&` in an address for the end of its command. */
function openerOf(platform: NodeJS.Platform, env: NodeJS.ProcessEnv): [string, ...string[]] {
  if (platform === 'darwin') return ['open'];
  if (platform === 'win32') return ['rundll32', 'url.dll,FileProtocolHandler'];
  return env.WSL_DISTRO_NAME ? ['wslview'] : ['xdg-open'];
}
