import type { Mutant } from './mutant';

/** Faults of the page. */
export const page = {
  'exported-in-utc': {
    what: 'the page says when a report was made on clocks of UTC',
    file: 'dashboard/page/status.ts',
    edits: [["'–' : formatInstant(of.newest.createdAt, timeZone)]", "'–' : formatInstant(of.newest.createdAt, 'UTC')]"]],
    tests: ['test/dashboard/status.test.ts'],
  },
  'made-in-utc': {
    what: 'the printed page says when a report was made on clocks of UTC',
    file: 'dashboard/page/status.ts',
    edits: [['{formatInstant(of.newest.createdAt, timeZone)}', "{formatInstant(of.newest.createdAt, 'UTC')}"]],
    tests: ['test/dashboard/status.test.ts'],
  },
  'all-figures-grow': {
    what: 'each figure of a young day is marked as growing',
    file: 'dashboard/page/history.ts',
    edits: [['(period.growing && metrics.get(name)?.grows === true)', 'period.growing']],
    tests: ['test/dashboard/page.test.ts'],
  },
  'all-metrics-grow': {
    what: 'each metric is one that grows',
    file: 'dashboard/metrics.ts',
    edits: [['grows: growing.includes(name)', 'grows: true']],
    tests: ['test/dashboard/page.test.ts'],
  },
  'days-never-stop-growing': {
    what: 'figures of old days are marked as growing',
    file: 'dashboard/history.ts',
    edits: [['growing: !(final && age === PERIODS - 1)', 'growing: true']],
    tests: ['test/dashboard/history.test.ts'],
  },
  'report-of-two-runs-is-shown': {
    what: 'a table that holds rows of two runs is shown as a report',
    file: 'dashboard/history.ts',
    edits: [['later.length === 0 || (reportTableNames.every(isOfOneRun) && ', 'later.length === 0 || (']],
    tests: ['test/dashboard/history.test.ts'],
  },
  'report-that-contradicts-itself-is-shown': {
    what: 'tables of two runs that contradict each other are shown as a report',
    file: 'dashboard/history.ts',
    edits: [['periods.every(({ rows }) => agree(Object.values(rows)))', 'true']],
    tests: ['test/dashboard/history.test.ts'],
  },
} satisfies Record<string, Mutant>;
