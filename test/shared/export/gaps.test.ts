import type { Engine, ReportState } from '../../../shared/engines/engine';
import { allDates, describeGaps, findGaps, type Gap, gapStretches, gapsAmong } from '../../../shared/export/gaps';
import { type FurtherTable, furtherTableNames, reportTableNames, rowsOfTable, tablesOf } from '../../../shared/metrics/tables';
import { Failure } from '../../../shared/platform/failure';
import { testRun } from '../../support/run';

const TIME_ZONE = 'America/New_York';
const search = { from: '2025-12-01', to: '2025-12-23', timeZone: TIME_ZONE, today: '2025-12-24' };

/** The report of a date, whole and of one run, unless changed. */
function states(reportDate: string, createdAt: string, change: (state: ReportState) => Partial<ReportState> = () => ({})) {
  return reportTableNames.map((table): ReportState => {
    const state = { reportDate, table, rows: 12, firstCreatedAt: new Date(createdAt), lastCreatedAt: new Date(createdAt) };
    return { ...state, ...change(state) };
  });
}

const one = { from: '2025-12-20', to: '2025-12-20' };

test.each<{ name: string; states: ReportState[]; from?: string; to?: string; gaps: Gap['reason'][] }>([
  { name: 'a whole report made on the next morning', states: states('2025-12-20', '2025-12-21T11:00:00Z'), ...one, gaps: [] },
  { name: 'nothing', states: [], ...one, gaps: ['missing'] },
  { name: 'a table without rows', states: states('2025-12-20', '2025-12-21T11:00:00Z').slice(1), ...one, gaps: ['incomplete'] },
  {
    name: 'a table with eleven rows',
    states: states('2025-12-20', '2025-12-21T11:00:00Z', ({ table }) => (table === 'daily_errors' ? { rows: 11 } : {})),
    ...one,
    gaps: ['incomplete'],
  },
  {
    name: 'a table of another run',
    states: states('2025-12-20', '2025-12-21T11:00:00Z', ({ table }) =>
      table === 'daily_funnel'
        ? { firstCreatedAt: new Date('2025-12-22T11:00:00Z'), lastCreatedAt: new Date('2025-12-22T11:00:00Z') }
        : {},
    ),
    ...one,
    gaps: ['mixed'],
  },
  {
    name: 'rows of two runs in a table',
    states: states('2025-12-20', '2025-12-21T11:00:00Z', ({ table }) =>
      table === 'daily_funnel' ? { lastCreatedAt: new Date('2025-12-22T11:00:00Z') } : {},
    ),
    ...one,
    gaps: ['mixed'],
  },
  {
    name: 'a report made a second before the day was over',
    states: states('2025-12-20', '2025-12-21T04:59:59Z'),
    ...one,
    gaps: ['provisional'],
  },
  { name: 'a report made as the day was over', states: states('2025-12-20', '2025-12-21T05:00:00Z'), ...one, gaps: [] },
  {
    name: "yesterday's report, made before that day was over",
    states: states('2025-12-23', '2025-12-23T11:00:00Z'),
    from: '2025-12-23',
    to: '2025-12-23',
    gaps: [],
  },
])('$name', ({ states, from = search.from, to = search.to, gaps }) => {
  expect(gapsAmong(states, { ...search, from, to }, new Set(furtherTableNames)).map(({ reason }) => reason)).toEqual(gaps);
});

test('each date of the range is looked at, in order', () => {
  const known = [...states('2025-12-02', '2026-01-01T00:00:00Z'), ...states('2025-12-04', '2026-01-01T00:00:00Z')];
  const found = gapsAmong(known, { ...search, to: '2025-12-05' }, new Set(furtherTableNames));
  expect(found.map(({ reportDate }) => reportDate)).toEqual(['2025-12-01', '2025-12-03', '2025-12-05']);
});

/** The report of a date with all tables but those of `lost`. */
function wholeStates(reportDate: string, lost: RegExp = /^$/): ReportState[] {
  const createdAt = new Date('2026-01-01T00:00:00Z');
  return tablesOf(reportDate)
    .filter((table) => !lost.test(table))
    .map((table) => ({ reportDate, table, rows: rowsOfTable(table), firstCreatedAt: createdAt, lastCreatedAt: createdAt }));
}

