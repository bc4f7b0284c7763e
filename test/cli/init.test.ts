import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hasScript, runKpi, startInTerminal } from '../support/kpi-command';

/** `kpi init` as a process of its own, in a folder with some data. */
const folder = mkdtempSync(join(tmpdir(), 'kpi-init-'));
const file = join(folder, 'kpi.config.json');
/** After the tests of the source; demo data ends here too, and the less there is of it, the sooner it is read. */
const NOW = '2025-12-23T12:00:00Z';
const kpi = (args: string[], env?: Record<string, string>) => runKpi(folder, args, env, NOW);
const written = () => JSON.parse(readFileSync(file, 'utf8'));

const header = 'measurement_id,user_id,session_id,created_at,error_type';
function writeSource(name: string, measurements: string): void {
  mkdirSync(join(folder, name));
  writeFileSync(join(folder, name, 'users.csv'), 'user_id,created_at\nu1,2025-10-01T09:00:00Z\nu2,\n');
  writeFileSync(join(folder, name, 'measurements.csv'), measurements);
}

beforeAll(() => {
  writeSource('data', `${header}\nm1,u1,s1,2025-12-01T00:00:00Z,\n`);
  writeSource('no-column', `${header.replace('session_id', 'session')}\n`);
});
afterEach(() => rmSync(file, { recursive: true, force: true }));
afterAll(() => rmSync(folder, { recursive: true }));

test.each<[string, string[], Record<string, string>, object]>([
  ['nothing', ['--yes'], {}, { source: 'demo', warehouse: '.kpi/warehouse.duckdb', timeZone: 'UTC' }],
  [
    'all, without --yes',
    ['--source', './data', '--warehouse', 'mine.duckdb', '--time-zone', 'Europe/Berlin'],
    {},
    { source: './data', warehouse: 'mine.duckdb', timeZone: 'Europe/Berlin' },
  ],
  ['a folder', ['--source', 'data', '--yes'], {}, { source: 'data', warehouse: 'kpi.duckdb', timeZone: 'UTC' }],
  [
    'settings of the environment',
    ['--yes', '--time-zone', 'Asia/Tokyo'],
    { KPI_SOURCE: './data', KPI_WAREHOUSE: 'env.duckdb', KPI_TIME_ZONE: 'Mars/X' },
    { source: './data', warehouse: 'env.duckdb', timeZone: 'Asia/Tokyo' },
  ],
])('given %s, it writes what applies, and nothing else', async (_, args, env, expected) => {
  const before = readdirSync(folder);
  const { code, stdout, stderr } = await kpi(['init', ...args], env);
  expect([code, stderr, written()]).toEqual([0, '', expected]);
  expect(stdout).toContain('\nNext: ');
  expect(readdirSync(folder).sort()).toEqual([...before, 'kpi.config.json'].sort());
});

test('warns about gaps of the data that later rows may fill; the next command needs no flag', async () => {
  const { stdout } = await kpi(['init', '--source', './data', '--yes']);
  expect(stdout).toMatch(/✗ users without created_at +1 row\n/);
  expect(stdout).toMatch(/\nNext: .* export --date 2025-12-01\s+makes the report of the newest day with a test\n/);
  const { code, stdout: exported } = await kpi(['export', '--date', '2025-12-02']);
  expect([code, exported.includes('Wrote 60 rows of 2025-12-02 to kpi.duckdb')]).toEqual([0, true]);
});

test('takes source and time zone of a warehouse with reports as defaults', async () => {
  const flags = ['--source', './data', '--warehouse', 'held.duckdb', '--time-zone', 'Europe/Berlin'];
  expect((await kpi(['export', '--date', '2025-12-02', ...flags])).code).toBe(0);
  const { code, stderr } = await kpi(['init', '--yes', '--warehouse', 'held.duckdb']);
  expect([code, stderr, written()]).toEqual([
    0,
    '',
    { source: join(realpathSync(folder), 'data'), warehouse: 'held.duckdb', timeZone: 'Europe/Berlin' },
  ]);
  const other = await kpi(['init', '--yes', '--force', '--warehouse', 'held.duckdb', '--source', 'demo']);
  expect([other.code, other.stderr]).toEqual([
    64,
    expect.stringMatching(/^kpi: nothing is written: the warehouse holds reports of /),
  ]);
});

test.each<[string, string[], RegExp, code?: number]>([
  ['no terminal and no --yes', ['--source', './data'], /expected --yes, or --source, --warehouse and --time-zone/],
  ['a source that is not there', ['--yes', '--source', './dat'], /source .*dat does not exist/],
  ['one without a column', ['--yes', '--source', './no-column', '--warehouse', 'x.duckdb'], /has no column session_id/, 1],
  ['no time zone', ['--yes', '--time-zone', 'Mars/X'], /--time-zone: expected an IANA time zone/],
  ['an empty value', ['--yes', '--source', ''], /--source is empty/],
  ['a warehouse that is a folder', ['--yes', '--warehouse', 'data'], /data/],
  ['a folder where none can be made', ['--yes', '--warehouse', 'data/users.csv/x.duckdb'], /a file can be made|part of the path/],
  ['a location that is missing', ['--yes', '--source', 'p-x.app', '--warehouse', 'bigquery:p-x.kpi'], /KPI_LOCATION: required/],
  [
    'two engines',
    ['--yes', '--source', './data', '--warehouse', 'bigquery:p-x.kpi', '--location', 'EU'],
    /both must be of one engine/,
  ],
])('%s: nothing is written, in one line', async (_, args, line, expected = 64) => {
  const { code, stdout, stderr } = await kpi(['init', ...args]);
  expect([code, stdout, existsSync(file), stderr.split('\n').length]).toEqual([expected, '', false, 2]);
  expect(stderr).toMatch(line);
});

