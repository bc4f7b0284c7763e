// Bundles what runs: dist/kpi.js (command line) and dist/functions.js (deployed). `node build.mjs [kpi|functions]` makes one of them.
// SDKs stay outside the bundle and are loaded on first use.
import { build } from 'esbuild';

const entryPoints = { kpi: 'cli/kpi.ts', functions: 'functions/index.ts' };
const wanted = process.argv[2];
if (wanted !== undefined && !(wanted in entryPoints))
  throw new Error(`expected one of ${Object.keys(entryPoints).join(', ')}, got ${wanted}`);

await build({
  entryPoints: wanted === undefined ? entryPoints : { [wanted]: entryPoints[wanted] },
  outdir: 'dist',
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  external: ['@google-cloud/*', '@duckdb/*'],
  loader: { '.sql': 'text' },
  sourcemap: true,
  logLevel: 'warning',
});
