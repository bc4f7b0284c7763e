import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { ended } from '../support/kpi-command';
import { settings } from '../support/processes';

/** What `npm start` and `npm run start:http` run once the bundles are built. */
const script = resolve(__dirname, '../../scripts/serve.mjs');
const folder = mkdtempSync(join(tmpdir(), 'kpi-serve-'));
afterAll(() => rmSync(folder, { recursive: true }));

const serve = (target: string, env: Record<string, string>, ...args: string[]) =>
  spawn(process.execPath, [script, target, ...args], { cwd: folder, env: settings(env) });

/** What it says once it is ready. */
async function ready(server: ChildProcess): Promise<string[]> {
  const [said] = await once(server.stdout as NodeJS.ReadableStream, 'data');
  return String(said).trimEnd().split('\n');
}

test.each<[string, RegExp]>([
  ['exportKpi', /^HTTP\/1\.1 204 /],
  ['exportKpiHttp', /"reportDate":"2025-12-23".*"totalRowsInserted":60/],
])('%s says where it is served, and the example that it prints is answered', async (target, answer) => {
  const server = serve(target, { PORT: '0' });
  try {
    const [address, example = '', ...rest] = await ready(server);
    expect([address, rest]).toEqual([
      expect.stringMatching(new RegExp(`^Serving ${target} on http://localhost:[1-9]\\d*  `)),
      [],
    ]);
    const { code, stdout } = await ended(spawn('bash', ['-c', example.replace(/^Try: /, '')]));
    expect([code, stdout]).toEqual([0, expect.stringMatching(answer)]);
  } finally {
    server.kill();
  }
});

const inCloud = { K_SERVICE: 'x', KPI_WAREHOUSE: 'duckdb:kpi.duckdb', KPI_DEAD_LETTER_TOPIC: 'letters' };

/** Another address of this machine: on Linux the whole of 127.0.0.0/8 is. */
const onLinux = process.platform === 'linux' ? test : test.skip;
onLinux.each<[string, Record<string, string>, boolean]>([
  ['by default', {}, false],
  ['in the cloud', inCloud, true],
  ['with HOST=0.0.0.0', { HOST: '0.0.0.0' }, true],
  ['in the cloud with HOST', { ...inCloud, HOST: '127.0.0.1' }, false],
])('%s it listens on other addresses or not', async (_, env, expected) => {
  const server = serve('exportKpiHttp', { PORT: '0', ...env });
  try {
    const [address = ''] = await ready(server);
    const [, port] = /:(\d+) {2}/.exec(address) ?? [];
    const isServed = (host: string) =>
      fetch(`http://${host}:${port}/none`).then(
        ({ status }) => status === 404,
        () => false,
      );
    expect([await isServed('127.0.0.1'), await isServed('127.0.0.2')]).toEqual([true, expected]);
  } finally {
    server.kill();
  }
});

test.each(['exportKpi', 'exportKpiHttp'])('%s on a port that is in use ends in one line', async (target) => {
  const other = createServer().listen(0);
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  try {
    const servers = [serve(target, { PORT: String(port) }), serve(target, {}, '--port', String(port))];
    // waited for at once: the second may end before the first
    for (const result of await Promise.all(servers.map(ended)))
      expect(result).toMatchObject({
        code: 1,
        stdout: '',
        stderr: `kpi: port ${port} is in use; name another, such as PORT=8080\n`,
      });
  } finally {
    other.close();
  }
});

test.each<[string, Record<string, string>, string]>([
  ['no port', { PORT: 'abc' }, 'PORT (--port): expected a number from 0 to 65535'],
  [
    'no address of this machine',
    { PORT: '0', HOST: '192.0.2.1' },
    "HOST: can't be listened on (EADDRNOTAVAIL); expected an address of this machine",
  ],
  ['a port too high', { PORT: '65536' }, 'PORT (--port): expected a number from 0 to 65535'],
  [
    'a wrong setting',
    { KPI_TIME_ZONE: 'Mars/X' },
    'KPI_TIME_ZONE: expected an IANA time zone such as Europe/Berlin (BAD_CONFIG)',
  ],
])('%s ends in one line', async (_, env, line) => {
  const before = readdirSync(folder);
  expect(await ended(serve('exportKpiHttp', env))).toMatchObject({ code: 1, stdout: '', stderr: `kpi: ${line}\n` });
  expect(readdirSync(folder)).toEqual(before);
});
