import type { Mutant } from './mutant';

const gaps = (what: string, from: string, to: string): Mutant => ({
  what,
  file: 'shared/export/gaps.ts',
  edits: [[from, to]],
  tests: ['test/shared/export/gaps.test.ts'],
});

/** Faults between a request and its published tables. */
export const exporting = {
  'expired-dates-are-gaps': gaps(
    'dates whose partitions have expired are gaps for ever',
    'gaps.filter(({ reportDate }) => !expired.has(reportDate))',
    'gaps',
  ),
  'stretch-of-several-reasons': {
    what: 'gaps of several reasons are listed under the first',
    file: 'shared/metrics/stretches.ts',
    edits: [['open?.shared === shared && addDays', 'open !== undefined && addDays']],
    tests: ['test/shared/export/gaps.test.ts'],
  },
  'stretch-over-whole-dates': {
    what: 'dates between two gaps are listed as gaps',
    file: 'shared/metrics/stretches.ts',
    edits: [[' && addDays(open.last, 1) === date', '']],
    tests: ['test/shared/export/gaps.test.ts'],
  },
  'table-of-two-runs-is-whole': gaps(
    'a table that holds rows of two runs looks whole',
    '[state.firstCreatedAt, state.lastCreatedAt].every(',
    '[state.firstCreatedAt].every(',
  ),
  'tables-of-two-runs-are-whole': gaps(
    'tables of two runs look whole',
    'const ofOneRun = states.every((state)',
    'const ofOneRun = states.slice(0, 1).every((state)',
  ),
  'half-a-table-is-whole': gaps(
    'a table with some of its rows looks whole',
    '?.rows === rowsOfTable(table)',
    '?.rows !== undefined',
  ),
  'yesterday-is-a-gap': gaps(
    "yesterday's report is a gap until the next daily run",
    'reportDate < addDays(today, -1) ? endOf',
    'reportDate < today ? endOf',
  ),
  'runs-told-by-the-first-row': {
    what: 'no engine tells a table of two runs from a whole one',
    file: 'shared/engines/warehouse-sql.ts',
    edits: [['  MAX(created_at) AS last_created_at', '  MIN(created_at) AS last_created_at']],
    tests: ['test/shared/engines/duckdb/warehouse.test.ts'],
  },
  'repair-by-the-first-row': {
    what: 'a table that holds rows of two runs is not repaired',
    file: 'shared/engines/bigquery/repair.ts',
    edits: [['[firstCreatedAt, lastCreatedAt].every(', '[firstCreatedAt].every(']],
    tests: ['test/shared/engines/bigquery/repair.test.ts'],
  },
  'range-of-old-definitions': {
    what: 'a range is not exported again after a definition has changed',
    file: 'shared/export/resume.ts',
    edits: [['[warehouse.source, timeZone, definitions]', '[warehouse.source, timeZone]']],
    tests: ['test/shared/export/resume.test.ts'],
  },
  'range-of-another-time-zone': {
    what: 'a range is not exported again in another time zone',
    file: 'shared/export/resume.ts',
    edits: [['[warehouse.source, timeZone, definitions]', '[warehouse.source, definitions]']],
    tests: ['test/shared/export/resume.test.ts'],
  },
  'deleted-reports-are-done': {
    what: 'a range that is resumed leaves out reports that were deleted',
    file: 'shared/export/resume.ts',
    edits: [['      !lacking.has(report_date) &&\n', '']],
    tests: ['test/shared/export/resume.test.ts'],
  },
  'one-failure-for-all-dates': {
    what: 'a date that fails fails those after it',
    file: 'shared/export/run-export.ts',
    edits: [['return reports.map(({ reportDate }) => allFailed(reportDate, failure));', 'throw failure;']],
    tests: ['test/shared/export/run-export.test.ts'],
  },
} satisfies Record<string, Mutant>;
