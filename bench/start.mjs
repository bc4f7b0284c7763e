// Bundles a benchmark, which uses the program's own code, and starts it: node bench/start.mjs bench|bench-cold|notices|scale [--small].
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { bundle, run } from '../scripts/run-bundled.mjs';

const [name, ...options] = process.argv.slice(2);
const outdir = 'bench/.data/dist';

// builds the program if it is not up to date
spawnSync(process.execPath, ['bin/kpi.mjs', '--version'], { cwd: fileURLToPath(new URL('..', import.meta.url)) });
await bundle(
  ['bench', 'bench-cold', 'measured', 'notices', 'scale'].map((entry) => `bench/${entry}.ts`),
  { outdir },
);
run(`${outdir}/${name}.js`, options);
