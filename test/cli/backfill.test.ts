import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { addDays, datesBetween } from '../../shared/metrics/calendar';
import { rowsOfTable, tablesOf } from '../../shared/metrics/tables';
import { formatCount } from '../../shared/platform/counts';
import { ended, queryDuckDb, type Result, runKpi, startKpi } from '../support/kpi-command';

/** Ranges of dates by the command line: what is left of them after a fault, gaps, and what an export revises. */
const folder = mkdtempSync(join(tmpdir(), 'kpi-backfill-'));
const FROM = '2025-09-21';
const TO = '2025-12-09';
const DATES = datesBetween(FROM, TO);
const tables = ['daily_engagement', 'daily_advanced_metrics', 'daily_errors', 'daily_funnel'];

let warehouse = '';
let warehouses = 0;

beforeAll(() => {
  const accounts = DATES.map((date, index) => `u${index},${date}T10:00:00Z`);
  writeFileSync(join(folder, 'users.csv'), `user_id,created_at\n${accounts.join('\n')}\n`);
  writeMeasurements(() => true);
});

beforeEach(() => {
  warehouse = join(folder, `warehouse-${warehouses++}.duckdb`);
});

afterAll(() => rmSync(folder, { recursive: true }));

/** One failed and one good test a day; only those rows that are wanted. */
function writeMeasurements(wanted: (row: { date: string; failed: boolean }) => boolean): void {
  const rows = DATES.flatMap((date, index) =>
    [true, false]
      .filter((failed) => wanted({ date, failed }))
      .map(
        (failed) => `m${index}-${failed},u${index},s${index},${date}T1${failed ? 1 : 2}:00:00Z,${failed ? 'analysis_error' : ''}`,
      ),
  );
  writeFileSync(
    join(folder, 'measurements.csv'),
    `measurement_id,user_id,session_id,created_at,error_type\n${rows.join('\n')}\n`,
  );
}

const env = () => ({ KPI_WAREHOUSE: warehouse, KPI_SOURCE: folder });
const start = (args: string[]) => startKpi(folder, args, env());
const kpi = (...args: string[]) => runKpi(folder, args, env());
const range = (from = FROM, to = TO) => ['export', '--from', from, '--to', to];

function logged({ stderr }: Result, message: string): Record<string, unknown>[] {
  const entries = stderr.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line)] : []));
  return entries.filter((entry) => entry.message === message);
}

/** The dates whose report is whole and of one run, of each table once. */
async function wholeDates(): Promise<string[]> {
  const states = tables.map(
    (table) =>
      `SELECT report_date, count(*) AS n, min(created_at) AS first, max(created_at) AS last FROM kpi_metrics.${table} GROUP BY 1`,
  );
  const rows = await queryDuckDb(
    warehouse,
    `SELECT report_date::VARCHAR FROM (${states.join(' UNION ALL ')}) GROUP BY 1
     HAVING count(*) = 4 AND min(n) = 12 AND max(n) = 12 AND min(first) = max(last) ORDER BY 1`,
  );
  return rows.map(([date]) => String(date));
}

async function recordedDates(): Promise<string[]> {
  const rows = await queryDuckDb(
    warehouse,
    "SELECT report_date::VARCHAR FROM kpi_metrics.export_runs WHERE status = 'succeeded' ORDER BY 1",
  );
  return rows.map(([date]) => String(date));
}

test('a range prints a line for each date and a summary', async () => {
  const result = await kpi(...range());
  const rows = DATES.flatMap(tablesOf).reduce((sum, table) => sum + rowsOfTable(table), 0);
  expect([result.code, result.stdout.split('\n')]).toEqual([
    0,
    expect.arrayContaining([`Wrote ${formatCount(rows)} rows of 80 dates, ${FROM} to ${TO} to ${basename(warehouse)}`]),
  ]);
  expect(DATES).toHaveLength(80);
  expect(logged(result, 'report exported').map(({ report_date }) => report_date)).toEqual(DATES);
  expect(await wholeDates()).toEqual(DATES);
  expect(await recordedDates()).toEqual(DATES);
});

test('a killed export that is resumed has each date exactly once', async () => {
  const child = start(range());
  let seen = 0;
  child.stderr?.on('data', (chunk) => {
    seen += String(chunk).split('"report exported"').length - 1;
    if (seen > 50) child.kill('SIGKILL'); // the first fifty are recorded, the next are just in
  });
  const killed = await ended(child);
  expect(killed.signal).toBe('SIGKILL');
  const before = await recordedDates();
  const resumed = await kpi(...range(), '--resume', '--json');
  expect(resumed.code).toBe(0);
  const exported = JSON.parse(resumed.stdout).reports.map(({ reportDate }: { reportDate: string }) => reportDate);
  expect(exported).toEqual(DATES.filter((date) => !before.includes(date)));
  expect(await wholeDates()).toEqual(DATES);
  expect(await recordedDates()).toEqual(DATES);

  const again = await kpi(...range(), '--resume');
  expect([again.code, again.stdout]).toEqual([
    0,
    'Nothing left to do: earlier runs of this range have exported all of its dates\n',
  ]);
  const other = await kpi(...range(addDays(TO, -1)), '--resume', '--json');
  expect(JSON.parse(other.stdout).reports).toHaveLength(2); // of another range nothing is known
});

