import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { asTyped, commandName, nearPath, retyped } from '../../cli/typed';

const folder = mkdtempSync(join(tmpdir(), 'kpi-typed-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('a command is named as it can be typed', () => {
  mkdirSync(join(folder, 'cli'));
  writeFileSync(join(folder, 'cli', 'kpi.ts'), '');
  const bundle = join(folder, 'dist');
  expect(commandName(bundle, folder)).toBe('npx kpi');
  expect(commandName(bundle, join(folder, 'docs'))).toBe('npx kpi');
  expect(commandName(bundle, tmpdir())).toBe(`node ${join(folder, 'bin', 'kpi.mjs')}`);
  expect(commandName(join(folder, 'elsewhere', 'dist'), folder)).toBe('kpi');
});

test.each([
  ['no report in the warehouse; run: kpi export', 'no report in the warehouse; run: npx kpi export'],
  ['warehouse kpi.duckdb does not exist', 'warehouse kpi.duckdb does not exist'],
])('%j', (text, typed) => expect(asTyped(text, 'npx kpi', [])).toBe(typed));

test.each([
  ['run: kpi export --date 2025-12-23', "run: npx kpi export --source 'my data' --warehouse w.duckdb --date 2025-12-23"],
  ['run: kpi show', 'run: npx kpi show --warehouse w.duckdb'],
])('%j is named for the data that was typed', (text, expected) => {
  expect(asTyped(text, 'npx kpi', ['export', '--source', 'my data', '--warehouse=w.duckdb'])).toBe(expected);
});

test('a command is repeated with its flags, quoted for a shell', () => {
  expect(retyped(['--resume'], ['export', '--source', "it's here", '--from=2025-01-01'])).toMatch(
    / export --source 'it'\\''s here' --from=2025-01-01 --resume$/,
  );
  expect(retyped(['--resume'], ['export', '--resume'])).toMatch(/ export --resume$/);
});

test('a path below the folder is relative', () => {
  expect(nearPath('/a/b/c.duckdb', '/a')).toBe('b/c.duckdb');
  expect(nearPath('/a/c.duckdb', '/a/b')).toBe('/a/c.duckdb');
});
