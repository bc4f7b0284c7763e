import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { createRandom } from '../support/random-source';
import { mutants } from './list';
import { type Mutant, mutate } from './mutant';
import { generate } from './operators';
import { pureFiles } from './pure';

/** With a fault in the code, tests may wait for what never comes: that is a way of noticing it. */
const MOST_MS = { test: 20_000, run: 300_000 };

const { values: flags, positionals: names } = parseArgs({
  allowPositionals: true,
  options: {
    /** So many faults that operators make (operators.ts) instead of those of the list. */
    sample: { type: 'string' },
    /** Which ones. */
    seed: { type: 'string', default: '1' },
  },
});
const generated = generateAll();
const known = { ...mutants, ...generated };
const unknown = names.filter((name) => !(name in known));
if (unknown.length > 0) fail(`no mutant ${unknown.join(', ')}; expected some of ${Object.keys(mutants).join(', ')}`);
const listed = flags.sample === undefined ? Object.entries(mutants) : sampleOf(generated, Number(flags.sample));
const chosen = names.length === 0 ? listed : Object.entries(known).filter(([name]) => names.includes(name));

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
  const { failed: killer, isBroken, output } = runWith(mutant);
  if (isBroken && name in mutants) fail(`${name}: ${killer}\n${output}`); // a fault that doesn't even load proves nothing
  const seconds = `${Math.round((Date.now() - began) / 1000)} s`;
  say(killer === null ? `SURVIVED  ${name}: ${mutant.what} (${seconds})` : `killed    ${name}, by ${killer} (${seconds})`);
  if (killer === null) survivors.push(name);
}
say(`${chosen.length - survivors.length} of ${chosen.length} killed`);
process.exitCode = survivors.length === 0 ? 0 : 1;

/** What operators make of the files that are pure. */
function generateAll(): Record<string, Mutant> {
  const found = Object.entries(pureFiles).map(([file, tests]) => generate(file, readFileSync(file, 'utf8'), tests));
  return Object.assign({}, ...found);
}

function sampleOf(all: Record<string, Mutant>, size: number): [name: string, mutant: Mutant][] {
  const random = createRandom(Number(flags.seed));
  const left = Object.entries(all);
  return Array.from({ length: Math.min(size, left.length) }, () => left.splice(random.below(left.length), 1)).flat();
}

/** The tests of a fault, with it in the code. */
function runWith(mutant: Mutant): TestRun {
  const file = join(copy, mutant.file);
  const before = readFileSync(file, 'utf8');
  writeFileSync(file, mutate(before, mutant));
  try {
    let ran: TestRun | null = null;
    for (const test of mutant.tests) if (ran === null || ran.failed === null) ran = runTests([test]);
    return ran ?? fail(`expected tests of ${mutant.file}`);
  } finally {
    writeFileSync(file, before);
  }
}

interface TestRun {
  /** The first test that failed. */
  failed: string | null;
  /** A test file could not be loaded. */
  isBroken: boolean;
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
    cwd: copy,
    timeout: MOST_MS.run,
    encoding: 'utf8' as const,
    stdio: ['ignore', 'ignore', 'pipe'] as const,
  });
  if (error !== undefined) return { failed: `no end within ${MOST_MS.run / 1000} s`, isBroken: false, output: stderr };
  if (!existsSync(results)) return { failed: 'jest, which could not start', isBroken: true, output: stderr };
  const { testResults } = JSON.parse(readFileSync(results, 'utf8')) as JestResults;
  const broken = testResults.find(({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0);
  if (broken !== undefined)
    return { failed: `${relative(copy, broken.name)}, which could not be loaded`, isBroken: true, output: broken.message };
  const failed = testResults.flatMap(({ name, assertionResults }) =>
    assertionResults.flatMap(({ status, fullName }) => (status === 'failed' ? `${relative(copy, name)} › ${fullName}` : [])),
  );
  return { failed: failed[0] ?? null, isBroken: false, output: stderr };
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function fail(text: string): never {
  process.stderr.write(`${text}\n`);
  process.exit(64);
}
