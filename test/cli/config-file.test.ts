import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Check } from '../../shared/operate/doctor';
import { runKpi } from '../support/kpi-command';
import { writeSmallSource } from '../support/small-source';

/** kpi.config.json in the folder where a command runs. */
const folder = mkdtempSync(join(tmpdir(), 'kpi-config-file-'));
const file = join(folder, 'kpi.config.json');
const source = writeSmallSource(folder);
const write = (text: string | Buffer) => writeFileSync(file, text);
const kpi = (args: string[], env?: Record<string, string>) => runKpi(folder, args, env);
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => rmSync(file, { recursive: true, force: true }));

/** What doctor says of each setting. */
async function settings(args: string[] = [], env?: Record<string, string>) {
  const { checks } = JSON.parse((await kpi(['doctor', '--json', ...args], env)).stdout) as { checks: Check[] };
  return Object.fromEntries(checks.map(({ name, found }) => [name, found]));
}

test('flags override the environment, the environment the file, the file the warehouse; doctor shows the origin', async () => {
  write('{"warehouse": "mine.duckdb", "source": "./source"}');
  expect(await settings()).toMatchObject({ KPI_TIME_ZONE: 'UTC (default)' });
  write('{"timeZone": "Europe/Berlin", "warehouse": "mine.duckdb", "source": "./source", "maxRejectedShare": 0.25}');
  expect(await settings()).toMatchObject({
    KPI_TIME_ZONE: 'Europe/Berlin (kpi.config.json)',
    KPI_MAX_REJECTED_SHARE: '0.25 (kpi.config.json)',
  });
  const env = { KPI_TIME_ZONE: 'Asia/Tokyo' };
  expect(await settings([], env)).toMatchObject({ KPI_TIME_ZONE: 'Asia/Tokyo (environment)' });
  expect(await settings(['--time-zone', 'America/Lima'], env)).toMatchObject({ KPI_TIME_ZONE: 'America/Lima (--time-zone)' });

  expect((await kpi(['export', '--date', '2025-12-23', '--json'])).code).toBe(0);
  write('{"warehouse": "mine.duckdb"}');
  expect(await settings()).toMatchObject({ KPI_TIME_ZONE: 'Europe/Berlin (warehouse)', KPI_SOURCE: `${source} (warehouse)` });
});

describe('every command reads it', () => {
  test.each([
    ['export', '--dry-run'],
    ['show'],
    ['status'],
    ['gaps'],
    ['dashboard'],
    ['delete', '--date', '2025-12-23', '--yes'],
    ['release', '--date', '2025-12-01'],
    ['replay', '--project', 'p'],
    ['request', '--project', 'p'],
  ])('%s', async (...args) => {
    write('{"timeZone": "Mars/X", "maxRejectedShare": 7}');
    const { code, stdout, stderr } = await kpi(args);
    expect([code, stdout]).toEqual([64, '']);
    expect(stderr).toBe(
      'kpi: timeZone in kpi.config.json: expected an IANA time zone such as Europe/Berlin; ' +
        'maxRejectedShare in kpi.config.json: expected a number from 0 to 1 (BAD_CONFIG)\n',
    );
  });

  test('--help works without it', async () => {
    write('{');
    expect((await kpi(['export', '--help'])).code).toBe(0);
  });
});

const expected =
  'kpi: kpi.config.json: expected an object in JSON, each key once, such as {"source": "./data", "timeZone": "Europe/Berlin"} (BAD_CONFIG)\n';
test.each<[string, string | Buffer, string]>([
  ['nothing', '', expected],
  ['half an object', '{"source": "canary"', expected],
  ['JavaScript', "{source: 'demo'}", expected],
  ['a list', '["demo"]', expected],
  ['null', 'null', expected],
  ['a key twice', '{"source": "demo", "source": "./data"}', expected],
  ['no UTF-8', Buffer.from([0x7b, 0xff, 0x7d]), expected],
  [
    'values of no use',
    '{"source": null, "timeZone": ["UTC"]}',
    'kpi: source in kpi.config.json: expected a text or a number; timeZone in kpi.config.json: expected a text or a number (BAD_CONFIG)\n',
  ],
  [
    'an empty value',
    '{"source": " "}',
    'kpi: source in kpi.config.json: is empty; expected a value, or leave it out (BAD_CONFIG)\n',
  ],
  ['a truth', '{"release": true}', 'kpi: release in kpi.config.json: expected on or off (BAD_CONFIG)\n'],
  ['too much', `{"source": "${'x'.repeat(70_000)}"}`, 'kpi: kpi.config.json: expected a file of at most 64 KiB (BAD_CONFIG)\n'],
])('%s is refused in one line', async (_, text, line) => {
  write(text);
  expect(await kpi(['show'])).toMatchObject({ code: 64, stdout: '', stderr: line });
  const { code, stdout } = await kpi(['doctor', '--json']);
  const faults = (JSON.parse(stdout) as { checks: Check[] }).checks.filter(({ ok }) => ok === false);
  expect([code, faults.map(({ found }) => `kpi: ${found} (BAD_CONFIG)\n`)]).toEqual([2, [line]]);
});

test('a folder of that name is refused; a link is followed', async () => {
  mkdirSync(file);
  expect((await kpi(['show'])).stderr).toBe('kpi: kpi.config.json: expected a file of at most 64 KiB (BAD_CONFIG)\n');
  rmSync(file, { recursive: true });
  writeFileSync(join(folder, 'other.json'), '\ufeff{"timeZone": "Asia/Tokyo", "source": "./source"}');
  symlinkSync('other.json', file);
  expect(await settings()).toMatchObject({ KPI_TIME_ZONE: 'Asia/Tokyo (kpi.config.json)' });
});

test.each<[string, string | null]>([
  ['sorce', 'source'],
  ['timezone', 'timeZone'],
  ['time-zone', 'timeZone'],
  ['KPI_WAREHOUSE', 'warehouse'],
  ['favourite\ncolour', null],
])('an unknown key is told in one line, with what is like it: %j', async (key, nearest) => {
  write(JSON.stringify({ [key]: 'x', source: './source', warehouse: 'unknown.duckdb' }));
  const { code, stderr } = await kpi(['export', '--date', '2025-12-23', '--dry-run', '--json'], { KPI_LOG_LEVEL: 'error' });
  const advice = nearest === null ? '' : `; did you mean ${nearest}?`;
  expect([code, stderr]).toEqual([0, `kpi: ${JSON.stringify(key)} in kpi.config.json is no setting, and is ignored${advice}\n`]);
});

test('log level debug shows the origin of a failure', async () => {
  writeFileSync(join(folder, 'no-folder'), '');
  const places = async (logLevel: string) => {
    write(JSON.stringify({ logLevel }));
    return (await kpi(['dashboard', '--out', 'no-folder/page.html'])).stderr.includes('\n    at ');
  };
  expect([await places('debug'), await places('info')]).toEqual([true, false]);
});
