import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { mutants } from './list';
import { type Mutant, mutate } from './mutant';

/** With a fault in the code, tests may wait for what never comes: that is a way of noticing it. */
const MOST_MS = { test: 20_000, run: 300_000 };

const names = process.argv.slice(2);
const unknown = names.filter((name) => !(name in mutants));
if (unknown.length > 0) fail(`no mutant ${unknown.join(', ')}; expected some of ${Object.keys(mutants).join(', ')}`);
const chosen = Object.entries(mutants).filter(([name]) => names.length === 0 || names.includes(name));

// faults go into a copy, so that this folder never holds one, whenever the run ends
const copy = mkdtempSync(join(tmpdir(), 'kpi-mutants-'));
process.on('exit', () => rmSync(copy, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130));
const left = ['node_modules', '.git', '.kpi', 'coverage'];
cpSync('.', copy, { recursive: true, filter: (path) => !left.includes(relative('.', path)) });
symlinkSync(join(process.cwd(), 'node_modules'), join(copy, 'node_modules'));

const { failed, output } = runTests([...new Set(chosen.flatMap(([, { tests }]) => tests))]);
if (failed !== null) fail(`without any fault, ${failed} fails\n${output}`);

const survivors: string[] = [];
for (const [name, mutant] of chosen) {
  const began = Date.now();
  const killer = kill(mutant);
  const seconds = `${Math.round((Date.now() - began) / 1000)} s`;
  say(killer === null ? `SURVIVED  ${name}: ${mutant.what} (${seconds})` : `killed    ${name}, by ${killer} (${seconds})`);
  if (killer === null) survivors.push(name);
}
say(`${chosen.length - survivors.length} of ${chosen.length} killed`);
process.exitCode = survivors.length === 0 ? 0 : 1;

/** The test that notices the fault; null if none does. */
function kill(mutant: Mutant): string | null {
  const file = join(copy, mutant.file);
  const before = readFileSync(file, 'utf8');
  writeFileSync(file, mutate(before, mutant));
  try {
    return runTests(mutant.tests).failed;
  } finally {
    writeFileSync(file, before);
  }
}

interface TestRun {
  /** The first test that failed. */
  failed: string | null;
  output: string;
}

/** What jest writes with --json. */
interface JestResults {
  testResults: { name: string; status: string; message: string; assertionResults: { status: string; fullName: string }[] }[];
}

function runTests(files: readonly string[]): TestRun {
  const results = join(copy, 'jest-results.json');
  rmSync(results, { force: true });
  const jest = join(copy, 'node_modules/jest/bin/jest.js');
  const needsCommand = files.some((file) => file.startsWith('test/cli/'));
  const setup = needsCommand ? [] : [`--globalSetup=${join(copy, 'test/mutants/no-setup.cjs')}`];
  const args = [
    '--bail',
    '--runInBand',
    `--testTimeout=${MOST_MS.test}`,
    '--json',
    `--outputFile=${results}`,
    ...setup,
    '--runTestsByPath',
    ...files,
  ];
  const { error, stderr } = spawnSync(process.execPath, [jest, ...args], {
    ...{ cwd: copy, timeout: MOST_MS.run, encoding: 'utf8' as const, stdio: ['ignore', 'ignore', 'pipe'] as const },
  });
  if (error !== undefined) return { failed: `no end within ${MOST_MS.run / 1000} s`, output: stderr };
  const { testResults } = JSON.parse(readFileSync(results, 'utf8')) as JestResults;
  const broken = testResults.find(({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0);
  if (broken !== undefined) fail(`${relative(copy, broken.name)} could not be run\n${broken.message}`);
  const failed = testResults.flatMap(({ name, assertionResults }) =>
    assertionResults.flatMap(({ status, fullName }) => (status === 'failed' ? `${relative(copy, name)} › ${fullName}` : [])),
  );
  return { failed: failed[0] ?? null, output: stderr };
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function fail(text: string): never {
  process.stderr.write(`${text}\n`);
  process.exit(64);
}
