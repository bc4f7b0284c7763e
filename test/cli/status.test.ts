import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ended, startKpi } from '../support/kpi-command';

const folder = mkdtempSync(join(tmpdir(), 'kpi-status-'));
afterAll(() => rmSync(folder, { recursive: true }));

const kpi = (args: string[], env?: Record<string, string>) => ended(startKpi(folder, args, env));

test('a warehouse that is not there is refused, with what to do', async () => {
  const { code, stderr } = await kpi(['status']);
  expect([code, stderr]).toEqual([64, expect.stringMatching(/^kpi: warehouse .* does not exist; export a date first/)]);
});

describe('of the demo data', () => {
  beforeAll(async () => {
    expect((await kpi(['export', '--from', 'yesterday', '--to', 'today', '--json'])).code).toBe(0);
  });

  test('all is well after a daily run', async () => {
    const { code, stdout } = await kpi(['status', '--json']);
    const status = JSON.parse(stdout);
    expect([code, status.success, status.attention, status.gaps.gaps]).toEqual([0, true, [], []]);
    expect(status.newest).toMatchObject({ isProvisional: true, tables: 4 });
    expect(status.runs).toHaveLength(2);
    expect(status.deadLetters).toEqual({ waiting: null, reason: 'no project named (--project)' });
  });

  test('a person reads the newest report and the runs as a table', async () => {
    const { code, stdout } = await kpi(['status', '--runs', '1']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Newest report +\d{4}-\d\d-\d\d, made .* UTC \(just now\), provisional\s+\(day not over\)\n/);
    expect(stdout.match(/ cli │ succeeded │ +│ +\d+\.\d s │/g)).toHaveLength(1);
    expect(stdout).toMatch(/✓ all is well\n$/);
  });

  test('a failed run and the gaps before it need attention', async () => {
    const failed = await kpi(['export', '--date', '2025-12-01', '--source', '.', '--warehouse', '.kpi/warehouse.duckdb']);
    expect(failed.code).toBe(64); // refused: leaves no record
    expect((await kpi(['export', '--date', '2025-12-01'])).code).toBe(0);
    const { code, stdout } = await kpi(['status', '--all', '--json']);
    expect([code, JSON.parse(stdout).attention]).toEqual([2, [expect.stringMatching(/^\d+ dates have gaps; run: kpi gaps$/)]]);
    const recent = JSON.parse((await kpi(['status', '--json'])).stdout);
    expect(recent.gaps.gaps).toHaveLength(30);
  });

  test('a project without Pub/Sub is a finding, and hides nothing', async () => {
    const { code, stdout } = await kpi(['status', '--json', '--project', 'test'], { PUBSUB_EMULATOR_HOST: '127.0.0.1:1' });
    const { newest, deadLetters } = JSON.parse(stdout);
    expect([code, newest.tables, deadLetters.code]).toEqual([2, 4, 'UNAVAILABLE']);
  });

  test('colours are for terminals', async () => {
    const plain = await kpi(['status'], { CI: 'true', FORCE_COLOR: '' });
    const coloured = await kpi(['status'], { FORCE_COLOR: '1' });
    const uncoloured = await kpi(['status'], { FORCE_COLOR: '1', NO_COLOR: '1' });
    expect([plain, coloured, uncoloured].map(({ stdout }) => stdout.includes('\u001b['))).toEqual([false, true, false]);
  });
});
