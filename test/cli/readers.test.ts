import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { holdWarehouse } from '../support/hold-warehouse';
import { runKpi } from '../support/kpi-command';
import { writeSmallSource } from '../support/small-source';

/** Commands that only read go on while another process reads the warehouse. */
let folder: string;
let release: () => Promise<void>;
const kpi = (...args: string[]) => runKpi(folder, [...args, '--warehouse', 'warehouse.duckdb']);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kpi-readers-'));
  const { code } = await kpi('export', '--source', writeSmallSource(folder), '--date', '2025-12-23');
  expect(code).toBe(0);
  release = await holdWarehouse(join(folder, 'warehouse.duckdb'), 'READ_ONLY');
});

afterAll(async () => {
  await release();
  rmSync(folder, { recursive: true });
});

test.each([
  ['show', ['show', '--date', '2025-12-23'], 0],
  ['status', ['status'], 2],
  ['gaps', ['gaps', '--to', '2025-12-23'], 0],
  ['annotate', ['annotate', '--show'], 0],
  ['dashboard', ['dashboard', '--out', 'page.html'], 0],
])('%s', async (_, args, code) => {
  const result = await kpi(...args);
  expect(result.stderr).not.toContain('is open in another process');
  expect(result.code).toBe(code);
});
