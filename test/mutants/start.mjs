// Bundles the runner and starts it: node test/mutants/start.mjs [NAME…] [--sample NUMBER].
import { bundle, run } from '../../scripts/run-bundled.mjs';

const outfile = 'dist/mutants.cjs';
await bundle(['test/mutants/run.ts'], { outfile });
run(outfile, process.argv.slice(2));
