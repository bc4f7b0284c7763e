import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { files as published } from '../package.json';
import { run } from './support/deployment';
import { settings } from './support/processes';

/** What `npm pack` makes, installed where there is no checkout, with the dependencies of the lock file. */
const root = resolve(__dirname, '..');
const folder = mkdtempSync(join(tmpdir(), 'kpi-install-'));
const [prefix, unpacked, empty] = ['prefix', 'package', 'empty'].map((name) => join(folder, name)) as [string, string, string];
const env = { ...settings({}), PATH: [join(prefix, 'bin'), dirname(process.execPath), '/usr/bin', '/bin'].join(delimiter) };
/** Of a tarball's content, as npm tells it. */
let packed: { filename: string; files: { path: string }[] };

const npm = (cwd: string, ...args: string[]) =>
  execFileSync('npm', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
const kpi = (...args: string[]) => run('bash', ['-c', 'cd "$0" && exec kpi "$@"', empty, ...args], env);

beforeAll(() => {
  mkdirSync(empty);
  // dist/ is built, and other tests read it
  [packed] = JSON.parse(npm(root, 'pack', '--json', '--ignore-scripts', '--pack-destination', folder));
  execFileSync('tar', ['-xzf', join(folder, packed.filename), '-C', folder]);
  copyFileSync(join(root, 'package-lock.json'), join(unpacked, 'package-lock.json'));
  npm(unpacked, 'ci', '--omit=dev', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund'); // from npm's cache
  npm(unpacked, 'install', '--global', '--prefix', prefix, '--ignore-scripts', '--offline', '--no-audit', '--no-fund', '.');
}, 300_000);
afterAll(() => rmSync(folder, { recursive: true }));

test('it has the program, and the documents that messages name', () => {
  const paths = packed.files.map(({ path }) => path);
  expect(paths).toEqual(expect.arrayContaining(['bin/kpi.mjs', 'dist/kpi.cjs', 'README.md', 'LICENSE', 'docs/errors.md']));
  expect(
    paths.filter((path) => !/^(bin\/kpi\.mjs|dist\/[\w.]+|docs\/[\w-]+\.md|README\.md|LICENSE|package\.json)$/.test(path)),
  ).toEqual([]);
  expect(published).toContain('dist/THIRD_PARTY_LICENSES.txt');
});

test('the demo is exported in an empty folder, and advice names the installed command', async () => {
  const { code, stdout } = await kpi('export', '--date', '2025-12-23');
  expect(code).toBe(0);
  expect(stdout).toContain('Wrote 60 rows of 2025-12-23 (demo data) to .kpi/warehouse.duckdb\n\nNext: kpi dashboard');
  expect((await kpi('dashboard')).stdout).toMatch(/^Wrote \.kpi\/dashboard\.html: 12 days/);
});

test('without DuckDB, one line says what is missing', async () => {
  rmSync(join(unpacked, 'node_modules/@duckdb'), { recursive: true });
  const { code, stdout, stderr } = await kpi('export', '--date', '2025-12-23');
  expect([code, stdout]).toEqual([64, '']);
  expect(stderr).toMatch(/^kpi: DuckDB, the embedded engine, is not installed; .* \(BAD_CONFIG\)\n$/);
  const checks = (await kpi('doctor')).stdout;
  expect(checks).not.toContain('UNEXPECTED');
});
