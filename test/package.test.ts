import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { strFromU8, unzipSync } from 'fflate';

/** What `npm run package` makes. */
const root = resolve(__dirname, '..');
const make = () =>
  execFileSync(process.execPath, ['scripts/package.mjs'], { cwd: root, encoding: 'utf8' }).trim().split('\n').at(-1) ?? '';

test('the package is the same to the byte each time, small, and holds nothing but what runs', () => {
  const path = make();
  const zip = readFileSync(join(root, path));
  expect([make(), readFileSync(join(root, path)).equals(zip)]).toEqual([path, true]);
  expect(zip.length).toBeLessThan(5_000_000);

  const files = unzipSync(zip);
  expect(Object.keys(files).sort()).toEqual(['LICENSE', 'index.js', 'package-lock.json', 'package.json']);
  const text = (name: string) => strFromU8(files[name] ?? new Uint8Array());
  const { dependencies } = JSON.parse(text('package.json'));
  const lock = JSON.parse(text('package-lock.json'));
  expect(Object.keys(dependencies)).toEqual(['@google-cloud/functions-framework']);
  expect(lock.packages[''].dependencies).toEqual(dependencies);
  expect(Object.keys(lock.packages).filter((name) => /duckdb|jest|commander|esbuild/.test(name))).toEqual([]);
  expect(String(files['index.js'])).not.toMatch(/observablehq|Content-Security-Policy" content/); // the dashboard page

  const beside = readdirSync(join(root, 'dist/package'));
  expect(beside).toEqual(expect.arrayContaining(['THIRD_PARTY_LICENSES.txt', 'sbom.cdx.json']));
  expect(readFileSync(join(root, 'dist/package/THIRD_PARTY_LICENSES.txt'), 'utf8')).toMatch(/^@google-cloud\/bigquery \d/m);
});
