import { parseConfig } from '../../shared/config';
import { completedDates, rangeRequestId } from '../../shared/resume';
import type { ExportRun } from '../../shared/tables/export_runs';

const range = { from: '2025-12-01', to: '2025-12-23', shape: 'range' as const };
const config = (source: string, timeZone = 'UTC') => parseConfig({}, { source, timeZone, warehouse: '/tmp/w.duckdb' });

test('the same range of the same source has the same id, anything else another', () => {
  const id = rangeRequestId(range, config('/data'));
  expect(id).toMatch(/^range-2025-12-01-2025-12-23-[0-9a-f]{12}$/);
  expect(rangeRequestId({ ...range }, config('/data'))).toBe(id);
  const others = [
    rangeRequestId({ ...range, to: '2025-12-22' }, config('/data')),
    rangeRequestId(range, config('/other')),
    rangeRequestId(range, config('/data', 'Europe/Berlin')),
  ];
  expect(new Set([id, ...others]).size).toBe(4);
});

test.each([
  ['a whole report', { status: 'succeeded', started_at: '2025-12-24T00:00:00Z' }, true],
  ['a whole report made before the day was over', { status: 'succeeded', started_at: '2025-12-23T23:59:59Z' }, false],
  [
    'a whole report whose release failed',
    { status: 'succeeded', error_code: 'ACCESS_DENIED', started_at: '2025-12-24T00:00:00Z' },
    false,
  ],
  ['a report of which some tables are in', { status: 'partial', started_at: '2025-12-24T00:00:00Z' }, false],
  ['none', { status: 'failed', started_at: '2025-12-24T00:00:00Z' }, false],
] as const)('%s', (_, run, complete) => {
  const found = completedDates([{ error_code: null, ...run, report_date: '2025-12-23' } as ExportRun], [], 'UTC');
  expect([...found]).toEqual(complete ? ['2025-12-23'] : []);
});

test('a report that has been deleted since is not complete', () => {
  const runs = ['2025-12-22', '2025-12-23'].map(
    (report_date) => ({ status: 'succeeded', error_code: null, started_at: '2025-12-30T00:00:00Z', report_date }) as ExportRun,
  );
  expect([...completedDates(runs, [{ reportDate: '2025-12-22', reason: 'missing' }], 'UTC')]).toEqual(['2025-12-23']);
});
