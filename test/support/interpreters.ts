import { spawnSync } from 'node:child_process';

/** Python with the packages that tests of a release package need; KPI_TEST_PYTHON names another than python3. */
const python = process.env.KPI_TEST_PYTHON ?? 'python3';

const interpreters = {
  python: { program: python, run: '-c', load: (name: string) => `import ${name}` },
  r: { program: 'Rscript', run: '-e', load: (name: string) => `library(${name})` },
} as const;
export type Interpreter = keyof typeof interpreters;

/** Those of the libraries that can't be loaded; all of them where there is no such interpreter. */
export function missingLibraries(of: Interpreter, names: readonly string[]): string[] {
  const { program, run, load } = interpreters[of];
  return names.filter((name) => spawnSync(program, [run, load(name)], { stdio: 'ignore' }).status !== 0);
}

/** Runs some code in a folder; what it said on either output. */
export function runCode(of: Interpreter, code: string, folder: string): { status: number | null; said: string } {
  const { program, run } = interpreters[of];
  const { status, stdout, stderr } = spawnSync(program, [run, code], { cwd: folder, encoding: 'utf8' });
  return { status, said: `${stdout}${stderr}` };
}