test.each([[['export', '--date', TO, '--resume']], [[...range(), '--resume', '--dry-run']]])('%j is refused', async (args) => {
  const { code, stderr } = await kpi(...args);
  expect([code, stderr]).toEqual([64, 'kpi: expected --resume with --from and --to, and without --dry-run (BAD_REQUEST)\n']);
});

test('gaps are listed with their reason, and can be fixed', async () => {
  await kpi(...range('2025-12-01', '2025-12-03'));
  await kpi(...range('2025-12-06', '2025-12-09'));
  const before = await queryDuckDb(
    warehouse,
    "SELECT min(created_at) FROM kpi_metrics.daily_funnel WHERE report_date = DATE '2025-12-01'",
  );
  expect(before).toHaveLength(1);
  const args = ['gaps', '--from', '2025-11-30', '--to', '2025-12-09'];
  const found = await kpi(...args);
  expect([found.code, found.stdout]).toEqual([
    2,
    [
      '2025-11-30  no report',
      '2025-12-04 to 2025-12-05  no report',
      '3 of 10 dates, 2025-11-30 to 2025-12-09, have gaps',
      `Export them: node ${resolve(__dirname, '../../bin/kpi.mjs')} gaps --from 2025-11-30 --to 2025-12-09 --fix`,
      '',
    ].join('\n'),
  ]);
  const json = await kpi(...args, '--json');
  expect([json.code, JSON.parse(json.stdout)]).toEqual([
    2,
    {
      success: false,
      from: '2025-11-30',
      to: '2025-12-09',
      gaps: ['2025-11-30', '2025-12-04', '2025-12-05'].map((reportDate) => ({ reportDate, reason: 'missing' })),
    },
  ]);
  const fixed = await kpi(...args, '--fix');
  expect([fixed.code, fixed.stdout.split('\n').at(-2)]).toEqual([0, 'Exported 3 of 3 dates']);
  expect(logged(fixed, 'report exported')).toHaveLength(3);
  expect((await kpi(...args)).code).toBe(0);
});

test('gaps begin with the first report by default', async () => {
  const none = await kpi('gaps');
  expect([none.code, none.stderr]).toEqual([64, expect.stringMatching(/^kpi: warehouse .* does not exist; export a date first/)]);
  await kpi('export', '--date', TO);
  const { code, stdout } = await kpi('gaps', '--to', addDays(TO, 1));
  expect([code, stdout.split('\n')[0]]).toEqual([2, `${addDays(TO, 1)}  no report`]);
});

test('late and deleted rows are counted as revisions, and lower counts are named', async () => {
  const revisions = () =>
    queryDuckDb(warehouse, 'SELECT revised_values FROM kpi_metrics.export_runs ORDER BY started_at').then((rows) =>
      rows.map(([values]) => values),
    );
  await kpi('export', '--date', TO);
  await kpi('export', '--date', TO);
  expect(await revisions()).toEqual(['0', '0']);
  try {
    writeMeasurements(({ date, failed }) => failed || date !== '2025-12-05');
    const deleted = await kpi('export', '--date', TO);
    expect(deleted.code).toBe(0);
    const columns = logged(deleted, 'final figure fell').map(({ table, column }) => `${table}.${column}`);
    expect(columns).toEqual([
      'daily_engagement.all_tests',
      'daily_engagement.successful_tests',
      'daily_engagement.successful_test_users',
      'daily_advanced_metrics.successful_sessions',
      'daily_advanced_metrics.second_try_successes',
    ]);
    // those five, and with them avg_tests_per_active_user, adjusted_success_rate and second_try_success_rate
    expect(await revisions()).toEqual(['0', '0', '8']);
  } finally {
    writeMeasurements(() => true);
  }
  const late = await kpi('export', '--date', addDays(TO, -1)); // no report of that date, but later ones don't count
  expect(logged(late, 'figures revised')).toEqual([]);
  const again = await kpi('export', '--date', TO);
  expect(logged(again, 'figures revised')).toEqual([expect.objectContaining({ report_date: TO, revised_values: 8 })]);
  expect(logged(again, 'final figure fell')).toEqual([]);
});

test('a report with less than half of the published counts is refused, and written with --allow-fall', async () => {
  await kpi('export', '--date', TO);
  const published = () => queryDuckDb(warehouse, 'SELECT * FROM kpi_metrics.daily_engagement ORDER BY ALL');
  const before = await published();
  try {
    writeMeasurements(({ date }) => date < '2025-12-04' || date > '2025-12-07');
    const refused = await kpi('export', '--date', TO);
    expect([refused.code, refused.stderr.split('\n').at(-2)]).toEqual([
      1,
      expect.stringMatching(/daily_engagement\.all_tests of 2025-12-07 fell from 2 to 0, .* --allow-fall .* \(QUALITY_GATE\)$/),
    ]);
    expect(await published()).toEqual(before);
    expect((await kpi('export', '--date', TO, '--allow-fall')).code).toBe(0);
    expect(await published()).not.toEqual(before);
  } finally {
    writeMeasurements(() => true);
  }
});
