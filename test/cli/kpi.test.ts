import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { queryDuckDb, runKpi, startKpi } from '../support/kpi-command';
import { sample } from '../support/sample';

const folder = mkdtempSync(join(tmpdir(), 'kpi-cli-'));
const warehouse = join(folder, 'warehouse.duckdb');
const source = join(folder, 'source');
const MEASUREMENTS_HEADER = 'measurement_id,user_id,session_id,created_at,error_type';

const start = (args: string[]) => startKpi(folder, args);
/** Demo data ends here: the fewer days, the sooner it is made. */
const NOW = '2026-01-02T12:00:00Z';
const kpi = (args: string[], env?: Record<string, string>) => runKpi(folder, args, env, NOW);

function writeSource(name: string, files: Record<string, string>): string {
  const path = join(folder, name);
  mkdirSync(path, { recursive: true });
  for (const [file, text] of Object.entries(files)) writeFileSync(join(path, file), text);
  return path;
}

const users = 'user_id,created_at\nu1,2025-12-20T10:00:00Z\nu2,2025-12-21T10:00:00Z\n';
const measurements = [
  MEASUREMENTS_HEADER,
  'm1,u1,s1,2025-12-22T10:00:00Z,camera_too_far',
  'm2,u1,s1,2025-12-22T10:01:00Z,',
  '',
].join('\n');

beforeAll(async () => {
  writeSource('source', { 'users.csv': users, 'measurements.csv': measurements });
  const { code, stderr } = await kpi(['export', '--date', '2025-12-23', '--source', source, '--warehouse', warehouse]);
  expect([code, stderr.includes('kpi:')]).toEqual([0, false]);
});

afterAll(() => rmSync(folder, { recursive: true }));

