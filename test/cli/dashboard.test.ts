import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DuckDBInstance } from '@duckdb/node-api';
import { until } from '../support/deployment';
import { ended, runKpi, startKpi } from '../support/kpi-command';

/** `kpi dashboard`. What the page shows is tested in a browser. */
const folder = mkdtempSync(join(tmpdir(), 'kpi-dashboard-'));
const warehouse = join(folder, 'warehouse.duckdb');

const start = (...args: string[]) => startKpi(folder, args);
const kpi = (...args: string[]) => runKpi(folder, args);

function dataOf(html: string) {
  return JSON.parse(/<script type="application\/json" id="data">(.*?)<\/script>/s.exec(html)?.[1] ?? '');
}

beforeAll(() =>
  kpi('export', '--source', 'demo', '--warehouse', warehouse, '--date', '2025-12-23', '--time-zone', 'Europe/Berlin', '--json'),
);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('writes one file and prints its path', async () => {
  const file = join(folder, 'pages', 'kpis.html');
  const { code, stdout, stderr } = await kpi('dashboard', '--warehouse', warehouse, '--date', '2025-12-20', '--out', file);
  expect({ code, stdout, stderr }).toEqual({
    code: 0,
    stdout: expect.stringMatching(/^Wrote pages\/kpis\.html: 12 days, \d{3} kB\n$/),
    stderr: '',
  });
  const html = readFileSync(file, 'utf8');
  expect(html).not.toMatch(/(?:src|href)="(?!data:)/);
  expect(dataOf(html)).toMatchObject({ date: '2025-12-20', of: { kind: 'reports', newest: { date: '2025-12-23' } } });
});

test("days are those of the reports' time zone, and demo data is labelled", async () => {
  const file = join(folder, 'zone.html');
  await kpi('dashboard', '--warehouse', warehouse, '--out', file);
  expect(dataOf(readFileSync(file, 'utf8'))).toMatchObject({ timeZone: 'Europe/Berlin', isDemo: true });
  const { code, stderr } = await kpi('dashboard', '--warehouse', warehouse, '--time-zone', 'UTC', '--out', file);
  expect([code, stderr]).toEqual([64, expect.stringMatching(/^kpi: .*in Europe\/Berlin, the settings name UTC; .*\n$/)]);
});

test('without --out it is .kpi/dashboard.html', async () => {
  const { stdout } = await kpi('dashboard', '--warehouse', warehouse);
  expect(stdout).toMatch(/^Wrote \.kpi.dashboard\.html: \d+ days, \d+ kB\n$/);
  expect(existsSync(join(folder, '.kpi/dashboard.html'))).toBe(true);
});

test('replaces its own pages and no other file', async () => {
  const [page, notes] = [join(folder, 'twice.html'), join(folder, 'notes.html')];
  const write = (file: string, ...args: string[]) => kpi('dashboard', '--warehouse', warehouse, '--out', file, ...args);
  writeFileSync(notes, '<!doctype html><title>Daily KPIs</title>');
  expect([(await write(page)).code, (await write(page)).code, (await write(notes)).code]).toEqual([0, 0, 64]);
  expect(readFileSync(notes, 'utf8')).toBe('<!doctype html><title>Daily KPIs</title>');
  expect((await write(notes, '--force')).code).toBe(0);
  expect(dataOf(readFileSync(notes, 'utf8')).grains.day.periods).toHaveLength(12);
});

test('never replaces the warehouse', async () => {
  const before = readFileSync(warehouse);
  const { code, stderr } = await kpi('dashboard', '--warehouse', warehouse, '--out', warehouse, '--force');
  expect([code, stderr]).toEqual([
    64,
    `kpi: --out: ${warehouse} is a warehouse or a source; expected another path (BAD_REQUEST)\n`,
  ]);
  expect(readFileSync(warehouse).equals(before)).toBe(true);
});

test.each([
  ['no warehouse', ['--warehouse', join(folder, 'none.duckdb')], /does not exist; export a date first.*\(BAD_CONFIG\)/],
  [
    'a file that is a folder',
    ['--warehouse', warehouse, '--out', folder],
    /--out: .* can't be written: it is a folder; expected a path of a file \(BAD_REQUEST\)/,
  ],
  ['a port that is none', ['--serve', '--port', '70000'], /Expected a number from 0 to 65535/],
  ['a file and a server', ['--serve', '--out', 'x.html'], /cannot be used with/],
  ['a date that is none', ['--warehouse', warehouse, '--date', '2025-02-30'], /date: expected a calendar date/],
])('refuses %s in one line', async (_, args, message) => {
  const { code, stdout, stderr } = await kpi('dashboard', ...args);
  expect({ code, stdout }).toEqual({ code: 64, stdout: '' });
  expect(stderr).toMatch(message);
  expect(stderr.trimEnd().split('\n')).toHaveLength(1);
});

test.each([
  ['by itself', '', '--port 0'],
  ['of npm run demo', 'demo', 'npm run demo -- --port 0'],
])('a port that is taken is refused, with what to type: %s', async (_, script, way) => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  const args = ['dashboard', '--serve', '--port', String(port), '--warehouse', warehouse];
  const { code, stderr } = await runKpi(folder, args, { npm_lifecycle_event: script });
  other.close();
  expect([code, stderr]).toEqual([
    64,
    `kpi: --port: ${port} can't be listened on; expected a free port, or any: ${way} (BAD_REQUEST)\n`,
  ]);
});

