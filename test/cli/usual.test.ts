import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addDays } from '../../shared/metrics/calendar';
import { queryDuckDb, runKpi } from '../support/kpi-command';

/** Seventy ordinary days, and one among them on which the camera found nothing for half of the people. */
const FIRST = '2025-09-01';
const days = Array.from({ length: 70 }, (_, index) => addDays(FIRST, index));
const ODD = days[60] ?? '';
const BEFORE = days[59] ?? '';

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kpi-usual-'));
  const rows = days.flatMap((day, index) =>
    Array.from({ length: 80 + ((index * 7) % 11) }, (_, person) => {
      const fails = day === ODD ? person % 2 === 0 : (person + index) % 5 === 0;
      return `m${index}-${person},u${person},s${index}-${person},${day}T10:00:00Z,${fails ? 'test_lines_not_found' : ''}`;
    }),
  );
  const source = join(folder, 'source');
  mkdirSync(source);
  writeFileSync(join(source, 'users.csv'), `user_id,created_at\nu1,${FIRST}T09:00:00Z\n`);
  writeFileSync(
    join(source, 'measurements.csv'),
    `${['measurement_id,user_id,session_id,created_at,error_type', ...rows].join('\n')}\n`,
  );
  expect((await kpi('export', '--from', FIRST, '--to', BEFORE)).code).toBe(0);
});
afterAll(() => rmSync(folder, { recursive: true }));

const kpi = (...args: string[]) =>
  runKpi(folder, [...args, '--warehouse', join(folder, 'w.duckdb')], { KPI_SOURCE: join(folder, 'source') });

const unusualOf = async (date: string) =>
  queryDuckDb(
    join(folder, 'w.duckdb'),
    `SELECT unusual_values::INTEGER FROM kpi_metrics.export_runs WHERE report_date = '${date}' ORDER BY started_at DESC LIMIT 1`,
  );

test('a usual day logs nothing', async () => {
  expect(await unusualOf(BEFORE)).toEqual([[0]]);
});

test('nothing is judged before there are four weeks', async () => {
  expect(await unusualOf(days[20] ?? '')).toEqual([[null]]);
});

test('doubled failures are in the log, in the run record and in status', async () => {
  const { stderr } = await kpi('export', '--date', ODD);
  const told = stderr
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line))
    .filter(({ message }) => message === 'unusual figure');
  expect(told).toMatchObject([{ severity: 'WARNING', report_date: ODD, column: 'failure_rate', usual_low: expect.any(Number) }]);
  expect(Number((await unusualOf(ODD))[0]?.[0])).toBeGreaterThan(1);
  expect((await kpi('status')).stdout.replaceAll(/\s+/g, ' ')).toMatch(
    /2025-10-31 Friday was a usual day: \d+ active users \(usual \d+ to \d+\)\. Failures were high: 50 % .*mostly test lines not found/,
  );
});

test('an excluded day is not judged', async () => {
  const file = join(folder, 'annotations.csv');
  writeFileSync(file, `date,until,text,exclude\n${ODD},,Camera service down,true\n`);
  expect((await kpi('annotate', file)).code).toBe(0);
  expect((await kpi('export', '--date', ODD)).stderr).not.toContain('unusual figure');
  expect(await unusualOf(ODD)).toEqual([[null]]);
  expect((await kpi('status')).stdout.replaceAll(/\s+/g, ' ')).toContain('the day is marked as exceptional');
});
