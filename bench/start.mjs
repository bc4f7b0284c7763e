// Bundles a benchmark, which uses the program's own code, and starts it: node bench/start.mjs bench|bench-cold|notices|scale [--small].
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const [name, ...options] = process.argv.slice(2);

spawnSync(process.execPath, ['bin/kpi.mjs', '--version'], { cwd: root }); // builds the program if it is not up to date
await build({
  absWorkingDir: root,
  entryPoints: ['bench/bench.ts', 'bench/bench-cold.ts', 'bench/measured.ts', 'bench/notices.ts', 'bench/scale.ts'],
  outdir: 'bench/.data/dist',
  bundle: true,
  packages: 'external',
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  loader: { '.sql': 'text' },
  logLevel: 'warning',
});
const { status } = spawnSync(process.execPath, [`bench/.data/dist/${name}.js`, ...options], { cwd: root, stdio: 'inherit' });
process.exit(status ?? 1);
