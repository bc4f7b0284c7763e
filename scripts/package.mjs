// Makes the deployed package, dist/package/kpi-export-<hash>.zip, with the licences of bundled code and a bill of materials beside it. The same
// source gives the same bytes. The last printed line is the zip's path.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { build } from 'esbuild';
import { zipSync } from 'fflate';
import { licencesOf } from './licences.mjs';

/** Not bundled, because the platform starts it by its name. */
const FRAMEWORK = '@google-cloud/functions-framework';

/** Separate files beside the program, each with a client and what the adapter needs of it. Loaded on first use. */
const SDKS = {
  bigquery: { '@google-cloud/bigquery': '*', 'google-auth-library': '{ PassThroughClient }' },
  pubsub: { '@google-cloud/pubsub': '*' },
};

const folder = 'dist/package';
const manifest = JSON.parse(readFileSync('package.json', 'utf8'));
const lock = JSON.parse(readFileSync('package-lock.json', 'utf8'));

const { outputFiles, metafile } = await build({
  entryPoints: { index: 'functions/index.ts', ...Object.fromEntries(Object.keys(SDKS).map((name) => [name, `sdk:${name}`])) },
  outdir: folder,
  outExtension: { '.js': '.cjs' }, // starts faster under the framework: docs/gotchas.md
  write: false,
  metafile: true,
  bundle: true,
  minifySyntax: true,
  minifyWhitespace: true,
  platform: 'node',
  format: 'cjs',
  target: 'node24',
  external: [FRAMEWORK, '@duckdb/node-api'],
  plugins: [{ name: 'sdks', setup: sdksApart }],
  loader: { '.sql': 'text' },
  legalComments: 'none', // all licences are in one file
  logLevel: 'error',
});

const deployed = {
  name: manifest.name,
  version: manifest.version,
  private: true,
  license: manifest.license,
  main: 'index.cjs',
  engines: { node: '>=24' },
  dependencies: { [FRAMEWORK]: lock.packages[`node_modules/${FRAMEWORK}`].version },
};
const files = {
  ...Object.fromEntries(outputFiles.map(({ path, contents }) => [basename(path), Buffer.from(contents)])),
  'package.json': json(deployed),
  'package-lock.json': json({
    name: deployed.name,
    version: deployed.version,
    lockfileVersion: 3,
    requires: true,
    packages: { '': deployed, ...closure(FRAMEWORK) },
  }),
  LICENSE: readFileSync('LICENSE'),
};

// reproducible: one fixed time for all files, and a compressor in JavaScript
const zip = zipSync(files, { level: 9, mtime: '1980-01-01T00:00:00' });
const hash = createHash('sha256').update(zip).digest('hex').slice(0, 12);

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, 'THIRD_PARTY_LICENSES.txt'), licencesOf(metafile, '.'));
writeFileSync(
  join(folder, 'sbom.cdx.json'),
  execFileSync('npm', ['sbom', '--omit=dev', '--omit=optional', '--sbom-format=cyclonedx'], { maxBuffer: 2 ** 26 }),
);
const path = join(folder, `kpi-export-${hash}.zip`);
writeFileSync(path, zip);
process.stdout.write(`${path}\n`);

/** An esbuild plugin that builds the files of SDKS and leaves them out of index.cjs. */
function sdksApart({ onLoad, onResolve }) {
  onResolve({ filter: /^sdk:/ }, ({ path }) => ({ path: path.slice('sdk:'.length), namespace: 'sdk' }));
  onLoad({ filter: /./, namespace: 'sdk' }, ({ path }) => ({
    contents: Object.entries(SDKS[path])
      .map(([name, exports]) => `export ${exports} from '${name}';`)
      .join('\n'),
    resolveDir: '.',
  }));
  for (const [sdk, names] of Object.entries(SDKS)) {
    onResolve({ filter: new RegExp(`^(${Object.keys(names).join('|')})$`) }, ({ importer }) =>
      importer.startsWith(resolve('shared')) ? { path: `./${sdk}.cjs`, external: true } : undefined,
    );
  }
}

function json(value) {
  return Buffer.from(`${JSON.stringify(value, null, 2)}\n`);
}

/** The lock entries of a package and all of its dependencies, as Node.js resolves them. */
function closure(name) {
  const wanted = new Set();
  const visit = (from, dependency, optional) => {
    for (let base = from; ; base = base.slice(0, Math.max(0, base.lastIndexOf('/node_modules/')))) {
      const path = `${base === '' ? '' : `${base}/`}node_modules/${dependency}`;
      if (path in lock.packages) return add(path);
      if (base === '') {
        if (optional) return;
        throw new Error(`package-lock.json lacks ${dependency}, which ${from} needs`);
      }
    }
  };
  const add = (path) => {
    if (wanted.has(path)) return;
    wanted.add(path);
    const {
      dependencies = {},
      optionalDependencies = {},
      peerDependencies = {},
      peerDependenciesMeta = {},
    } = lock.packages[path];
    for (const dependency of Object.keys(dependencies)) visit(path, dependency, false);
    for (const dependency of Object.keys(optionalDependencies)) visit(path, dependency, true);
    for (const dependency of Object.keys(peerDependencies)) visit(path, dependency, peerDependenciesMeta[dependency]?.optional);
  };
  add(`node_modules/${name}`);
  return Object.fromEntries([...wanted].sort().map((path) => [path, { ...lock.packages[path], dev: undefined }]));
}
