// Bundles the questions and asks them: KPI_TEST_PROJECT=… node test/project/start.mjs.
import { bundle, run } from '../../scripts/run-bundled.mjs';

const outfile = 'test/project/.run.cjs'; // beside the sources, whose files it reads
await bundle(['test/project/run.ts'], { outfile });
run(outfile, []);
