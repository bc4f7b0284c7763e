// Bundles what runs: dist/kpi.js, the command line, dist/functions.js, which is deployed, and dist/generate.js.
// SDKs stay outside the bundles and are loaded on first use.
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

export async function buildAll() {
  await build({
    absWorkingDir: fileURLToPath(new URL('.', import.meta.url)),
    entryPoints: { kpi: 'cli/kpi.ts', functions: 'functions/index.ts', generate: 'scripts/generate.ts' },
    outdir: 'dist',
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    external: ['@google-cloud/*', '@duckdb/*'],
    loader: { '.sql': 'text' },
    logLevel: 'warning',
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildAll();
