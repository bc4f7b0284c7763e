// Bundles the simulation and starts it: node test/simulation/start.mjs --seeds 1-500.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../..', import.meta.url));
const outfile = 'dist/simulation.cjs';

await build({
  absWorkingDir: root,
  entryPoints: ['test/simulation/run.ts'],
  outfile,
  bundle: true,
  packages: 'external',
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  loader: { '.sql': 'text' },
  logLevel: 'warning',
});
// much is thrown away soon
const { status } = spawnSync(process.execPath, ['--max-semi-space-size=64', outfile, ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
});
process.exit(status ?? 1);
