// Runs a command on another major version of Node.js: node scripts/on-node.mjs 24 node_modules/.bin/jest test/shared
// The version comes as a package of the registry, which holds nothing but the binary, and stays in node_modules/.cache.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Path of a Node.js of that major version; null where there is no package for this machine, or it can't be fetched. */
export function nodeOf(major) {
  if (process.versions.node.startsWith(`${major}.`)) return process.execPath;
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  const folder = join(root, 'node_modules/.cache', `node-${major}`);
  const binary = join(folder, 'node_modules', name, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  if (existsSync(binary)) return binary;
  mkdirSync(folder, { recursive: true });
  const install = ['install', '--prefix', folder, '--ignore-scripts', '--no-audit', '--no-fund', `${name}@${major}`];
  spawnSync('npm', install, { stdio: 'ignore', shell: process.platform === 'win32' });
  return existsSync(binary) ? binary : null;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [major, ...command] = process.argv.slice(2);
  const binary = nodeOf(major);
  if (binary === null) {
    process.stdout.write(
      `Skipped: there is no Node.js ${major} for ${process.platform} on ${process.arch}, or it can't be fetched.\n`,
    );
  } else {
    process.exitCode = spawnSync(binary, command, { stdio: 'inherit' }).status ?? 1;
  }
}
