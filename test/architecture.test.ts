import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

/** The layout is the architecture: who may import what. */
const root = resolve(__dirname, '..');

/** The rooms of shared/, each with those that it may import. */
const rooms: Record<string, string[]> = {
  platform: [],
  metrics: ['platform'],
  release: ['platform', 'metrics'],
  engines: ['platform', 'metrics'],
  pubsub: ['platform'],
  export: ['platform', 'metrics', 'release', 'engines'],
  operate: ['platform', 'metrics', 'engines', 'pubsub', 'export'],
};

/** What loads an SDK is loaded by it on first use. */
const LAZY = /^shared\/(engines\/(bigquery|duckdb)|pubsub)\//;
const SDK = /^(@google-cloud\/(bigquery|pubsub)|@duckdb\/)/;

interface Import {
  file: string;
  /** A package by its name, a file by its path from the root. */
  of: string;
  kind: 'type' | 'value' | 'lazy';
}

const files = ['functions', 'shared', 'cli', 'dashboard', 'scripts'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name)),
);
const text = new Map(files.map((file) => [file, readFileSync(join(root, file), 'utf8')]));
const imports = files.flatMap(importsOf);

function importsOf(file: string): Import[] {
  const found = (text.get(file) ?? '').matchAll(
    /\b(?:(?:import|export)\s+(type\s)?[^'();]*?from\s+|import\s+|(import)\()'([^']+)'/g,
  );
  return [...found].map(([, type, lazy, path = '']) => ({
    file,
    of: path.startsWith('.') ? pathOf(resolve(root, dirname(file), path)) : path,
    kind: type !== undefined ? 'type' : lazy !== undefined ? 'lazy' : 'value',
  }));
}

function pathOf(path: string): string {
  const found = ['', '.ts', '/index.ts'].map((end) => `${path}${end}`).find((one) => /\.\w+$/.test(one) && existsSync(one));
  return relative(root, found ?? path);
}

const roomOf = (path: string) => /^shared\/(\w+)\//.exec(path)?.[1] ?? null;
const isIn = (path: string, ...folders: string[]) => folders.some((folder) => path.startsWith(`${folder}/`));
const shown = (found: Import[]) => found.map(({ file, of }) => `${file} imports ${of}`);
const breaking = (isBreach: (one: Import) => boolean) => shown(imports.filter(isBreach));

test('each room of shared/ imports only those that it may, and says so in its README', () => {
  expect(readdirSync(join(root, 'shared')).sort()).toEqual(Object.keys(rooms).sort());
  const breaches = breaking(({ file, of }) => {
    const [room, other] = [roomOf(file), roomOf(of)];
    return room !== null && other !== null && other !== room && !rooms[room]?.includes(other);
  });
  expect(breaches).toEqual([]);
  for (const [room, others] of Object.entries(rooms)) {
    const readme = readFileSync(join(root, 'shared', room, 'README.md'), 'utf8');
    const [, named = ''] = /May import: ([^.]*)\./.exec(readme) ?? [];
    expect([room, [...named.matchAll(/`(\w+)\/`/g)].map(([, other]) => other).sort()]).toEqual([room, [...others].sort()]);
  }
});

test('no file imports itself by way of others', () => {
  const next = new Map<string, string[]>();
  for (const { file, of } of imports) next.set(file, [...(next.get(file) ?? []), of]);
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (file: string, way: string[]) => {
    if (way.includes(file)) cycles.push([...way.slice(way.indexOf(file)), file].join(' → '));
    if (done.has(file) || way.includes(file)) return;
    for (const other of next.get(file) ?? []) visit(other, [...way, file]);
    done.add(file);
  };
  for (const file of files) visit(file, []);
  expect(cycles).toEqual([]);
});

test('SDKs are loaded on first use, by the files that need them alone', () => {
  expect(breaking(({ file, of }) => SDK.test(of) && !LAZY.test(file))).toEqual([]);
  expect(breaking(({ file, of, kind }) => kind === 'value' && LAZY.test(of) && !LAZY.test(file))).toEqual([]);
  expect(breaking(({ of }) => SDK.test(of))).not.toEqual([]);
});

test('metrics/ and release/ are pure: no process, no clock, no file', () => {
  const pure = files.filter((file) => isIn(file, 'shared/metrics', 'shared/release'));
  const impure = /\bprocess\.|new Date\(\)|Date\.now\(|Math\.random\(/;
  expect(pure.filter((file) => impure.test(text.get(file) ?? ''))).toEqual([]);
  expect(breaking(({ file, of }) => pure.includes(file) && of.startsWith('node:'))).toEqual([]);
});

test('a table runs no SQL: it sees facts by their types', () => {
  const facts = (of: string) => isIn(of, 'shared/metrics/facts') && of !== 'shared/metrics/facts/facts.ts';
  expect(breaking(({ file, of, kind }) => isIn(file, 'shared/metrics/tables') && facts(of) && kind !== 'type')).toEqual([]);
});

test('nothing in shared/ or functions/ knows a door or the page', () => {
  expect(breaking(({ file, of }) => isIn(file, 'shared') && isIn(of, 'cli', 'functions', 'dashboard'))).toEqual([]);
  expect(breaking(({ file, of }) => isIn(file, 'functions') && isIn(of, 'cli', 'dashboard'))).toEqual([]);
});

test('the page runs in a browser: it has types of the rest, dates and kinds of error', () => {
  const allowed = [
    '@observablehq/plot',
    'shared/metrics/calendar.ts',
    'shared/metrics/error-kinds.ts',
    'shared/metrics/grain.ts',
  ];
  const isOutside = (of: string) => !isIn(of, 'dashboard/page') && !allowed.includes(of);
  expect(breaking(({ file, of, kind }) => isIn(file, 'dashboard/page') && kind !== 'type' && isOutside(of))).toEqual([]);
});
