// Holds the facts' SQL against Google's reference implementation of GoogleSQL. It comes as a server in a package of 340 MB, so the
// package is installed only here, where it is needed. Arguments are jest's.
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const root = join(here, '../..');

const reason = cannotRun();
if (reason !== null) {
  process.stdout.write(`Skipped: the reference implementation of GoogleSQL can't run here; ${reason}.\n`);
  process.exit(0);
}
if (!isInstalled()) run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], here);
run(join(root, 'node_modules/.bin/tsc'), ['--project', here], root);
run(join(root, 'node_modules/.bin/jest'), ['--config', join(here, 'jest.config.cjs'), ...process.argv.slice(2)], root);

/** Why the server can't run on this machine, or null. */
function cannotRun() {
  const { platform, arch } = process;
  if (!['linux', 'darwin'].includes(platform) || !['x64', 'arm64'].includes(arch))
    return `it is built for Linux and macOS on x64 and arm64, and this is ${platform} on ${arch}`;
  if (platform === 'darwin') return null;
  const glibc = process.report.getReport().header.glibcVersionRuntime;
  const [, minor = 0] = (glibc ?? '').split('.').map(Number);
  return glibc?.startsWith('2.') && minor >= 29
    ? null
    : `it needs glibc 2.29 or newer, and this system has ${glibc ?? 'another C library'}`;
}

function isInstalled() {
  const installed = join(here, 'node_modules/.package-lock.json');
  return existsSync(installed) && statSync(installed).mtimeMs >= statSync(join(here, 'package-lock.json')).mtimeMs;
}

function run(command, args, cwd) {
  const { status, error } = spawnSync(command, args, { cwd, stdio: 'inherit' });
  if (error !== undefined) throw error;
  if (status !== 0) process.exit(status ?? 1);
}
