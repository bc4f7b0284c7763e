// Bundles the questions and asks them: KPI_TEST_PROJECT=… node test/project/start.mjs.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../..', import.meta.url));
const outfile = 'test/project/.run.cjs'; // beside the sources, whose files it reads

await build({
  absWorkingDir: root,
  entryPoints: ['test/project/run.ts'],
  outfile,
  bundle: true,
  packages: 'external',
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  loader: { '.sql': 'text' },
  logLevel: 'warning',
});
const { status } = spawnSync(process.execPath, [outfile], { cwd: root, stdio: 'inherit' });
process.exit(status ?? 1);
