import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { deleteCommand } from '../../cli/delete';
import { diffCommand } from '../../cli/diff';
import { exportCommand } from '../../cli/export';
import { gapsCommand } from '../../cli/gaps';
import { refuseFlagsOfNpm } from '../../cli/npm-flags';
import { releaseCommand } from '../../cli/release';
import { replayCommand } from '../../cli/replay';
import { showCommand } from '../../cli/show';

import { ended, type Result, runHosted } from '../support/kpi-command';
import { settings } from '../support/processes';
import { sample } from '../support/sample';

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

const refused: [args: string[], line: string][] = [
  [['run', 'export', '--dry-run'], 'npm run export -- --dry-run'],
  [['run', 'export', '--date=2025-12-23'], 'npm run export -- --date 2025-12-23'],
  [['run', 'export', '--date', '2025-12-23', '--dry-run'], 'npm run export -- --date 2025-12-23 --dry-run'],
  [['run', 'export', '--from', '2025-12-01', '--to', '2025-12-02'], 'npm run export -- --from 2025-12-01 --to 2025-12-02'],
  [['run', 'export', '--source=my data', '--', '--date', '2025-12-23'], "npm run export -- --source 'my data' --date 2025-12-23"],
  [['run', 'export', '--date', '2025-12-23', '--time-zone', 'UTC'], 'npm run export -- --date <date> --time-zone <zone>'],
  [['run', 'kpi', 'show', '--table', 'daily_funnel'], 'npm run kpi -- show --table daily_funnel'],
  [['run', 'kpi', 'gaps', '--fix'], 'npm run kpi -- gaps --fix'],
  [['run', 'export', '--dryrun'], 'npm run export -- --dry-run'],
  [['run', 'export', '--timeZone=Europe/Berlin'], 'npm run export -- --time-zone Europe/Berlin'],
  [['run', 'export', '--dates=2025-12-20', '--DRY_RUN'], 'npm run export -- --date 2025-12-20 --dry-run'],
  [['run', 'export', '--datte', '2025-12-20'], 'npm run export -- --date 2025-12-20'],
  [['run', 'export', '--warehose=x.duckdb', '--sorce=data'], 'npm run export -- --source data --warehouse x.duckdb'],
  [['run', 'export', '--dates='], "npm run export -- --date ''"],
  [['run', 'kpi', 'show', '--tabel=daily_funnel'], 'npm run kpi -- show --table daily_funnel'],
];

function expectRefusal({ code, stderr }: Result, line: string): void {
  const said = stderr.split('\n').filter((text) => text.startsWith('kpi: '));
  expect([code, said]).toEqual([
    64,
    [expect.stringMatching(/^kpi: npm kept --.* for itself, as it does without --; run: npm run /)],
  ]);
  expect(said[0]).toContain(`; run: ${line} (BAD_REQUEST)`);
  expect(existsSync(join(folder, '.kpi'))).toBe(false);
}

test.each(sample(refused, 3))('npm %j is refused, and shows the line that was meant', async (args, line) => {
  expectRefusal(await npm(...args), line);
});

test('flags after -- are used, also if npm has a setting of the same name', async () => {
  const { code, stdout } = await npm('run', '-s', 'export', '--json', '--', '--date', '2025-12-23', '--dry-run', '--json');
  expect([code, JSON.parse(stdout).dryRun]).toEqual([0, true]);
});

test("npm's own settings, by flag, file or environment, are no errors", async () => {
  writeFileSync(join(folder, '.npmrc'), 'dates=2025-12-01\ntime_zones = x\nloglevel=error\n');
  const settings = ['--registry=http://127.0.0.1:9', '--cache=./cache', '--foreground-scripts', '--no-color', '--prefer-offline'];
  const { code, stdout } = await npm('run', '-s', 'export', ...settings, '--', '--date', '2025-12-23', '--dry-run', '--json');
  rmSync(join(folder, '.npmrc'));
  expect([code, JSON.parse(stdout).dryRun]).toEqual([0, true]);
});

/** npm's own list of its settings. */
const cli = realpathSync(
  (process.env.PATH ?? '')
    .split(delimiter)
    .map((path) => join(path, 'npm'))
    .find((path) => existsSync(path)) ?? '',
);
const { definitions, shorthands, flatten } = jest.requireActual(
  join(dirname(cli), '../node_modules/@npmcli/config/lib/definitions'),
);
const Config = jest.requireActual(join(dirname(cli), '../node_modules/@npmcli/config'));

/** What npm makes of `npm run …`, by its own code, but without its start: the script's arguments, and what is in its environment. */
async function parseAsNpm(args: readonly string[]): Promise<{ script: string; rest: string[]; env: NodeJS.ProcessEnv }> {
  const env: NodeJS.ProcessEnv = { PATH: process.env.PATH, HOME: folder };
  const argv = [process.execPath, cli, ...args];
  const npmPath = resolve(dirname(cli), '..');
  const config = new Config({ npmPath, definitions, shorthands, flatten, argv, env, cwd: folder });
  await config.load();
  config.setEnvs();
  const [, script, ...rest] = config.parsedArgv.remain;
  return { script, rest, env: { ...env, npm_lifecycle_event: script } };
}

test.each(refused)('what npm makes of %j is refused, and shows the line that was meant', async (args, line) => {
  const { script, rest, env } = await parseAsNpm(args);
  expectRefusal(await runHosted(folder, script === 'export' ? ['export', ...rest] : rest, env), line);
});

const byNpm = ['npm_version', 'local_prefix', 'global_prefix', 'node_gyp', 'user_agent', 'argv', 'python', 'disturl', 'target'];

const commands = [exportCommand, deleteCommand, diffCommand, gapsCommand, releaseCommand, replayCommand, showCommand].map(
  (make) => make(),
);

test.each(commands.map((command) => [command.name(), command] as const))(
  'none of them is taken for a misspelt option of kpi %s',
  (name, command) => {
    const settings = [...Object.keys(definitions), ...byNpm].map((setting) => setting.replaceAll('-', '_'));
    const strange = settings.filter((setting) => !command.options.some((one) => one.name().replaceAll('-', '_') === setting));
    const env = Object.fromEntries(strange.map((setting) => [`npm_config_${setting}`, 'true']));
    delete env.npm_config_token_description; // what npm makes of --to
    expect(strange.length).toBeGreaterThan(100);
    expect(() => refuseFlagsOfNpm([command], [name], { ...env, npm_lifecycle_event: 'kpi' })).not.toThrow();
  },
);
