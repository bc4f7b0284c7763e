// Bundles what runs: dist/kpi.cjs, the command line, dist/functions.cjs, which is deployed, and dist/generate.cjs. Beside them stand the
// licences of the packages within.
// SDKs stay outside the bundles and are loaded on first use. The dashboard page is bundled first, as text within dist/kpi.cjs.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { licencesOf } from './scripts/licences.mjs';

const root = fileURLToPath(new URL('.', import.meta.url));

export async function buildAll() {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: { kpi: 'cli/kpi.ts', functions: 'functions/index.ts', generate: 'scripts/generate.ts' },
    outdir: 'dist',
    outExtension: { '.js': '.cjs' }, // functions-framework looks for no package.json then (docs/gotchas.md)
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    external: ['@google-cloud/*', '@duckdb/*', 'google-auth-library'],
    loader: { '.sql': 'text' },
    plugins: [dashboardAssets],
    metafile: true,
    logLevel: 'warning',
  });
  writeFileSync(join(root, 'dist', 'THIRD_PARTY_LICENSES.txt'), licencesOf(metafile, root));
}

/** Gives `dashboard:assets` (dashboard/assets.d.ts). */
const dashboardAssets = {
  name: 'dashboard-assets',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^dashboard:assets$/ }, ({ path }) => ({ path, namespace: 'dashboard' }));
    onLoad({ filter: /.*/, namespace: 'dashboard' }, async () => ({
      contents: JSON.stringify(await buildPage()),
      loader: 'json',
    }));
  },
};

async function buildPage() {
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: { page: 'dashboard/page/main.ts' },
    outdir: 'dist',
    write: false,
    metafile: true,
    bundle: true,
    minify: true,
    platform: 'browser',
    format: 'iife',
    target: ['chrome111', 'firefox113', 'safari16.4'],
    loader: { '.woff2': 'dataurl' },
    legalComments: 'none', // all licences are in the page
    logLevel: 'warning',
  });
  const output = (ending) => outputFiles.find(({ path }) => path.endsWith(ending)).text;
  return { script: output('.js'), styles: output('.css'), licences: licencesOf(metafile, root) };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildAll();