test.each([[[]], [['--serve', '--port', '0']]])('of a release in which nothing is yet it makes no page: %j', async (args) => {
  rmSync(join(folder, '.kpi/dashboard.html'), { force: true });
  const { code, stdout, stderr } = await kpi('dashboard', '--release', '--warehouse', warehouse, ...args);
  expect([code, stdout, existsSync(join(folder, '.kpi/dashboard.html'))]).toEqual([1, '', false]);
  expect(stderr).toMatch(/^kpi: nothing has been released yet; to see how it is done: .* release --warehouse \S+ --help\n$/);
});

describe('served', () => {
  let server: ChildProcess;
  let port: number;

  beforeAll(async () => {
    server = start('dashboard', '--serve', '--port', '0', '--warehouse', warehouse);
    if (server.stdout === null) throw new Error('no output');
    const [line] = (await once(createInterface(server.stdout), 'line')) as [string];
    port = Number(/^Serving http:\/\/127\.0\.0\.1:(\d+)\//.exec(line)?.[1]);
  });
  afterAll(async () => {
    server.kill('SIGTERM');
    expect(await once(server, 'exit')).toEqual([0, null]);
  });

  async function ask({ method = 'GET', path = '/', host = `127.0.0.1:${port}` } = {}) {
    const sent = request({ host: '127.0.0.1', port, method, path, headers: { Host: host } });
    sent.end();
    const [response] = await once(sent, 'response');
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk);
    return { status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks).toString() };
  }

  test('the page, with its policy in the header too', async () => {
    const { status, headers, body } = await ask();
    expect(status).toBe(200);
    expect(dataOf(body).grains.day.periods).toHaveLength(12);
    const policy = /Content-Security-Policy" content="([^"]*)"/.exec(body)?.[1];
    expect(headers['content-security-policy']).toBe(`${policy}; frame-ancestors 'none'`);
    expect(headers).toMatchObject({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
  });

  test.each([
    ['another name for this machine', { host: 'kpis.example' }, 403],
    ['this machine by another port', { host: '127.0.0.1:1' }, 403],
    ['POST', { method: 'POST' }, 405],
    ['another path', { path: '/data.json' }, 404],
    ['a path that is none', { path: '//' }, 404],
  ])('refuses %s', async (_, how, status) => {
    const answer = await ask(how);
    expect(answer.status).toBe(status);
    expect(answer.body).not.toContain('id="data"');
  });

  test('localhost and HEAD are fine', async () => {
    expect((await ask({ host: `localhost:${port}` })).status).toBe(200);
    expect(await ask({ method: 'HEAD' })).toMatchObject({ status: 200, body: '' });
  });

  test('says that an export has the file, and shows the figures afterwards', async () => {
    const instance = await DuckDBInstance.create(warehouse);
    try {
      const { status, headers, body } = await ask();
      expect([status, headers['retry-after']]).toEqual([503, '5']);
      expect(body).toContain('<meta http-equiv="refresh" content="5">');
      expect(body).toContain('One moment: an export is writing');
    } finally {
      instance.closeSync();
    }
    expect((await ask()).status).toBe(200);
  });
});

describe('--open', () => {
  const programs = join(folder, 'programs');
  const opened = join(folder, 'opened');
  const text = () => (existsSync(opened) ? readFileSync(opened, 'utf8') : '');
  const open = (args: string[], env: Record<string, string>) =>
    startKpi(folder, ['dashboard', '--warehouse', warehouse, '--open', ...args], {
      DISPLAY: '',
      WAYLAND_DISPLAY: '',
      ...env,
    });

  beforeAll(() => {
    mkdirSync(programs);
    writeFileSync(join(programs, 'xdg-open'), `#!/bin/sh\nprintf '%s' "$1" > '${opened}'\n`, { mode: 0o755 });
  });
  beforeEach(() => rmSync(opened, { force: true }));
  const onLinux = process.platform === 'linux' ? test : test.skip;
  const desktop = { DISPLAY: ':0', PATH: `${programs}:${process.env.PATH}` };

  onLinux('hands the file to the desktop', async () => {
    const { code, stderr } = await ended(open(['--out', 'opened.html'], desktop));
    expect([code, stderr]).toEqual([0, '']);
    await until('the page is opened', () => text() === join(folder, 'opened.html'));
  });

  onLinux('hands the address to the desktop', async () => {
    const server = open(['--serve', '--port', '0'], desktop);
    const closed = once(server, 'close');
    await until('the page is opened', () => /^http:\/\/127\.0\.0\.1:\d+\/$/.test(text()));
    server.kill();
    await closed;
  });

  onLinux('without a display the address is served, and named', async () => {
    const server = open(['--serve', '--port', '0'], {});
    const closed = once(server, 'close');
    const [said] = await once(server.stderr as NodeJS.ReadableStream, 'data');
    server.kill();
    await closed;
    expect(String(said)).toMatch(/^kpi: there is no display here; open http:\/\/127\.0\.0\.1:\d+\/ yourself\n$/);
  });

  onLinux.each<[string, Record<string, string>, string]>([
    ['without a display', {}, 'there is no display here'],
    ['without an opener', { DISPLAY: ':0', PATH: '/nowhere' }, 'xdg-open is not installed'],
  ])('%s the page is written, and one line says so', async (_, env, reason) => {
    const { code, stdout, stderr } = await ended(open(['--out', 'closed.html'], env));
    expect([code, stdout, stderr]).toEqual([
      0,
      expect.stringMatching(/^Wrote closed\.html: /),
      `kpi: ${reason}; open closed.html yourself\n`,
    ]);
    expect(text()).toBe('');
  });
});
