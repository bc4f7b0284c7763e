import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { renderStatus } from '../../cli/render-status';
import type { ExportRun } from '../../shared/metrics/tables/export_runs';
import type { Status } from '../../shared/operate/status';
import { runKpi } from '../support/kpi-command';
import { startPubsubServer } from '../support/pubsub-server';

const folder = mkdtempSync(join(tmpdir(), 'kpi-status-'));
afterAll(() => rmSync(folder, { recursive: true }));

const kpi = (args: string[], env?: Record<string, string>) => runKpi(folder, args, env, '2025-07-24T12:00:00Z');

test('a missing warehouse is refused with a remedy', async () => {
  const { code, stderr } = await kpi(['status']);
  expect([code, stderr]).toEqual([64, expect.stringMatching(/^kpi: warehouse .* does not exist; export a date first/)]);
});

describe('of the demo data', () => {
  beforeAll(async () => {
    expect((await kpi(['export', '--from', 'yesterday', '--to', 'today', '--json'])).code).toBe(0);
  });

  test('nothing needs attention after a daily run', async () => {
    const { code, stdout } = await kpi(['status', '--json']);
    const status = JSON.parse(stdout);
    expect([code, status.success, status.attention, status.gaps.gaps]).toEqual([0, true, [], []]);
    expect(status.newest).toMatchObject({ isProvisional: true, tables: 4 });
    expect(status.runs).toHaveLength(2);
    expect(status.deadLetters).toEqual({ waiting: null, reason: 'no project named (--project)' });
  });

  test('prints the newest report, and the runs as a table', async () => {
    const { code, stdout } = await kpi(['status', '--runs', '1']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Newest report +\d{4}-\d\d-\d\d, made .* UTC \(just now\), provisional\s+\(day not over\)\n/);
    expect(stdout.match(/ cli │ succeeded │ +│ +\d+\.\d s │/g)).toHaveLength(1);
    expect(stdout).toMatch(/✓ all is well\n$/);
  });

  test('a failed run and the gaps before it need attention', async () => {
    const failed = await kpi(['export', '--date', '2025-07-01', '--source', '.', '--warehouse', '.kpi/warehouse.duckdb']);
    expect(failed.code).toBe(64); // refused: leaves no record
    expect((await kpi(['export', '--date', '2025-07-01'])).code).toBe(0);
    const { code, stdout } = await kpi(['status', '--json']);
    const found = /^[\d,]+ of [\d,]+ dates, 2025-07-01 to \d{4}-\d\d-\d\d, have gaps/;
    expect([code, JSON.parse(stdout).attention]).toEqual([2, [expect.stringMatching(found)]]);
  });

  test('status, gaps and doctor count the same gaps, in the same words', async () => {
    const [status, gaps, doctor] = await Promise.all(['status', 'gaps', 'doctor'].map((name) => kpi([name])));
    const [words = 'none'] = /\S+ of \S+ dates, 2025-07-01 to \S+, have gaps/.exec(gaps?.stdout ?? '') ?? [];
    for (const one of [status, gaps, doctor]) expect(one?.stdout.replaceAll(/\s+/g, ' ')).toContain(words);
    expect([status?.code, gaps?.code, doctor?.code]).toEqual([2, 2, 0]); // gaps hinder no export
  });

  test('missing access to the number of dead letters is a finding, and hides no other', async () => {
    const nobody = { HOME: folder, CLOUDSDK_CONFIG: join(folder, 'gcloud'), METADATA_SERVER_DETECTION: 'none' };
    const { code, stdout } = await kpi(['status', '--json', '--project', 'test'], nobody);
    const { newest, deadLetters, attention } = JSON.parse(stdout);
    expect([code, newest.tables, deadLetters]).toEqual([
      2,
      4,
      { waiting: null, error: expect.stringMatching(/^no Google credentials here; /), code: 'BAD_CONFIG' },
    ]);
    expect(attention.at(-1)).toMatch(/^dead letters are not counted: .* \(BAD_CONFIG\); to see them, run: kpi replay$/);
    expect((await kpi(['status', '--project', 'test'], nobody)).stdout).toMatch(/\nDead letters +not counted\n/);
  });

  test('an emulator is not asked for dead letters, and this is no finding', async () => {
    const server = await startPubsubServer();
    try {
      server.add('1', 'a letter');
      const env = { PUBSUB_EMULATOR_HOST: server.host };
      const { deadLetters } = JSON.parse((await kpi(['status', '--json', '--project', 'test'], env)).stdout);
      const reason = 'an emulator has no Cloud Monitoring that counts them; to see them, run: kpi replay';
      expect([deadLetters, server.calls]).toEqual([{ waiting: null, reason }, []]);
      const { stdout } = await kpi(['status', '--project', 'test'], env);
      expect(stdout.replaceAll(/\n +/g, ' ')).toMatch(
        /\nDead letters +not counted: an emulator has no .*; to see them, run: .*kpi.* replay\n/,
      );
      expect(stdout).not.toContain('dead letters');
    } finally {
      await server.close();
    }
  });

  test('only terminals get colours', async () => {
    const plain = await kpi(['status'], { CI: 'true', FORCE_COLOR: '' });
    const coloured = await kpi(['status'], { FORCE_COLOR: '1' });
    const uncoloured = await kpi(['status'], { FORCE_COLOR: '1', NO_COLOR: '1' });
    expect([plain, coloured, uncoloured].map(({ stdout }) => stdout.includes('\u001b['))).toEqual([false, true, false]);
  });

  test('all colours are readable on a light background', async () => {
    const commands = [
      ['status'],
      ['show', '--wide'],
      ['doctor'],
      ['explain', 'all_tests'],
      ['show', '--from', '2025-07-01', '--to', 'today'],
    ];
    const said = await Promise.all(commands.map((args) => kpi(args, { FORCE_COLOR: '1' })));
    const codes = said.flatMap(({ stdout }) =>
      Array.from(stdout.split('\u001b[').slice(1), (text) => text.slice(0, text.indexOf('m'))),
    );
    // bold and faint, red and green, and their ends
    expect([...new Set(codes)].filter((code) => !['1', '2', '22', '31', '32', '39'].includes(code))).toEqual([]);
    expect(codes).toEqual(expect.arrayContaining(['1', '2', '32']));
    // which many terminals make bright
    expect(said.filter(({ stdout }) => stdout.includes('\u001b[1m\u001b[3'))).toEqual([]);
  });
});

