import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

/** The layout is the architecture: who may import what. */
const root = resolve(__dirname, '..');
const code = ['functions', 'shared', 'cli', 'dashboard', 'scripts'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name)),
);

/** What a file imports: packages by name, files by their path from the root. Types count too, save where `types` is false. */
function importsOf(file: string, { types = true } = {}): string[] {
  const text = readFileSync(join(root, file), 'utf8');
  const found = [...text.matchAll(/(?:\bimport\s+(type\s)?[^'();]*?from\s+|\bimport\s+|\bimport\()'([^']+)'/g)];
  return found
    .filter(([, type]) => types || type === undefined)
    .map(([, , path = '']) => (path.startsWith('.') ? relative(root, resolve(root, dirname(file), path)) : path));
}

const isSdk = (name: string) => /^(@google-cloud\/(bigquery|pubsub)|@duckdb\/)/.test(name);

test('the layout has what these rules speak of', () => {
  expect(code).toEqual(
    expect.arrayContaining(['functions/index.ts', 'shared/adapters/duckdb.ts', 'shared/report.ts', 'cli/kpi.ts']),
  );
  expect(importsOf('shared/adapters/duckdb-connection.ts')).toContain('@duckdb/node-api');
});

test.each(code.filter((file) => !/^shared\/(adapters|engines)\//.test(file)))('%s imports no SDK', (file) => {
  expect(importsOf(file).filter(isSdk)).toEqual([]);
});

test.each(code.filter((file) => !/^shared\/(adapters|engines)\//.test(file)))(
  '%s loads adapters on first use, if at all',
  (file) => {
    const text = readFileSync(join(root, file), 'utf8');
    const eager = [...text.matchAll(/^import (?!type)[^;]*from '([^']*(?:adapters|engines)\/[^']*)'/gm)].map(([, path]) => path);
    expect(eager).toEqual([]);
  },
);

const pure = code.filter((file) =>
  /^shared\/(facts|tables|release)\/|^shared\/(calendar|gini|report|quality-gate|source-freshness|request|answer|failure|message|demo)\.ts$/.test(
    file,
  ),
);

test.each(pure)('%s is pure: no process, no clock, no file, no adapter', (file) => {
  const text = readFileSync(join(root, file), 'utf8');
  expect(importsOf(file).filter((name) => name.startsWith('node:') || name.includes('adapters/'))).toEqual([]);
  expect(text).not.toMatch(/\bprocess\.|new Date\(\)|Date\.now\(|Math\.random\(/);
});

test.each(code.filter((file) => file.startsWith('shared/tables/')))(
  '%s runs no SQL: tables see facts only by their types',
  (file) => {
    const values = importsOf(file, { types: false }).filter((name) => name.includes('shared/facts/'));
    expect(values.filter((name) => name !== 'shared/facts/facts')).toEqual([]);
  },
);

test.each(code.filter((file) => file.startsWith('dashboard/page/')))(
  '%s runs in a browser: it has types of the rest, and dates',
  (file) => {
    const values = importsOf(file, { types: false }).filter((name) => !name.startsWith('dashboard/page/'));
    expect(values.filter((name) => !['@observablehq/plot', 'shared/calendar'].includes(name))).toEqual([]);
  },
);

test.each(code.filter((file) => /^(functions|shared)\//.test(file)))('%s has nothing of the dashboard', (file) => {
  expect(importsOf(file).filter((name) => name.startsWith('dashboard'))).toEqual([]);
});

test.each(code.filter((file) => file.startsWith('shared/')))('%s knows no door', (file) => {
  expect(importsOf(file).filter((name) => /^(cli|functions)\//.test(name))).toEqual([]);
});