describe('export', () => {
  test('writes tables that any DuckDB client reads, with the columns and types of metrics.md', async () => {
    const columns = await queryDuckDb(
      warehouse,
      `SELECT table_name, string_agg(column_name || ' ' || data_type || if(is_nullable, '', '!'), ', ' ORDER BY column_index)
       FROM duckdb_columns() WHERE schema_name = 'kpi_metrics' AND table_name LIKE 'daily%' GROUP BY 1 ORDER BY 1`,
    );
    const period = 'report_date DATE!, period_label VARCHAR!, period_start_date DATE!, period_end_date DATE!';
    const created = 'created_at TIMESTAMP WITH TIME ZONE!';
    expect(columns.filter(([table]) => !['daily_audience', 'daily_kpis'].includes(String(table)))).toEqual([
      [
        'daily_advanced_metrics',
        `${period}, total_sessions BIGINT!, successful_sessions BIGINT!, adjusted_success_rate DOUBLE, first_try_successes BIGINT!, first_try_success_rate DOUBLE, second_try_successes BIGINT!, second_try_success_rate DOUBLE, third_plus_try_successes BIGINT!, third_plus_try_success_rate DOUBLE, error_gini_coefficient DOUBLE, ${created}`,
      ],
      [
        'daily_engagement',
        `${period}, all_tests BIGINT!, successful_tests BIGINT!, successful_test_users BIGINT!, active_users BIGINT!, total_users_to_date BIGINT!, total_active_users_to_date BIGINT!, active_percentage DOUBLE, active_change DOUBLE, avg_tests_per_active_user DOUBLE, ${created}`,
      ],
      [
        'daily_errors',
        `${period}, no_period_history BIGINT!, camera_too_far BIGINT!, camera_too_close BIGINT!, analysis_error BIGINT!, test_lines_not_found BIGINT!, test_not_found BIGINT!, total_errors BIGINT!, ${created}`,
      ],
      ['daily_funnel', `${period}, accounts_created BIGINT!, accounts_with_tests BIGINT!, conversion_rate DOUBLE, ${created}`],
    ]);
  });

  test('replaces the rows of its date and no others', async () => {
    const file = join(folder, 'replace.duckdb');
    const args = ['export', '--source', source, '--warehouse', `duckdb:${file}`];
    await kpi([...args, '--from', '2025-12-21', '--to', '2025-12-22']);
    const sql = 'SELECT report_date, count(*), min(created_at) FROM kpi_metrics.daily_funnel GROUP BY 1 ORDER BY 1';
    const before = await queryDuckDb(file, sql);
    await kpi([...args, '--date', '2025-12-22']);
    const after = await queryDuckDb(file, sql);
    expect(after.map(([date, rows]) => [date, rows])).toEqual([
      ['2025-12-21', '12'],
      ['2025-12-22', '12'],
    ]);
    expect(after[0]).toEqual(before[0]);
    expect(after[1]?.[2]).not.toEqual(before[1]?.[2]);
  });

  test('writes only JSON to standard output', async () => {
    const { code, stdout, stderr } = await kpi([
      'export',
      '--date',
      '2025-12-23',
      '--source',
      source,
      '--warehouse',
      warehouse,
      '--json',
    ]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      success: true,
      reportDate: '2025-12-23',
      summary: { tablesUpdated: 5, totalRowsInserted: 60 },
    });
    expect(JSON.parse(stderr)).toMatchObject({
      severity: 'INFO',
      message: 'report exported',
      report_date: '2025-12-23',
      rows: 60,
    });
  });

  test('shows the figures on one screen, and all tables with --wide', async () => {
    const args = ['export', '--date', '2025-12-23', '--source', source, '--warehouse', warehouse];
    const { stdout } = await kpi(args);
    const lines = stdout.split('\nNext: ')[0]?.split('\n') ?? [];
    expect([lines[0], Math.max(...lines.map(({ length }) => length)) <= 80]).toEqual([
      'Report of Tue, Dec 23, 2025  days of UTC',
      true,
    ]);
    expect(stdout).toMatch(/^All tests +0 +2 /m);
    expect(stdout).toContain('Wrote 60 rows of 2025-12-23 to warehouse.duckdb\n\nNext: ');

    const wide = (await kpi([...args, '--wide'])).stdout;
    for (const table of ['daily_engagement', 'daily_advanced_metrics', 'daily_errors', 'daily_funnel'])
      expect(wide).toContain(table);
    expect(wide).toContain('Dec 22');
  });

  test('reads timestamps with and without seconds and offsets', async () => {
    const path = writeSource('offsets', {
      'users.csv': 'user_id,created_at\nu1,2025-12-20\n',
      'measurements.csv': [
        MEASUREMENTS_HEADER,
        'm1,u1,s1,2025-12-22T23:59Z,',
        'm2,u1,s1,2025-12-23 00:30+01:00,',
        'm3,u1,s1,2025-12-22T18:59:59.999999-05,',
        'm4,u1,s1,2025-12-22 12:00,',
        'm5,u1,s1,2025-12-22 12:00:00.5 UTC,',
        'm6,u1,s1,2025-12-23T00:00:00Z,',
        '',
      ].join('\n'),
    });
    const file = join(folder, 'offsets.duckdb');
    await kpi(['export', '--date', '2025-12-23', '--source', path, '--warehouse', file]);
    const tests = await queryDuckDb(
      file,
      'SELECT all_tests FROM kpi_metrics.daily_engagement ORDER BY period_start_date DESC LIMIT 2',
    );
    expect(tests).toEqual([['1'], ['5']]);
  });

  test('a dry run writes nothing, not even a file', async () => {
    const file = join(folder, 'dry.duckdb');
    const { code, stdout } = await kpi([
      'export',
      '--date',
      '2025-12-23',
      '--source',
      source,
      '--warehouse',
      file,
      '--dry-run',
      '--json',
    ]);
    expect([code, existsSync(file)]).toEqual([0, false]);
    expect(JSON.parse(stdout)).toMatchObject({
      success: true,
      dryRun: true,
      summary: { tablesUpdated: 0, totalRowsInserted: 0 },
    });
  });

  test('exports demo data if neither source nor warehouse is set', async () => {
    const { code, stdout } = await kpi(['export', '--date', '2025-12-23', '--json']);
    expect([code, JSON.parse(stdout).success, existsSync(join(folder, '.kpi/warehouse.duckdb'))]).toEqual([0, true, true]);
  });
});

