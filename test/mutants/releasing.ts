import type { Mutant } from './mutant';

const period = (what: string, from: string, to: string): Mutant => ({
  what,
  file: 'shared/release/period.ts',
  edits: [[from, to]],
  tests: ['test/shared/release/period.test.ts'],
});

/** Faults of a release. */
export const releasing = {
  'people-of-another-state': period(
    'people and numbers of two states of the source are released together',
    'if (!agree) {',
    'if (agree === null) {',
  ),
  'active-people-of-another-state': period('who is active is not compared', '(tests?.users ?? 0) === day.activeUsers && ', ''),
  'failed-people-of-another-state': period(
    'who failed is not compared',
    'sum(errors, (row) => row.users) === failedUsers && ',
    '',
  ),
  'numbers-without-people': period('a number that nobody stands behind is taken', ' && held.every(isPossible)', ''),
  'rests-without-people': period('what a part leaves is not compared', 'rest === null ? [count] : [count, rest]', '[count]'),
  'one-has-more-than-all': period('one person may hold more than there is', 'most <= value && ', ''),
  'all-have-less-than-there-is': period('people may hold less than there is', ' && most * people >= value', ''),
  'unclassified-without-people': period(
    'errors of no known kind are not compared',
    '    { value: day.unclassifiedErrors, people: unclassified, most: null },\n',
    '',
  ),
  'release-of-a-refused-report': {
    what: 'kpi release puts out a period whose report the gate refuses',
    file: 'shared/export/run-release.ts',
    edits: [
      [
        'failure === null ? await release.releaseOne(period)',
        "failure?.code !== 'BAD_REQUEST' ? await release.releaseOne(period)",
      ],
    ],
    tests: ['test/shared/export/run-release.test.ts'],
  },
  'release-with-a-refused-report': {
    what: 'an export puts out a period whose report the gate refuses',
    file: 'shared/export/run-export.ts',
    edits: [
      [
        'conclude(one, { tables: allFailed(one.reportDate, one.failure, counted.existing) }, options)',
        'conclude(one, { tables: allFailed(one.reportDate, one.failure, counted.existing), release: await releaseBy(one.reportDate, [], counted, options) }, options)',
      ],
    ],
    tests: ['test/shared/export/run-export.test.ts'],
  },
  'release-of-a-report-that-is-not-in': {
    what: 'an export puts out a period whose report could not be written',
    file: 'shared/export/run-export.ts',
    edits: [[' && release.periods.includes(period) && isIn ?', ' && release.periods.includes(period) && (isIn || true) ?']],
    tests: ['test/shared/export/run-export.test.ts'],
  },
  'release-before-the-date-is-over': {
    what: 'a period is released by a report that is still to change',
    file: 'shared/export/release-periods.ts',
    edits: [['endOf(reportOf(period, grain), timeZone) <= instant', 'endOf(period, timeZone) <= instant']],
    tests: ['test/shared/export/run-export.test.ts'],
  },
  'released-periods-are-replaced': {
    what: 'a period that is out changes with the next export',
    file: 'shared/export/release-periods.ts',
    edits: [['periods.filter((period) => !out.has(period))', 'periods']],
    tests: ['test/shared/export/run-release.test.ts'],
  },
} satisfies Record<string, Mutant>;