test.each<{ name: string; lost: RegExp; existing: readonly FurtherTable[]; gaps: string[] }>([
  { name: 'are all in', lost: /^$/, existing: furtherTableNames, gaps: [] },
  { name: 'lack the very first rows of each weekly table', lost: /^weekly_/, existing: furtherTableNames, gaps: ['2025-12-07'] },
  {
    name: 'lack weekly tables that the deployment has not',
    lost: /^weekly_/,
    existing: furtherTableNames.filter((table) => !table.startsWith('weekly_')),
    gaps: [],
  },
])('a version with more tables began within the range, which $name', ({ lost, existing, gaps }) => {
  const known = [
    ...['2025-11-30', '2025-12-05'].flatMap((date) => states(date, '2026-01-01T00:00:00Z')),
    ...['2025-12-06', '2025-12-07', '2025-12-08'].flatMap((date) => wholeStates(date, lost)),
  ];
  const found = gapsAmong(known, { ...search, from: '2025-12-05', to: '2025-12-08' }, new Set(existing));
  expect(found).toEqual(gaps.map((reportDate) => ({ reportDate, reason: 'incomplete' })));
});

test('all dates end with yesterday in the report time zone', () => {
  const now = new Date('2025-12-24T02:00:00Z');
  expect(allDates(TIME_ZONE, now)).toMatchObject({ from: null, to: '2025-12-22', today: '2025-12-23' });
  expect(allDates('UTC', now)).toMatchObject({ from: null, to: '2025-12-23', today: '2025-12-24' });
});

test.each<[string | null, string, number, string]>([
  [null, '2025-12-23', 0, 'no report up to 2025-12-23'],
  ['2025-12-23', '2025-12-23', 0, 'none of 1 date, 2025-12-23, has a gap'],
  ['2025-12-23', '2025-12-23', 1, '1 of 1 date, 2025-12-23, has a gap'],
  ['2025-12-01', '2025-12-23', 1, '1 of 23 dates, 2025-12-01 to 2025-12-23, has a gap'],
  ['2021-12-01', '2025-12-23', 1234, '1,234 of 1,484 dates, 2021-12-01 to 2025-12-23, have gaps'],
])('from %s to %s %i gaps are told in words', (from, to, count, words) => {
  const gaps = Array.from({ length: count }, (): Gap => ({ reportDate: to, reason: 'missing' }));
  expect(describeGaps({ from, to, gaps })).toBe(words);
});

test('a date whose partition has expired is no gap: nothing could be kept there', async () => {
  const engine: Pick<Engine, 'readReportStates' | 'prepare' | 'furtherTables'> = {
    furtherTables: async () => new Set(),
    readReportStates: async () => states('2025-12-03', '2026-01-01T00:00:00Z'),
    prepare: async (dates) =>
      new Map(dates.flatMap((date) => (date < '2025-12-03' ? [[date, new Failure('BAD_REQUEST', 'expired')]] : []))),
  };
  const { gaps } = await findGaps(engine as Engine, { ...search, to: '2025-12-04' }, testRun());
  expect(gaps).toEqual([{ reportDate: '2025-12-04', reason: 'missing' }]);
});

test('gaps that follow each other are one stretch where they have one reason', () => {
  const gaps: Gap[] = [
    { reportDate: '2025-12-01', reason: 'missing' },
    { reportDate: '2025-12-02', reason: 'missing' },
    { reportDate: '2025-12-03', reason: 'mixed' },
    { reportDate: '2025-12-05', reason: 'mixed' },
  ];
  expect(gapStretches(gaps)).toEqual([
    { first: '2025-12-01', last: '2025-12-02', shared: 'missing' },
    { first: '2025-12-03', last: '2025-12-03', shared: 'mixed' },
    { first: '2025-12-05', last: '2025-12-05', shared: 'mixed' },
  ]);
});
