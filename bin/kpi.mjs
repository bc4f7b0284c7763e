#!/usr/bin/env node
// Starts the command line from dist/. A checkout rebuilds it first if a source file is newer; an installed package has no sources.
import { existsSync, readdirSync, statSync } from 'node:fs';
import module, { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const bundle = join(root, 'dist', 'kpi.cjs');

const sources = ['cli', 'dashboard', 'shared', 'package.json', 'build.mjs'].map((name) => join(root, name));
const builtAt = existsSync(bundle) ? statSync(bundle).mtimeMs : 0;
if (existsSync(join(root, 'build.mjs')) && sources.some((path) => isNewer(path, builtAt))) {
  const { buildAll } = await import('../build.mjs');
  await buildAll();
}

module.enableCompileCache?.(); // Node 22.8 and later
createRequire(import.meta.url)(bundle);

function isNewer(path, time) {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return false;
  if (!stats.isDirectory()) return stats.mtimeMs > time;
  return readdirSync(path).some((name) => isNewer(join(path, name), time));
}
