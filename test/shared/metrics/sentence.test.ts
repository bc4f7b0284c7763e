import { type JudgedPeriod, type JudgeOptions, judgePeriod } from '../../../shared/metrics/checks/usual-range';
import type { Grain } from '../../../shared/metrics/grain';
import { sentenceOf } from '../../../shared/metrics/sentence';
import { type Counts, historyOf, ordinary, scaled } from '../../support/judged-history';

/** What is said of the last period. */
function sentenceOfLast(periods: JudgedPeriod[], grain: Grain = 'day', options: Partial<JudgeOptions> = {}): string {
  const start = periods.at(-1)?.start ?? '';
  return sentenceOf(judgePeriod(periods, start, { grain, ...options }), { start, grain });
}

/** 64 ordinary days, then a Tuesday. */
const tuesday = (counts: Counts) => historyOf(65, (index) => (index === 64 ? counts : ordinary));
const usual = 'Tuesday was a usual day: 100 active users (usual 80 to 124).';

test.each<[string, Counts, string]>([
  ['an ordinary day', ordinary, usual],
  ['few people, and all that follows from it', scaled(0.4), 'Tuesday was a quiet day: 40 active users (usual 80 to 124).'],
  ['many people', scaled(12), 'Tuesday was a busy day: 1,200 active users (usual 80 to 124).'],
  ['one person', { ...scaled(0), active_users: 1 }, 'Tuesday was a quiet day: 1 active user (usual 80 to 124).'],
  [
    'outside the usual range, not noticed',
    { ...ordinary, active_users: 130 },
    'Tuesday was a little busier than usual: 130 active users (usual 80 to 124).',
  ],
  [
    'the same, below',
    { ...ordinary, active_users: 75 },
    'Tuesday was a little quieter than usual: 75 active users (usual 80 to 124).',
  ],
  ['more tests', scaledTests(2), `${usual} Tests were high: 300 (usual 124 to 179).`],
  ['fewer new accounts', { ...ordinary, accounts_created: 8 }, `${usual} New accounts were low: 8 (usual 28 to 56).`],
  [
    'failures, mostly of one kind',
    { ...ordinary, test_lines_not_found: 60, total_errors: 94, first_try_successes: 50 },
    `${usual} Failures were high: 63 % (usual 22 to 39 %), mostly test lines not found (60, usually 11).`,
  ],
  [
    'failures, mostly of two kinds',
    { ...ordinary, test_lines_not_found: 32, camera_too_far: 30, camera_too_close: 19, analysis_error: 10, total_errors: 101 },
    `${usual} Failures were high: 67 % (usual 22 to 39 %), mostly test lines not found (32, usually 11) and camera too far (30, usually 10).`,
  ],
  [
    'failures of kinds without a column',
    { ...ordinary, other_errors: 50, total_errors: 93 },
    `${usual} Failures were high: 62 % (usual 22 to 39 %), mostly other kinds (50, usually 2).`,
  ],
  ['fewer failures', fewerFailures(), `${usual} Failures were low: 7 % (usual 22 to 39 %).`],
  [
    'a kind of error alone',
    { ...ordinary, test_not_found: 22, total_errors: 47 },
    `${usual} Failures of the kind test not found were high: 22 (usual 1 to 10).`,
  ],
  [
    'two kinds alone',
    { ...ordinary, test_not_found: 22, no_period_history: 20, total_errors: 47 },
    `${usual} Failures of the kind test not found were high: 22 (usual 1 to 10), and of the kind no period history: 20 (usual 1 to 10).`,
  ],
  ['sessions', { ...ordinary, successful_sessions: 60 }, `${usual} Session success was low: 55 % (usual 78 to 93 %).`],
  ['first tries', { ...ordinary, first_try_successes: 40 }, `${usual} First-try success was low: 36 % (usual 63 to 82 %).`],
  ['conversion', { ...ordinary, cohort_accounts_with_tests: 4 }, `${usual} Conversion was low: 10 % (usual 37 to 73 %).`],
  [
    'people and failures: the furthest off of the other causes comes first',
    { ...scaled(0.5), total_errors: 60, other_errors: 38, cohort_accounts_with_tests: 0 },
    'Tuesday was a quiet day: 50 active users (usual 80 to 124). Failures were high: 80 % (usual 19 to 42 %), mostly other kinds (38, usually 1). Conversion was low: 0 % (usual 30 to 79 %).',
  ],
])('%s', (_, counts, sentence) => {
  expect(sentenceOfLast(tuesday(counts))).toBe(sentence);
});