describe('at any width', () => {
  const run: ExportRun = {
    run_id: 'r',
    request_id: 'q',
    report_date: '2025-12-23',
    trigger: 'replay',
    status: 'failed',
    started_at: '2025-12-24T06:00:00Z',
    finished_at: '2025-12-24T06:12:34Z',
    time_zone: 'UTC',
    definitions_version: 1,
    program_version: '1',
    rejected_rows: 1234,
    unclassified_errors: 0,
    revised_values: null,
    source_latest_hour: null,
    bytes_processed: null,
    released_period: '2025-12-12',
    released_cells: 1,
    hidden_cells: 2,
    source: null,
    error_code: 'SOURCE_NOT_READY',
    unusual_values: null,
  };
  const now = new Date('2025-12-24T08:00:00Z');
  const gap = (reportDate: string) => ({ reportDate, reason: 'missing' as const });
  const status: Status = {
    timeZone: 'America/Argentina/ComodRivadavia',
    isDemo: false,
    runs: [run, { ...run, status: 'succeeded', error_code: null }],
    newest: { reportDate: '2025-12-23', createdAt: new Date('2025-12-24T06:00:00Z'), isProvisional: true, tables: 4 },
    figures: { day: '2025-12-22', sentence: 'Monday was a usual day: 96 active users (usual 74 to 99).', unusualValues: 0 },
    gaps: { from: '2021-01-01', to: '2025-12-23', gaps: [gap('2021-01-01'), gap('2021-01-03')] },
    deadLetters: { waiting: 1234, asOf: now },
    attention: [
      'the last run of 2025-12-23 ended as failed (SOURCE_NOT_READY, docs/errors.md)',
      '1,234 dead letters wait; run: kpi replay',
    ],
  };

  test.each([60, 80, 120])('%i columns hold it', (width) => {
    const lines = renderStatus(status, now, width).split('\n');
    expect(lines.filter((line) => line.length > width)).toEqual([]);
    const text = lines.map((line) => line.trim()).join(' ');
    for (const expected of [
      '2 of 1,818 dates, 2021-01-01',
      '1,234 waiting, as of 2025-12-24 08:00 UTC',
      'error: docs/errors.md explains each',
      ...status.attention.slice(0, 1),
    ])
      expect(text).toContain(expected);
  });

  test('each column of the runs has an explanation or a clear head', () => {
    const text = renderStatus(status, now, 200);
    const heads =
      /│ started, UTC.*│/
        .exec(text)?.[0]
        .split('│')
        .map((head) => head.trim())
        .filter((head) => head !== '') ?? [];
    const explained = heads.filter((head) => new RegExp(`^${head}: \\w`, 'm').test(text));
    expect(heads.length).toBe(10);
    expect(heads.filter((head) => !explained.includes(head))).toEqual(['started, UTC', 'report', 'status', 'took']);
  });
});
