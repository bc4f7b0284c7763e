import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** Opens an address or file. Returns why that failed; null if the system took it. */
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
  opener.unref(); // some openers wait until the browser ends
  return null;
}

/** The opener of each system. Not `start`, which reads `&` in an address as the end of the command. */
function openerOf(platform: NodeJS.Platform, env: NodeJS.ProcessEnv): [string, ...string[]] {
  if (platform === 'darwin') return ['open'];
  if (platform === 'win32') return ['rundll32', 'url.dll,FileProtocolHandler'];
  return env.WSL_DISTRO_NAME ? ['wslview'] : ['xdg-open'];
}
