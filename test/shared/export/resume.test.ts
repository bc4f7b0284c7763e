import { type DoneDates, doneDates, rangeRequestId } from '../../../shared/export/resume';
import { DEFINITIONS_VERSION } from '../../../shared/export/run-record';
import type { ExportRun } from '../../../shared/metrics/tables/export_runs';
import { parseConfig } from '../../../shared/platform/config';

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
    rangeRequestId(range, config('/data'), DEFINITIONS_VERSION + 1),
  ];
  expect(new Set([id, ...others]).size).toBe(5);
});

const ended = {
  status: 'succeeded',
  error_code: null,
  started_at: '2025-12-24T00:00:00Z',
  report_date: '2025-12-23',
} as ExportRun;
const final = { timeZone: 'UTC', mustBeFinal: true };

test.each([
  ['a whole report', {}, ['exported'], ['exported']],
  ['one made before the day was over', { started_at: '2025-12-23T23:59:59Z' }, ['exported'], []],
  ['one whose release failed', { error_code: 'ACCESS_DENIED' }, ['exported', 'unreleased'], ['exported', 'unreleased']],
  ['a report of which some tables are in', { status: 'partial' }, [], []],
  ['none', { status: 'failed' }, [], []],
] as const)('%s', (_, changes, whenRepeated, whenResumed) => {
  const run = { ...ended, ...changes } as ExportRun;
  const names = (done: DoneDates) => (['exported', 'unreleased'] as const).filter((name) => done[name].has('2025-12-23'));
  expect(names(doneDates([run], [], { timeZone: 'UTC', mustBeFinal: false }))).toEqual(whenRepeated);
  expect(names(doneDates([run], [], final))).toEqual(whenResumed);
});

test('a release that failed at first and then succeeded is done', () => {
  const runs = [ended, { ...ended, status: 'failed', error_code: 'UNAVAILABLE' }, { ...ended, error_code: 'UNAVAILABLE' }];
  const { exported, unreleased } = doneDates(runs as ExportRun[], [], final);
  expect([[...exported], [...unreleased]]).toEqual([['2025-12-23'], []]);
});

test('a report that has been deleted since is not done; one that is provisional only where it must be final', () => {
  const runs = ['2025-12-21', '2025-12-22', '2025-12-23'].map((report_date) => ({ ...ended, report_date }));
  const gaps = [
    { reportDate: '2025-12-21', reason: 'missing' },
    { reportDate: '2025-12-22', reason: 'provisional' },
  ] as const;
  const done = (mustBeFinal: boolean) => [...doneDates(runs, gaps, { timeZone: 'UTC', mustBeFinal }).exported];
  expect([done(true), done(false)]).toEqual([['2025-12-23'], ['2025-12-22', '2025-12-23']]);
});