test('at most three causes besides people are named', () => {
  const counts = { ...scaledTests(2), accounts_created: 8, total_errors: 250, cohort_accounts_with_tests: 2, camera_too_far: 0 };
  const sentence = sentenceOfLast(tuesday(counts));
  expect(sentence.match(/ (were|was) (high|low): /g)).toHaveLength(3);
  expect(sentence).toMatch(/ 2 more things were unusual\.$/);
});

test('adds a digit if a rounded value would seem usual', () => {
  // 30.4 % of 60,000 tests, then 31.3 %: without a digit 31 % in a range of 30 to 31 %
  const many = historyOf(65, (index) => ({ ...scaled(400), total_errors: index === 64 ? 18_800 : 18_240 }));
  expect(sentenceOfLast(many)).toContain('Failures were high: 31.3 % (usual 30.0 to 30.8 %)');
});

describe('not judged', () => {
  const ofTuesday = tuesday(ordinary);
  test.each<[string, JudgedPeriod[], Partial<JudgeOptions>, string]>([
    [
      'few days before it',
      historyOf(9),
      {},
      'Tuesday had 100 active users. This is not judged: there are fewer than 4 weeks to compare with.',
    ],
    [
      'a small product',
      historyOf(65, () => scaled(0.03)),
      {},
      'Tuesday had 3 active users. This is not judged: fewer than 10 a day are too few to judge.',
    ],
    [
      'an excluded day',
      tuesday(scaled(0.3)),
      { excluded: new Set([ofTuesday.at(-1)?.start ?? '']) },
      'Tuesday had 30 active users. This is not judged: the day is marked as exceptional.',
    ],
    [
      'a day that is not over',
      ofTuesday.map((day, index) => ({ ...day, isOver: index !== 64 })),
      {},
      'Tuesday was not over when its report was made.',
    ],
    ['a count that is not known', tuesday({ ...ordinary, active_users: null }), {}, 'Tuesday is not judged: there is no figure.'],
  ])('%s', (_, periods, options, sentence) => {
    expect(sentenceOfLast(periods, 'day', options)).toBe(sentence);
  });

  test('no report', () => {
    const options = { start: '2025-12-01', grain: 'week' } as const;
    expect(sentenceOf(judgePeriod([], options.start, options), options)).toBe('There is no report of the week of Dec 1.');
  });
});

test('weeks and months', () => {
  const last = (grain: Grain) => historyOf(24, (index) => (index === 23 ? scaled(0.4) : ordinary), grain);
  expect(sentenceOfLast(last('week'), 'week')).toBe('The week of Jun 16 was a quiet week: 40 active users (usual 79 to 124).');
  expect(sentenceOfLast(historyOf(24, undefined, 'month'), 'month')).toMatch(
    /^December 2023 was a usual month: 100 active users \(usual \d+ to \d+\)\.$/,
  );
});

/** As many people who take more tests. */
function scaledTests(factor: number): Counts {
  return { ...scaled(factor), active_users: 100, accounts_created: 40 };
}

/** Two failed tests of each kind. */
function fewerFailures(): Counts {
  const kinds = { no_period_history: 2, camera_too_far: 2, camera_too_close: 2, analysis_error: 1, test_lines_not_found: 2 };
  return { ...ordinary, ...kinds, test_not_found: 1, other_errors: 0, total_errors: 10 };
}
