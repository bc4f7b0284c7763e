import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { reportMetrics } from '../../dashboard/history';
import { publishedTableNames } from '../../shared/metrics/tables';
import { runKpi } from '../support/kpi-command';

/** What `kpi completion` prints, in the shells that are for it. */
const folder = mkdtempSync(join(tmpdir(), 'kpi-completion-'));
const script = join(folder, 'kpi.bash');
afterAll(() => rmSync(folder, { recursive: true }));

beforeAll(async () => {
  mkdirSync(join(folder, 'my data'));
  for (const shell of ['bash', 'zsh', 'fish'])
    writeFileSync(join(folder, `kpi.${shell}`), (await runKpi(folder, ['completion', shell])).stdout);
});

/** What bash offers after these words. */
function offered(...words: string[]): string[] {
  const ask = `source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _kpi; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return execFileSync('bash', ['-c', ask, script, 'kpi', ...words], { cwd: folder, encoding: 'utf8' })
    .split('\n')
    .filter((line) => line !== '');
}

test.each<[string[], string[]]>([
  [['sho'], ['show']],
  [['ex'], ['export', 'explain']],
  [['show', '--ta'], ['--table']],
  [['show', '--table', ''], [...publishedTableNames]],
  [
    ['show', '--csv', '--table', 'daily_e'],
    ['daily_engagement', 'daily_errors'],
  ],
  [['show', '--table', '='], [...publishedTableNames]],
  [['show', '--table', '=', 'daily_f'], ['daily_funnel']],
  [
    ['export', '--date', ''],
    ['today', 'yesterday'],
  ],
  [['export', '--source', 'my'], ['my data']],
  [['status', '--runs', ''], []],
  [['explain', 'conv'], ['conversion_rate']],
  [['completion', 'f'], ['fish']],
  [['export', '$(touch evaluated)'], []],
  [['nothing', '--ta'], []],
])('after %j bash offers %j', (words, expected) => {
  expect(offered(...words)).toEqual(expected);
  expect(readdirSync(folder)).not.toContain('evaluated');
});

test('all commands, options and figures are offered', async () => {
  const { stdout } = await runKpi(folder, ['--help']);
  const commands = Array.from(stdout.matchAll(/^ {2}([a-z]+) (?=.* {2})/gm), ([, name = '']) => name).filter(
    (name) => name !== 'help',
  );
  expect(commands.length).toBeGreaterThan(10);
  expect(offered('').filter((word) => !word.startsWith('-'))).toEqual(commands);
  for (const command of commands) {
    const { stdout: help } = await runKpi(folder, [command, '--help']);
    const options = Array.from(help.matchAll(/^ {2}(?:-\w, )?(--[\w-]+)/gm), ([, name = '']) => name);
    expect([command, offered(command, '--')]).toEqual([command, options]);
  }
  expect(offered('explain', '')).toEqual(expect.arrayContaining(reportMetrics.map(({ name }) => name)));
}, 120_000);

const hasScript = spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout?.includes('util-linux') ?? false;
const isThere = (shell: string) => spawnSync(shell, ['--version']).error === undefined;
const start: Record<string, string> = { bash: 'bash --noprofile --rcfile .zshrc -i', zsh: 'zsh -i' };

describe.each(Object.keys(start))('%s', (shell) => {
  (hasScript && isThere(shell) ? test : test.skip)('completes what is typed, key by key', async () => {
    const setUp = `PS1='ready> '; source ${join(folder, `kpi.${shell}`)}; kpi() { printf '<%s>' "$@"; exit; }`;
    writeFileSync(join(folder, '.zshrc'), setUp);
    const env = { ...process.env, ZDOTDIR: folder };
    const terminal = spawn('script', ['-qec', start[shell] ?? '', '/dev/null'], { cwd: folder, env });
    let said = '';
    let typed = false;
    terminal.stdout.on('data', (chunk) => {
      said += String(chunk);
      if (typed || !said.includes('ready> ')) return;
      typed = true;
      terminal.stdin.write('kpi sho\t--tab\tdaily_f\t--out kpi.b\t\r');
    });
    await once(terminal, 'close');
    expect(said).toContain('<show><--table><daily_funnel><--out><kpi.bash>');
  });
});

(isThere('fish') ? test : test.skip)('fish offers the same', () => {
  const ask = 'source kpi.fish; complete -C "kpi show --table daily_f"; complete -C "kpi export --da"';
  const said = execFileSync('fish', ['-c', ask], { cwd: folder, encoding: 'utf8' });
  expect(said).toMatch(/^daily_funnel\t.*\n--date\tdate of the report/);
});

test.each([[[]], [['csh']]])('completion %j is refused in one line', async (args) => {
  const { code, stdout, stderr } = await runKpi(folder, ['completion', ...args]);
  expect([code, stdout, stderr]).toEqual([64, '', expect.stringMatching(/^kpi: .*\(BAD_REQUEST\)\n$/)]);
});
