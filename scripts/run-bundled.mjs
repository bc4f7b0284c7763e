// Bundles TypeScript of the repository that is no part of the package, such as a benchmark, and runs it.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));

/** `entryPoints` and where they go, `outfile` or `outdir`, are paths from the root of the repository. */
export async function bundle(entryPoints, output) {
  await build({
    absWorkingDir: root,
    entryPoints,
    ...output,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    loader: { '.sql': 'text' },
    logLevel: 'warning',
  });
}

/** Runs a file with the arguments of Node.js, if any, and its own; ends this process with its exit code. */
export function run(file, args, nodeArgs = []) {
  const { status } = spawnSync(process.execPath, [...nodeArgs, file, ...args], { cwd: root, stdio: 'inherit' });
  process.exit(status ?? 1);
}
