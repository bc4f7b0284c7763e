import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { scripts } from '../../package.json';
import { freePort } from '../support/free-port';
import { runHosted } from '../support/kpi-command';
import { settings } from '../support/processes';

/**
 * The commands of the documents do what is said of them: each block of them, as printed, in a folder that has what a clone has. A comment
 * before a block says where it differs: `not run: why`, `runs on: FUNCTION` (one that is being served), `with: ./data`.
 */
const root = resolve(__dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'kpi-commands-'));
const env = settings({});

interface Block {
  document: string;
  note: string;
  commands: string;
}

const blocks = ['README.md', 'docs/functions.md', 'docs/command-line.md'].flatMap((document): Block[] =>
  Array.from(
    readFileSync(join(root, document), 'utf8').matchAll(/(?:^<!-- ([^\n]*) -->\n)?^```sh\n(.*?)^```$/gms),
    ([, note = '', commands = '']) => ({ document, note, commands: commands.trim() }),
  ),
);
const title = ({ document, commands }: Block) => `${document}: ${commands.split('\n')[0]}`;
/** Of blocks that are printed several times, one. */
const noted = (wanted: string) =>
  Array.from(new Map(blocks.filter(({ note }) => note === wanted).map((block) => [block.commands, block])).values(), (block) => ({
    ...block,
    title: title(block),
  }));

beforeAll(() => {
  for (const name of ['bin', 'dist', 'node_modules']) symlinkSync(join(root, name), join(folder, name));
  for (const name of ['package.json', 'scripts']) cpSync(join(root, name), join(folder, name), { recursive: true });
  mkdirSync(join(folder, 'data'));
  const hourAgo = new Date(Date.now() - 3_600_000).toISOString();
  writeFileSync(join(folder, 'data/users.csv'), 'user_id,created_at\nu1,2025-10-01T09:00:00Z\n');
  const header = 'measurement_id,user_id,session_id,created_at,error_type';
  writeFileSync(join(folder, 'data/measurements.csv'), `${header}\nm1,u1,s1,${hourAgo},\n`);
});
afterAll(() => rmSync(folder, { recursive: true }));

async function shell(commands: string): Promise<{ code: number | null; said: string }> {
  const child = spawn('bash', ['-euo', 'pipefail', '-c', commands], { cwd: folder, env });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += String(chunk)));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, said };
}

/** Plain words after `npx kpi`, and a comment. */
const hosted = /^npx kpi((?: [\w./:=-]+)*)(?: +#.*)?$/;
let isNpxTried = false;

/** The first `npx kpi` is run as it is typed. The others would start the same program, and take a second longer: runHosted runs them. */
async function runAsTyped(command: string): Promise<{ code: number | null; said: string }> {
  const [, words] = hosted.exec(command) ?? [];
  if (words === undefined || !isNpxTried) {
    isNpxTried ||= words !== undefined;
    return shell(command);
  }
  const { code, stdout, stderr } = await runHosted(folder, words.trim().split(' '), env);
  return { code, said: stdout + stderr };
}

test('blocks are found, each with a note that is understood', () => {
  expect(blocks.length).toBeGreaterThan(10);
  expect(blocks.filter(({ note }) => !/^($|not run: .|runs on: exportKpi(Http)?$|with: \.\/data$)/.test(note))).toEqual([]);
});

test('README.md begins with the two commands, and has the page', () => {
  expect(blocks[0]?.commands).toBe('npm ci\nnpm run export -- --date 2025-12-23');
  expect(blocks.map(({ commands }) => commands)).toContain('npm run demo');
});

/** What a block runs here. The packages are installed; the page has a test of its own, since its command doesn't end. */
const commandsOf = ({ commands }: Block) => commands.split('\n').filter((line) => line !== 'npm ci' && line !== 'npm run demo');
const plain = blocks.filter((block) => ['', 'with: ./data'].includes(block.note) && commandsOf(block).length > 0);

let saidByExport = '';

// in the order of the document: what one writes, the next shows
test.each(plain.map((block) => [title(block), block] as const))('%s', async (_, block) => {
  for (const command of commandsOf(block)) {
    const { code, said } = await runAsTyped(command);
    // a demo of one date has gaps and no daily run: these commands say so
    const expected = / (status|gaps)$/.test(command) ? 2 : 0;
    expect({ command, said, code }).toEqual({ command, said, code: expected });
    if (command === 'npm run export -- --date 2025-12-23') saidByExport = said;
  }
});

test('the export of README.md ends as printed there', () => {
  const [, printed = ''] = /^```text\n(Report of .*?)^```$/ms.exec(readFileSync(join(root, 'README.md'), 'utf8')) ?? [];
  const lines = printed.split('\n').filter((line) => line !== '' && line !== '…');
  for (const line of lines) expect(saidByExport).toContain(line);
  expect(lines.length).toBeGreaterThan(7);
});

/** One function has the demo data that it takes without settings, the other a source that is counted sooner. */
const functions: [string, Record<string, string>][] = [
  ['exportKpi', { KPI_SOURCE: './data', KPI_WAREHOUSE: 'events.duckdb' }],
  ['exportKpiHttp', {}],
];

describe.each(functions)('the requests to %s', (target, given) => {
  let stop: () => Promise<void>;
  let port: number;
  beforeAll(async () => {
    port = await freePort();
    const script = scripts[target === 'exportKpi' ? 'start' : 'start:http'];
    const [, args = ''] = /&& node (.*)$/.exec(script) ?? [];
    const server = spawn(process.execPath, args.split(' '), {
      cwd: folder,
      env: { ...env, ...given, PORT: String(port) },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const closed = once(server, 'close');
    stop = async () => {
      server.kill();
      await closed;
    };
    await once(server.stdout, 'data'); // it says that it is ready
    server.stdout.resume();
  });
  afterAll(() => stop());

  test.each(noted(`runs on: ${target}`))('$title', async ({ commands }) => {
    const { code, said } = await shell(commands.replaceAll('localhost:8080', `127.0.0.1:${port}`));
    expect(code).toBe(0);
    expect(said).toMatch(/HTTP\/1\.1 204|"success":true|"code":"BAD_REQUEST"/);
  });
});

test('npm run demo serves the page at the address that it prints', async () => {
  const child = spawn('npm', ['run', 'demo', '--', '--port', '0'], { cwd: folder, env, detached: true });
  let said = '';
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.on('data', (chunk) => {
      said += String(chunk);
      const [address] = /http:\/\/[^\s]+/.exec(said) ?? [];
      if (address !== undefined) resolve(address);
    });
    child.once('close', () => reject(new Error(`ended: ${said}`)));
  });
  expect(await (await fetch(url)).text()).toContain('<!doctype html>');
  const closed = once(child, 'close');
  process.kill(-(child.pid ?? 0), 'SIGINT'); // as Ctrl-C does: to npm and all that it started
  await closed;
});
