// Bundles the simulation and starts it: node test/simulation/start.mjs --seeds 1-500.
import { bundle, run } from '../../scripts/run-bundled.mjs';

const outfile = 'dist/simulation.cjs';
await bundle(['test/simulation/run.ts'], { outfile });
run(outfile, process.argv.slice(2), ['--max-semi-space-size=64']); // much is thrown away soon
