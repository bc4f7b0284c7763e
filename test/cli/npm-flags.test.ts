import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { ended, type Result } from '../support/kpi-command';
import { settings } from '../support/processes';

/** npm itself, in a folder that has what a clone has. */
const root = resolve(__dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'kpi-npm-'));

beforeAll(() => {
  for (const name of ['bin', 'dist', 'node_modules']) symlinkSync(join(root, name), join(folder, name));
  for (const name of ['package.json', 'scripts']) cpSync(join(root, name), join(folder, name), { recursive: true });
});
afterAll(() => rmSync(folder, { recursive: true }));

function npm(...args: string[]): Promise<Result> {
  // what an npm that runs these tests has set is not meant for the npm under test
  const env = Object.fromEntries(Object.entries(settings({})).filter(([name]) => !/^npm_(config|lifecycle|command)/.test(name)));
  return ended(spawn('npm', args, { cwd: folder, env }));
}

test.each([
  [['run', 'export', '--dry-run'], 'npm run export -- --dry-run'],
  [['run', 'export', '--date=2025-12-23'], 'npm run export -- --date 2025-12-23'],
  [['run', 'export', '--date', '2025-12-23', '--dry-run'], 'npm run export -- --date 2025-12-23 --dry-run'],
  [['run', 'export', '--from', '2025-12-01', '--to', '2025-12-02'], 'npm run export -- --from 2025-12-01 --to 2025-12-02'],
  [['run', 'export', '--source=my data', '--', '--date', '2025-12-23'], "npm run export -- --source 'my data' --date 2025-12-23"],
  [['run', 'export', '--date', '2025-12-23', '--time-zone', 'UTC'], 'npm run export -- --date <date> --time-zone <zone>'],
  [['run', '-s', 'kpi', 'show', '--table', 'daily_funnel'], 'npm run kpi -- show --table daily_funnel'],
  [['run', 'kpi', 'gaps', '--fix'], 'npm run kpi -- gaps --fix'],
])('npm %j is refused, and shows the line that was meant', async (args, line) => {
  const { code, stderr } = await npm(...args);
  const said = stderr.split('\n').filter((text) => text.startsWith('kpi: '));
  expect([code, said]).toEqual([
    64,
    [expect.stringMatching(/^kpi: npm kept --.* for itself, as it does without --; run: npm run /)],
  ]);
  expect(said[0]).toContain(`; run: ${line} (BAD_REQUEST)`);
  expect(existsSync(join(folder, '.kpi'))).toBe(false);
});

test('flags after -- are taken, also beside a setting of npm of the same name', async () => {
  const { code, stdout } = await npm('run', '-s', 'export', '--json', '--', '--date', '2025-12-23', '--dry-run', '--json');
  expect([code, JSON.parse(stdout).dryRun]).toEqual([0, true]);
});