describe('bad input ends in one clear line, with the warehouse unchanged', () => {
  const dated = ['export', '--date', '2025-12-23'];
  const from = (path: string) => [...dated, '--source', path, '--warehouse', warehouse];
  const own = ['--source', source, '--warehouse', warehouse];

  /** All that is published. A run that failed while it counted leaves a record of that, and nothing else. */
  function contents(): Promise<unknown[][]> {
    const published = ['daily_engagement', 'daily_advanced_metrics', 'daily_errors', 'daily_funnel'].map(
      (table) => `SELECT '${table}', CAST(row AS VARCHAR) FROM kpi_metrics.${table} AS row`,
    );
    const runs = "SELECT 'runs', CAST(count(*) AS VARCHAR) FROM kpi_metrics.export_runs WHERE status = 'succeeded'";
    return queryDuckDb(warehouse, `${[...published, runs].join(' UNION ALL ')} ORDER BY ALL`);
  }

  let before: unknown[][];

  beforeAll(async () => {
    before = await contents();
    writeSource('no-column', { 'users.csv': users, 'measurements.csv': measurements.replace('session_id', 'session') });
    writeSource('bad-cell', {
      'users.csv': users,
      'measurements.csv': measurements.replace('2025-12-22T10:01', 'noon of canary'),
    });
    writeSource('no-users', { 'measurements.csv': measurements });
    writeSource('twice', { 'users.csv': users, 'users.ndjson': '', 'measurements.csv': measurements });
    writeSource('bad-json', { 'users.ndjson': '{"user_id": "canary"', 'measurements.csv': measurements });
    writeSource('number-as-instant', {
      'users.ndjson': '{"user_id":1,"created_at":1766469600}\n',
      'measurements.csv': measurements,
    });
    const path = writeSource('wrong-type', { 'users.csv': users });
    const connection = await (await DuckDBInstance.create(':memory:')).connect();
    const columns = "'m' AS measurement_id, 'u' AS user_id, 's' AS session_id, NULL::VARCHAR AS error_type";
    await connection.run(`COPY (SELECT ${columns}, 5 AS created_at) TO '${path}/measurements.parquet'`);
    const corrupt = writeSource('corrupt', { 'users.csv': users });
    await connection.run(`COPY (SELECT ${columns}, now() AS created_at) TO '${corrupt}/measurements.parquet'`);
    const cut = readFileSync(`${corrupt}/measurements.parquet`);
    writeFileSync(`${corrupt}/measurements.parquet`, cut.subarray(0, cut.length / 2));
    connection.closeSync();
    writeFileSync(join(folder, 'text.duckdb'), 'not a database');
  });

  test.each([
    [
      'an impossible date',
      ['export', '--date', '2025-02-29', ...own],
      64,
      /expected a calendar date as YYYY-MM-DD, today or yesterday/,
    ],
    [
      'a date after today',
      ['export', '--date', '2999-01-01', ...own],
      64,
      /expected dates up to today, which is \d{4}-\d\d-\d\d in UTC/,
    ],
    ['an unknown option', [...dated, ...own, '--dates', 'x'], 64, /unknown option '--dates'/],
    ['an unknown command', ['frobnicate'], 64, /unknown command 'frobnicate'; to see all: .*kpi(\.mjs)? help/],
    ['from without to', ['export', '--from', '2025-12-01', ...own], 64, /expected from and to together, to is missing/],
    ['from after to', ['export', '--from', '2025-12-02', '--to', '2025-12-01', ...own], 64, /expected from not after to/],
    [
      'date beside a range',
      [...dated, '--from', '2025-12-01', '--to', '2025-12-02', ...own],
      64,
      /expected either date, or from and to/,
    ],
    [
      'too many dates',
      ['export', '--from', '2020-01-01', '--to', '2025-01-01', ...own],
      64,
      /expected at most 1,000 dates at once, got 1,828/,
    ],
    ['an unknown time zone', [...dated, ...own, '--time-zone', 'Mars/Olympus'], 64, /--time-zone: expected an IANA time zone/],
    [
      'a new warehouse of a name without a source',
      [...dated, '--warehouse', join(folder, 'new.duckdb')],
      64,
      /KPI_SOURCE \(--source\): required/,
    ],
    [
      'another source than the warehouse holds',
      from('demo'),
      64,
      /holds reports of .*source, the settings name demo data; name another/,
    ],
    [
      'another time zone',
      [...dated, ...own, '--time-zone', 'Europe/Berlin'],
      64,
      /holds reports in UTC, the settings name Europe\/Berlin/,
    ],
    ['an option given twice', [...dated, ...own, '--date', '2025-12-22'], 64, /option --date is given 2 times, expected it once/],
    ['an empty option', [...dated, '--source', '', '--warehouse', warehouse], 64, /option --source is empty; expected a value/],
    [
      'a BigQuery warehouse with a folder',
      [...dated, '--source', source, '--warehouse', 'bigquery:p-x.d'],
      64,
      /both must be of one engine/,
    ],
    [
      'an embedded warehouse with a BigQuery source',
      from('p-x.dataset'),
      64,
      /does not exist; expected a folder .* a BigQuery dataset needs/,
    ],
    [
      'an unknown engine',
      [...dated, '--source', source, '--warehouse', 'oracle:x'],
      64,
      /--warehouse: expected duckdb:FILE or bigquery:/,
    ],
    ['a source that is the warehouse', from(warehouse), 64, /--source: the same file as the warehouse; expected two/],
    ['a missing folder', from('nowhere'), 64, /source .*nowhere does not exist; expected a folder/],
    ['a folder without a table', from('no-users'), 64, /has no users; expected users\.parquet, users\.csv, users\.ndjson/],
    ['a table in two forms', from('twice'), 64, /has users twice \(users\.csv and users\.ndjson\)/],
    ['a source that is no database', from('text.duckdb'), 64, /text\.duckdb is not a DuckDB file/],
    ['a file without a column', from('no-column'), 1, /measurements\.csv has no column session_id; expected measurement_id, /],
    [
      'a column of a wrong type',
      from('wrong-type'),
      1,
      /measurements\.parquet column created_at is INTEGER; expected a timestamp/,
    ],
    ['a corrupt parquet file', from('corrupt'), 1, /measurements\.parquet can't be read as parquet; expected a complete/],
    [
      'a time that is none',
      [...from('bad-cell'), '--rebind'],
      1,
      /measurements\.csv column created_at can't be read; expected timestamps/,
    ],
    ['broken NDJSON', from('bad-json'), 1, /users\.ndjson can't be read/],
    [
      'a number for a time',
      [...from('number-as-instant'), '--rebind'],
      1,
      /users\.ndjson column created_at can't be read; expected timestamps/,
    ],
  ])('%s', async (_, args, code, line) => {
    const result = await kpi([...args, '--json']);
    expect(result.stderr).toMatch(line);
    expect(result.stderr).toMatch(/^kpi: [^\n]+\n$/);
    expect(result.stderr).not.toContain('canary');
    expect(result.code).toBe(code);
    expect(JSON.parse(result.stdout)).toEqual({
      success: false,
      error: expect.stringMatching(line),
      code: expect.stringMatching(/^[A-Z_]+$/),
    });
    expect(await contents()).toEqual(before);
  });
});

describe('show', () => {
  const dated = ['show', '--date', '2025-12-23', '--warehouse', warehouse];

  test('gives a table as CSV', async () => {
    const { code, stdout } = await kpi([...dated, '--table', 'daily_errors', '--csv']);
    const [header, first, second] = stdout.split('\n');
    expect([code, header]).toEqual([
      0,
      'report_date,period_label,period_start_date,period_end_date,no_period_history,camera_too_far,camera_too_close,analysis_error,test_lines_not_found,test_not_found,total_errors,created_at',
    ]);
    expect(first).toMatch(/^2025-12-23,Today \(Dec 23\),2025-12-23,2025-12-23,0,0,0,0,0,0,0,\d{4}-/);
    expect(second).toMatch(/^2025-12-23,Yesterday \(Dec 22\),2025-12-22,2025-12-22,0,1,0,0,0,0,1,\d{4}-/);
  });

  test('shows the newest report without a date', async () => {
    const { code, stdout } = await kpi(['show', '--warehouse', warehouse]);
    expect([code, stdout.split('\n')[0]]).toEqual([0, 'Report of Tue, Dec 23, 2025  days of UTC']);
    const wide = await kpi(['show', '--warehouse', warehouse, '--wide']);
    expect(wide.stdout).toContain('daily_funnel');
  });

  test('names the existing reports if a date has none', async () => {
    const { code, stdout, stderr } = await kpi(['show', '--date', '2025-12-01', '--warehouse', warehouse]);
    expect([code, stdout, stderr]).toEqual([
      1,
      '',
      expect.stringMatching(
        /^kpi: no report of 2025-12-01; the newest report in the warehouse is of 2025-12-23; run: .* export --warehouse \S+ --date 2025-12-01\n$/,
      ),
    ]);
  });

  test('gives the figures of a day in one row as CSV', async () => {
    const { stdout } = await kpi([...dated, '--csv']);
    const [header = '', first = ''] = stdout.split('\n');
    expect(header.split(',').slice(0, 5)).toEqual([
      'report_date',
      'period_label',
      'period_start_date',
      'period_end_date',
      'all_tests',
    ]);
    expect(new Set(header.split(',')).size).toBe(34);
    expect([first.split(',').length, stdout.trimEnd().split('\n').length]).toEqual([34, 13]);
  });

  test('shows days of a range, on the terminal, as CSV and as JSON', async () => {
    const range = ['show', '--from', '2025-12-21', '--to', '2025-12-22', '--warehouse', warehouse];
    const { code, stdout } = await kpi(range);
    expect([code, stdout.match(/^│ 2025-12-2\d \w{3}/gm)]).toEqual([0, ['│ 2025-12-22 Mon', '│ 2025-12-21 Sun']]);
    const { days } = JSON.parse((await kpi([...range, '--json'])).stdout);
    expect(days).toEqual([
      expect.objectContaining({ date: '2025-12-21', report_date: '2025-12-23', provisional: false, all_tests: 0 }),
      expect.objectContaining({ date: '2025-12-22', all_tests: 2, failure_rate: 50 }),
    ]);
    expect((await kpi([...range, '--csv'])).stdout.split('\n')[2]).toMatch(/^2025-12-22,2025-12-23,false,2,1,/);
    const none = await kpi(['show', '--from', '2020-12-21', '--to', '2020-12-22', '--warehouse', warehouse]);
    expect([none.code, none.stderr]).toEqual([
      1,
      expect.stringContaining('no report in the warehouse has a day from 2020-12-21'),
    ]);
  });

  test('shows the figures of one table for a range', async () => {
    const range = ['show', '--from', '2025-12-21', '--to', '2025-12-22', '--table', 'daily_funnel', '--warehouse', warehouse];
    expect((await kpi([...range, '--csv'])).stdout.split('\n').slice(0, 2)).toEqual([
      'date,report_date,provisional,accounts_created,accounts_with_tests,conversion_rate',
      '2025-12-21,2025-12-23,false,1,0,0',
    ]);
    expect(JSON.parse((await kpi([...range, '--json'])).stdout).days[0]).toEqual({
      date: '2025-12-21',
      report_date: '2025-12-23',
      provisional: false,
      accounts_created: 1,
      accounts_with_tests: 0,
      conversion_rate: 0,
    });
    const { stdout } = await kpi(range);
    expect(stdout).toMatch(/^daily_funnel {2}2 days, as their newest reports have them\n/);
    expect(stdout).toMatch(/^│ 2025-12-21 Sun │ +1 │ +0 │ +0\.0 % │$/m);
  });

  test('fits a table into 80 columns in a pipe; --wide has a line per period', async () => {
    const args = [...dated, '--table', 'daily_engagement'];
    const [narrow, wide] = [await kpi(args), await kpi([...args, '--wide'])].map(({ stdout }) => stdout);
    expect(narrow?.split('\n').filter((line) => line.length > 80)).toEqual([]);
    expect([narrow, wide].map((text) => text?.match(/^│ Dec 23 │/gm)?.length)).toEqual([2, 1]);
  });

  test('writes a file per table, and replaces one only with --force', async () => {
    const out = join(folder, 'tables');
    const first = await kpi([...dated, '--csv', '--out', out]);
    expect([first.code, first.stdout, existsSync(join(out, 'daily_errors.csv'))]).toEqual([0, 'Wrote 4 files to tables\n', true]);
    const again = await kpi([...dated, '--csv', '--out', out]);
    expect([again.code, again.stderr]).toEqual([64, expect.stringMatching(/^kpi: --out: .* exists and .*--force/)]);
    expect((await kpi([...dated, '--csv', '--out', out, '--force'])).code).toBe(0);
    expect((await kpi([...dated, '--out', out])).stderr).toMatch(/expected --out with --csv or --json/);
  });

  test('gives all tables as JSON', async () => {
    const { stdout } = await kpi([...dated, '--json']);
    const tables = JSON.parse(stdout);
    expect(Object.keys(tables)).toEqual(['daily_engagement', 'daily_advanced_metrics', 'daily_errors', 'daily_funnel']);
    expect(tables.daily_engagement[1]).toMatchObject({ period_start_date: '2025-12-22', all_tests: 2, active_percentage: 100 });
  });

  test('refuses a table that differs from its definition', async () => {
    const file = join(folder, 'drift.duckdb');
    copyFileSync(warehouse, file);
    const instance = await DuckDBInstance.create(file);
    const connection = await instance.connect();
    await connection.run('ALTER TABLE kpi_metrics.daily_engagement DROP COLUMN active_change');
    connection.closeSync();
    instance.closeSync();
    const line =
      /^kpi: table kpi_metrics\.daily_engagement has no column active_change; rename it or name another warehouse \(SCHEMA_DRIFT\)\n$/;
    for (const args of [['show'], ['export', '--source', source]]) {
      const { code, stderr } = await kpi([...args, '--date', '2025-12-23', '--warehouse', file]);
      expect([code, stderr]).toEqual([1, expect.stringMatching(line)]);
    }
  });
});

describe('dates before the source begins', () => {
  const dates = (...args: string[]) => ['export', '--source', source, '--warehouse', join(folder, 'begins.duckdb'), ...args];

  test.each([[[]], [['--dry-run']]])('one is refused, naming the first date %p', async (more) => {
    const { code, stderr } = await kpi(dates('--date', '1990-01-01', ...more));
    const lines = stderr.trimEnd().split('\n');
    expect([code, lines.at(-1)]).toEqual([
      64,
      'kpi: the source holds no account and no test up to 1990-01-01; its first date is 2025-12-20 (BAD_REQUEST)',
    ]);
    expect(existsSync(join(folder, 'begins.duckdb'))).toBe(false);
  });

  test('names them in one line of a range, and exports the other dates', async () => {
    const { code, stdout, stderr } = await kpi(dates('--from', '2025-12-10', '--to', '2025-12-21'));
    const refusal = 'the source holds no account and no test up to 2025-12-19; its first date is 2025-12-20';
    expect(code).toBe(2);
    expect(stdout).toMatch(
      new RegExp(`\n2025-12-10 to 2025-12-19  ${refusal} \\(BAD_REQUEST\\)\nWrote 258 rows of 2 of 12 dates`),
    );
    expect(stderr.match(/export failed/g)).toHaveLength(1);
    expect(stderr).toMatch(new RegExp(`\nkpi: ${refusal} \\(BAD_REQUEST\\)\n$`));
  });
});

test('an export that is killed at any moment leaves each date wholly old or wholly new', async () => {
  const file = join(folder, 'killed.duckdb');
  const old = writeSource('old', { 'users.csv': `${users}u0,2025-11-20T10:00:00Z\n`, 'measurements.csv': measurements });
  const args = ['export', '--from', '2025-12-16', '--to', '2025-12-23', '--source', old, '--warehouse', file];
  await kpi(args);
  const began = Date.now();
  await kpi(args);
  const duration = Date.now() - began;
  const fates = new Set<string>();
  for (const attempt of sample([5, 2, 7, 0, 1, 3, 4, 6], 4)) {
    const copy = join(folder, `killed-${attempt}.duckdb`);
    copyFileSync(file, copy);
    const child = start([...args.slice(0, -1), copy]);
    // most of the moments lie where the file is written: at the end
    const timer = setTimeout(() => child.kill('SIGKILL'), duration * (0.5 + attempt / 14));
    const [, signal] = await once(child, 'close');
    clearTimeout(timer);
    fates.add(String(signal));
    const runs = await queryDuckDb(
      copy,
      ['daily_engagement', 'daily_advanced_metrics', 'daily_errors', 'daily_funnel']
        .map((table) => `SELECT report_date, created_at, count(*) FROM kpi_metrics.${table} GROUP BY ALL`)
        .join(' UNION '),
    );
    expect(runs).toHaveLength(8);
    expect(runs.every(([, , rows]) => rows === '12')).toBe(true);
  }
  expect(fates).toContain('SIGKILL');
});

test('kpi --help and that of every command show examples', async () => {
  const { stdout: help } = await kpi(['--help']);
  const commands = Array.from(/^Commands:\n(.*?)\n\n/ms.exec(help)?.[1]?.matchAll(/^ {2}([a-z]+)/gm) ?? [], ([, name]) => name);
  expect(commands).toEqual(expect.arrayContaining(['export', 'show', 'status', 'doctor', 'replay']));
  for (const command of commands.filter((name) => name !== 'help')) {
    const { code, stdout } = await kpi([String(command), '--help']);
    expect([command, code, stdout]).toEqual([command, 0, expect.stringContaining(`Examples:\n  $ kpi ${command}`)]);
  }
  expect(help).toContain('Examples:\n  $ kpi ');
});

describe('release', () => {
  const file = join(folder, 'release.duckdb');
  const at = ['--source', 'demo', '--warehouse', file];
  const kpi = (args: string[], env: Record<string, string> = {}) =>
    runKpi(folder, args, { KPI_RELEASE_GRAIN: 'day', ...env }, NOW);

  test('releases a day once, shows it, and replaces it only with --replace', async () => {
    const first = await kpi(['release', '--date', '2025-12-12', ...at]);
    expect([first.code, first.stdout]).toEqual([
      0,
      '2025-12-12  released, revision 1: 14 values shown, 11 hidden\nRules: at least 20 people, rounded to 10\nReleased from demo data\n',
    ]);
    const again = await kpi(['release', '--date', '2025-12-12', '--json', ...at]);
    expect([again.code, JSON.parse(again.stdout)]).toEqual([
      0,
      { period: '2025-12-12', success: true, state: 'left', revision: 1, shown: 14, hidden: 11 },
    ]);
    const replaced = await kpi(['release', '--date', '2025-12-12', '--replace', '--reason', 'a trial', '--json', ...at]);
    expect(JSON.parse(replaced.stdout)).toMatchObject({ state: 'replaced', revision: 2 });
    expect(JSON.parse(replaced.stderr.split('\n')[0] ?? '')).toMatchObject({ message: 'period released', reason: 'a trial' });
    const shown = await kpi(['show', '--release', '--date', '2025-12-12', '--json', '--warehouse', file]);
    expect(JSON.parse(shown.stdout).daily_metrics).toEqual([
      expect.objectContaining({
        period_start_date: '2025-12-12',
        period_end_date: '2025-12-12',
        revision: 2,
        active_users: 270,
        conversion_rate: null,
      }),
    ]);
  });

  test('prints a line for each day of a range', async () => {
    const { code, stdout } = await kpi(['release', '--from', '2025-12-10', '--to', '2025-12-11', '--json', ...at]);
    const answer = JSON.parse(stdout);
    expect([code, answer.success]).toEqual([0, true]);
    expect(answer.releases.map(({ period, state }: Record<string, string>) => `${period} ${state}`)).toEqual([
      '2025-12-10 released',
      '2025-12-11 released',
    ]);
  });

  test('an export releases if KPI_RELEASE is on', async () => {
    const { code } = await kpi(['export', '--date', '2025-12-25', ...at], { KPI_RELEASE: 'on' });
    const shown = await kpi(['show', '--release', '--date', '2025-12-14', '--csv', '--warehouse', file]);
    expect([code, shown.code, shown.stdout.split('\n')[1]]).toEqual([0, 0, expect.stringMatching(/^2025-12-14,2025-12-14,1,/)]);
  });

  test.each([
    { name: 'no date', args: [], says: 'expected --date, or --from and --to' },
    {
      name: 'a day that is not complete',
      args: ['--date', 'yesterday'],
      says: 'a day is released once the report of 11 days later is final',
    },
    {
      name: 'a replacement of a range',
      args: ['--from', '2025-12-10', '--to', '2025-12-11', '--replace'],
      says: 'one period at a time',
    },
    {
      name: 'a replacement without a reason',
      args: ['--date', '2025-12-12', '--replace', '--reason', ' '],
      says: 'expected --replace with --reason',
    },
    { name: 'a reason for nothing', args: ['--date', '2025-12-12', '--reason', 'x'], says: 'only with --replace' },
    {
      name: 'a replacement of what is not out',
      args: ['--date', '2025-12-01', '--replace', '--reason', 'x'],
      says: 'has not been released yet',
    },
  ])('refuses $name in one line', async ({ args, says }) => {
    const { code, stderr } = await kpi(['release', ...args, ...at]);
    const lines = stderr.split('\n').filter((line) => line.startsWith('kpi: '));
    expect([code, lines]).toEqual([64, [expect.stringContaining(says)]]);
  });

  test('says how to release a day that is not released', async () => {
    const { code, stderr } = await kpi(['show', '--release', '--date', '2025-11-01', '--warehouse', file]);
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/^kpi: 2025-11-01 has not been released; run: .* release --warehouse \S+ --date 2025-11-01\n$/),
    ]);
    const young = await kpi(['show', '--release', '--date', 'yesterday', '--warehouse', file]);
    expect([young.code, young.stderr]).toEqual([
      1,
      expect.stringMatching(/has not been released; it can be from \d{4}-\d\d-\d\d on\n$/),
    ]);
  });
});