test('names the faults of all flags at once', async () => {
  const flags = ['--source', './dat', '--warehouse', 'data', '--time-zone', 'Mars/X'];
  const { code, stderr } = await kpi(['init', ...flags]);
  expect([code, stderr.split('\n').length]).toEqual([64, 2]);
  for (const fault of [/--time-zone: expected an IANA time zone/, /source .*dat does not exist/, /warehouse .*data/])
    expect(stderr).toMatch(fault);
  expect(stderr.match(/does not exist/g)).toHaveLength(1);
});

test('keeps the section release of a replaced file', async () => {
  const release = { title: 'Weekly metrics', licence: 'CC-BY-4.0' };
  writeFileSync(file, JSON.stringify({ source: './data', maxRejectedShare: 0.1, release }));
  expect((await kpi(['init', '--yes', '--force', '--source', 'demo'])).code).toBe(0);
  expect(written()).toEqual({ source: 'demo', warehouse: '.kpi/warehouse.duckdb', timeZone: 'UTC', release });
});

test('replaces an existing file only with --force, also one that is not JSON', async () => {
  writeFileSync(file, '{ mine');
  const { code, stdout, stderr } = await kpi(['init', '--yes']);
  expect([code, stdout, readFileSync(file, 'utf8')]).toEqual([64, '', '{ mine']);
  expect(stderr).toBe('kpi: kpi.config.json is there already; expected --force to replace it (BAD_REQUEST)\n');
  expect((await kpi(['init', '--yes', '--force'])).code).toBe(0);
  expect(written().source).toBe('demo');
});

/** In a terminal: types each answer once its question is there. */
async function answer(answers: [question: RegExp, answer: string][], args: string[] = [], env: Record<string, string> = {}) {
  const child = startInTerminal(folder, ['init', ...args], { columns: 120, env: { TZ: 'Asia/Tokyo', ...env } });
  let said = '';
  let read = 0;
  const rest = [...answers];
  child.stdout?.on('data', (chunk) => {
    said += String(chunk);
    const [next] = rest;
    const found = next?.[0].exec(said.slice(read));
    if (next === undefined || !found) return;
    read += found.index + found[0].length;
    rest.shift();
    child.stdin?.write(next[1]);
  });
  const [code] = await once(child, 'close');
  return { code, said, unasked: rest.length };
}

(hasScript ? describe : describe.skip)('in a terminal', () => {
  test('checks each answer at once, asks again for an invalid one alone, and writes', async () => {
    const { code, said, unasked } = await answer([
      [/or demo \[demo\]: /, './dat\r'],
      [/dat does not exist[\s\S]*or demo \[demo\]: /, './data\r'],
      [/DATASET \[kpi\.duckdb\]: /, 'data\r'],
      [/✗[\s\S]*DATASET \[kpi\.duckdb\]: /, 'asked.duckdb\r'],
      [/counted in \[Asia\/Tokyo\]: /, 'Mars/X\r'],
      [/expected an IANA time zone[\s\S]*counted in \[Asia\/Tokyo\]: /, '\r'],
    ]);
    expect([/or demo \[/g, /DATASET \[/g, /counted in \[/g].map((asked) => said.match(asked)?.length)).toEqual([2, 2, 2]);
    expect({ code, unasked, said, file: written() }).toMatchObject({
      code: 0,
      unasked: 0,
      file: { source: './data', warehouse: 'asked.duckdb', timeZone: 'Asia/Tokyo' },
    });
  });

  test('asks for an invalid flag, not for the others', async () => {
    const { code, unasked, said } = await answer(
      [[/dat does not exist[\s\S]*or demo \[demo\]: /, './data\r']],
      ['--source', './dat', '--warehouse', 'flag.duckdb', '--time-zone', 'UTC'],
    );
    expect([code, unasked, said.includes('DATASET ['), written().source]).toEqual([0, 0, false, './data']);
  });

  test('ends if no answer can help', async () => {
    const { code, said, unasked } = await answer([[/such as US: /, 'US\r']], ['--source', 'project-x.app'], {
      HOME: folder,
      CLOUDSDK_CONFIG: join(folder, 'gcloud'),
      METADATA_SERVER_DETECTION: 'none',
    });
    expect({ code, unasked, said, isThere: existsSync(file) }).toMatchObject({ code: 64, unasked: 0, isThere: false });
    expect(said).toContain('kpi: nothing is written: no Google credentials here');
  });

  test('does not ask for what flags set', async () => {
    const { unasked } = await answer(
      [[/counted in \[Asia\/Tokyo\]: /, 'Europe/Berlin\r']],
      ['--source', './data', '--warehouse', 'd.duckdb'],
    );
    expect([unasked, written()]).toEqual([0, { source: './data', warehouse: 'd.duckdb', timeZone: 'Europe/Berlin' }]);
  });

  test.each([
    ['Ctrl-C', '\x03', 130],
    ['Ctrl-D', '\x04', 64],
  ])('%s ends it, and nothing is written', async (_, key, expected) => {
    const { code, said } = await answer([[/or demo \[demo\]: /, key]]);
    expect({ code, said, isThere: existsSync(file) }).toMatchObject({ code: expected, isThere: false });
    expect(said).toContain('kpi: nothing is written: the questions were not answered (BAD_REQUEST)');
  });
});
