import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { Script } from 'node:vm';
import { build, type Plugin } from 'esbuild';
import type { Plant } from './plants';

/** What a program of its own process takes from its surroundings; all else is Node's. */
export const globalNames = [
  'require',
  'module',
  '__dirname',
  'process',
  'Date',
  'Math',
  'AbortSignal',
  'setTimeout',
  'clearTimeout',
  'setInterval',
  'clearInterval',
] as const;
export type Globals = Record<(typeof globalNames)[number], unknown>;

/** Starts a program: its modules run once more, with these globals, as in a process of its own. */
export type Program = (globals: Globals) => void;

export interface Programs {
  /** functions/index.ts, both functions */
  functions: Program;
  /** cli/kpi.ts, the command line */
  kpi: Program;
}

/** Packages that know nothing of a process or its clock, and are loaded once for all; and those that the simulation stands in for. */
const outside = ['@google-cloud/*', '@duckdb/*', 'google-auth-library', 'zod', 'temporal-polyfill'];

/** The programs as they are deployed, except that some packages stay outside, and that faults may be planted. */
export async function buildPrograms(root: string, plant: Plant | null): Promise<Programs> {
  const planted = new Set<string>();
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: { functions: 'functions/index.ts', kpi: 'cli/kpi.ts' },
    outdir: 'unwritten',
    write: false,
    bundle: true,
    external: outside,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    loader: { '.sql': 'text' },
    plugins: [withoutPage, plantIn(root, plant, planted)],
    logLevel: 'warning',
  });
  const missing = Object.keys(plant?.edits ?? {}).filter((file) => !planted.has(file));
  if (missing.length > 0) throw new Error(`nothing planted in ${missing.join(', ')}: no program imports it`);
  const programOf = (name: string) => compile(outputFiles.find(({ path }) => path.endsWith(`${name}.js`))?.text ?? '', name);
  return { functions: programOf('functions'), kpi: programOf('kpi') };
}

function compile(text: string, name: string): Program {
  const script = new Script(`(function (${globalNames.join(', ')}) {${text}\n})`, { filename: `${name}.simulated.js` });
  const start = script.runInThisContext() as (...globals: unknown[]) => void;
  return (globals) => start(...globalNames.map((global) => globals[global]));
}

/** The page of the dashboard isn't simulated, and takes seconds to build. */
const withoutPage: Plugin = {
  name: 'without-page',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^dashboard:assets$/ }, ({ path }) => ({ path, namespace: 'dashboard' }));
    onLoad({ filter: /.*/, namespace: 'dashboard' }, () => ({ contents: '{}', loader: 'json' }));
  },
};

function plantIn(root: string, plant: Plant | null, planted: Set<string>): Plugin {
  return {
    name: 'plant',
    setup({ onLoad }) {
      for (const [file, edits] of Object.entries(plant?.edits ?? {}))
        onLoad({ filter: new RegExp(`${file.replaceAll('.', '\\.')}$`) }, ({ path }) => {
          if (relative(root, path) !== file) return null;
          planted.add(file);
          return { contents: edits.reduce((text, edit) => replaceOnce(text, edit, file), read(root, file)), loader: 'ts' };
        });
    },
  };
}

function replaceOnce(text: string, [from, to]: readonly [string, string], file: string): string {
  const parts = text.split(from);
  if (parts.length !== 2) throw new Error(`expected once in ${file}, found ${parts.length - 1} times: ${from}`);
  return parts.join(to);
}

function read(root: string, file: string): string {
  return readFileSync(join(root, file), 'utf8');
}
