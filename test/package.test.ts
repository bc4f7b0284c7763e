import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { strFromU8, unzipSync } from 'fflate';
import { cannedFacts } from './support/canned-facts';
import { run } from './support/deployment';
import { startFaultServer } from './support/fault-server';

/** What `npm run package` makes. */
const root = resolve(__dirname, '..');
const make = () =>
  execFileSync(process.execPath, ['scripts/package.mjs'], { cwd: root, encoding: 'utf8' }).trim().split('\n').at(-1) ?? '';

let path: string;
let zip: Buffer;
beforeAll(() => {
  path = make();
  zip = readFileSync(join(root, path));
});

test('the package has the same bytes each time, is small, and holds only what runs', () => {
  expect([make(), readFileSync(join(root, path)).equals(zip)]).toEqual([path, true]);
  expect(zip.length).toBeLessThan(5_000_000);

  const files = unzipSync(zip);
  expect(Object.keys(files).sort()).toEqual([
    'LICENSE',
    'bigquery.cjs',
    'index.cjs',
    'package-lock.json',
    'package.json',
    'pubsub.cjs',
  ]);
  expect(files['index.cjs']?.length).toBeLessThan(620_000); // read at every start
  const text = (name: string) => strFromU8(files[name] ?? new Uint8Array());
  expect(text('index.cjs')).not.toMatch(/observablehq|Content-Security-Policy" content/); // the dashboard page
  const { dependencies } = JSON.parse(text('package.json'));
  const lock = JSON.parse(text('package-lock.json'));
  expect(Object.keys(dependencies)).toEqual(['@google-cloud/functions-framework']);
  expect(lock.packages[''].dependencies).toEqual(dependencies);
  expect(Object.keys(lock.packages).filter((name) => /duckdb|jest|commander|esbuild/.test(name))).toEqual([]);

  const beside = readdirSync(join(root, 'dist/package'));
  expect(beside).toEqual(expect.arrayContaining(['THIRD_PARTY_LICENSES.txt', 'sbom.cdx.json']));
  const bill = readFileSync(join(root, 'dist/package/sbom.cdx.json'), 'utf8');
  expect([bill.includes('duckdb'), bill.includes('functions-framework')]).toEqual([false, true]);
  expect(readFileSync(join(root, 'dist/package/THIRD_PARTY_LICENSES.txt'), 'utf8')).toMatch(/^@google-cloud\/bigquery \d/m);
});

/** Handles messages in the package's own code, one after the other, and prints the files of the package that are loaded after each. */
const handle = (messages: object[]) => `
  require('.');
  const { getFunction } = require('@google-cloud/functions-framework/testing');
  const { basename, dirname } = require('node:path');
  const loaded = () => Object.keys(require.cache).filter((path) => dirname(path) === __dirname).map((path) => basename(path));
  (async () => {
    const after = [];
    for (const message of ${JSON.stringify(messages)}) {
      await getFunction('exportKpi')({ id: '1', time: '2025-06-16T06:00:00Z', data: { message } });
      after.push(loaded().filter((name) => name !== 'start.js').sort());
    }
    process.stderr.write(JSON.stringify(after));
  })();`;

test('a refused message loads no client; an export only that of BigQuery', async () => {
  const canned = await cannedFacts('2025-06-15', '2025-06-15');
  const server = await startFaultServer(canned.facts);
  const folder = mkdtempSync(join(tmpdir(), 'kpi-package-'));
  try {
    for (const [name, bytes] of Object.entries(unzipSync(zip))) writeFileSync(join(folder, name), bytes);
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
    const data = (text: string) => ({ data: Buffer.from(text).toString('base64') });
    writeFileSync(join(folder, 'start.js'), handle([data('no date'), data('2025-06-15')]));
    const { code, stderr } = await run(process.execPath, [join(folder, 'start.js')], {
      PATH: process.env.PATH,
      KPI_WAREHOUSE: 'bigquery:test.kpi_metrics',
      KPI_SOURCE: 'test.source',
      KPI_LOCATION: 'EU',
      KPI_TIME_ZONE: canned.timeZone,
      KPI_BIGQUERY_ENDPOINT: server.endpoint,
    });
    expect({ code, loaded: JSON.parse(stderr) }).toEqual({ code: 0, loaded: [['index.cjs'], ['bigquery.cjs', 'index.cjs']] });
    expect(server.partitions.size).toBe(4);
  } finally {
    await server.close();
    rmSync(folder, { recursive: true });
  }
});