describe('release of weeks, the default', () => {
  const file = join(folder, 'weeks.duckdb');
  const at = ['--source', 'demo', '--warehouse', file];

  test('takes any day of a week, and shows the week', async () => {
    const first = await kpi(['release', '--date', '2025-12-10', ...at]);
    expect([first.code, first.stdout]).toEqual([
      0,
      expect.stringMatching(/^2025-12-08 to 2025-12-14 {2}released, revision 1: \d+ values shown, \d+ hidden\n/),
    ]);
    const again = await kpi(['release', '--from', '2025-12-01', '--to', '2025-12-14', '--json', ...at]);
    expect(JSON.parse(again.stdout).releases).toMatchObject([
      { period: '2025-12-01', state: 'released' },
      { period: '2025-12-08', state: 'left' },
    ]);
    const shown = await kpi(['show', '--release', '--date', '2025-12-14', '--json', '--warehouse', file]);
    expect(JSON.parse(shown.stdout)).toEqual({
      weekly_metrics: [expect.objectContaining({ period_start_date: '2025-12-08', period_end_date: '2025-12-14', revision: 1 })],
    });
    const missing = await kpi(['show', '--release', '--date', '2025-11-05', '--warehouse', file]);
    expect(missing.stderr).toMatch(/^kpi: 2025-11-03 to 2025-11-09 has not been released; run: .* --date 2025-11-03\n$/);
    const page = await kpi(['dashboard', '--release', '--out', join(folder, 'weeks.html'), '--warehouse', file]);
    expect(page.stdout).toMatch(/: 2 weeks, /);
  });

  test('the export of a Sunday releases', async () => {
    const { code, stdout } = await kpi(['export', '--date', '2025-12-07', ...at, '--json'], { KPI_RELEASE: 'on' });
    expect([code, JSON.parse(stdout).success]).toEqual([0, true]);
    const rows = await queryDuckDb(file, 'SELECT period_start_date FROM kpi_release.weekly_metrics ORDER BY 1');
    expect(rows).toEqual([['2025-11-17'], ['2025-12-01'], ['2025-12-08']]);
  });

  test('every entry point refuses another grain in one line', async () => {
    const says = /^kpi: .*KPI_RELEASE_GRAIN: is month, but kpi_release holds released weeks; expected week.*\(BAD_CONFIG\)\n$/s;
    const month = { KPI_RELEASE_GRAIN: 'month', KPI_LOG_LEVEL: 'error' };
    for (const args of [
      ['release', '--date', '2025-10-10', ...at],
      ['show', '--release', '--warehouse', file],
      ['dashboard', '--release', '--out', join(folder, 'months.html'), '--warehouse', file],
    ]) {
      const { code, stderr } = await kpi(args, month);
      expect([args[0], code, stderr]).toEqual([args[0], 64, expect.stringMatching(says)]);
    }
    const doctor = await kpi(['doctor', ...at], { ...month, KPI_RELEASE: 'on' });
    expect(doctor.stdout).toMatch(/grain of the release.*KPI_RELEASE_GRAIN: is month/);
    const well = await kpi(['doctor', ...at], { KPI_RELEASE: 'on' });
    expect(well.stdout).toMatch(/grain of the release +only weeks are released/);
  });
});
