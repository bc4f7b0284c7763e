import { errorKinds } from '../../../shared/metrics/error-kinds';
import { releaseDefinitions } from '../../../shared/metrics/tables/release-tables';
import {
  type CountColumn,
  countColumns,
  keyColumns,
  type ReleasedValues,
  releasedColumns,
} from '../../../shared/release/columns';
import type { HeldCount, ReleasePeriod } from '../../../shared/release/period';
import { hidingRules, rate, release, roundTo } from '../../../shared/release/rules';

const k = 20;
const limits = { minPeople: k, roundTo: 10 };
const near = [k - 1, k, k + 1];

type Changes = Partial<Record<CountColumn, Partial<HeldCount>>>;

/** A period of which all is shown: many people, each with a little, and every kind of error and every try held by people of its own. */
function period(counts: Changes = {}, others: Partial<Omit<ReleasePeriod, 'counts'>> = {}): ReleasePeriod {
  const plenty: HeldCount = { value: 1000, people: 500, most: 5, rest: null, moreThanOnce: null };
  const part: HeldCount = { ...plenty, rest: { value: 1000, people: 500, most: 5 } };
  const always: Changes = {
    all_tests: { value: 2000, moreThanOnce: 300 },
    successful_tests: { ...part, moreThanOnce: 300 },
    successful_test_users: { ...part, value: 500, most: null },
    active_users: { value: 600, people: 600, most: null },
    total_sessions: { value: 1800, moreThanOnce: 300 },
    successful_sessions: { ...part, moreThanOnce: 300 },
    total_errors: part,
    accounts_created: { most: null },
    accounts_with_tests: { ...part, most: null },
  };
  return {
    start: '2025-12-23',
    counts: Object.fromEntries(
      countColumns.map((column) => [column, { ...plenty, ...always[column], ...counts[column] }]),
    ) as ReleasePeriod['counts'],
    partitions: [triesHeldBy([100, 100, 100]), kindsHeldBy([100, 100, 100, 100, 100, 100, 0])],
    usersByFailures: new Map([
      [0, 100],
      [2, 500],
    ]),
    ...others,
  };
}

/** Members that share nobody, each held by so many people. */
const heldBy = (people: number[]) => new Map(people.map((holders, index) => [1 << index, holders] as const));

function triesHeldBy(people: number[] | Map<number, number>): ReleasePeriod['partitions'][number] {
  const members = ['first_try_successes', 'second_try_successes', 'third_plus_try_successes'] as const;
  return { whole: 'successful_sessions', members, peopleBySet: Array.isArray(people) ? heldBy(people) : people };
}

/** The six kinds, and last the unclassified ones. */
function kindsHeldBy(people: number[] | Map<number, number>): ReleasePeriod['partitions'][number] {
  const members = [...errorKinds, null];
  return { whole: 'total_errors', members, peopleBySet: Array.isArray(people) ? heldBy(people) : people };
}

function hiddenIn(values: ReleasedValues): string[] {
  return countColumns.filter((column) => values[column] === null);
}

const hidden = (counts?: Changes, others?: Partial<Omit<ReleasePeriod, 'counts'>>) =>
  hiddenIn(release(period(counts, others), limits));

test.each(Object.values(releaseDefinitions))('every number of $name has its rule, and there is no rule for another', (table) => {
  const numbers = table.columns.filter(({ type }) => type === 'INT64' || type === 'FLOAT64').map(({ name }) => name);
  expect(Object.keys(releasedColumns)).toEqual(numbers.filter((name) => name !== 'revision'));
  expect([...keyColumns, ...Object.keys(releasedColumns)]).toEqual(table.columns.map(({ name }) => name));
});

test('nothing is hidden where everything has many people', () => {
  expect(Object.values(release(period(), limits))).not.toContain(null);
});

describe('rule 1, people', () => {
  const behind = countColumns.flatMap((column) => near.map((people) => ({ column, people })));

  test.each(behind)('$column with $people people behind it', ({ column, people }) => {
    expect(hidden({ [column]: { people } }).includes(column)).toBe(people < k);
  });

  test('a number that is 0 is hidden', () => {
    expect(hidden({ camera_too_far: { value: 0, people: 0, most: 0 } })).toContain('camera_too_far');
  });
});

describe('rule 2, the rest', () => {
  const parts = [
    'successful_tests',
    'successful_test_users',
    'successful_sessions',
    'total_errors',
    'accounts_with_tests',
  ] as const;

  test.each(parts.flatMap((column) => [0, ...near].map((people) => ({ column, people }))))(
    '$column that leaves $people people',
    ({ column, people }) => {
      const rest = { value: people * 3, people, most: column === 'accounts_with_tests' ? null : Math.min(people, 3) };
      expect(hidden({ [column]: { rest } }).includes(column)).toBe(people < k);
    },
  );

  test('hides the part, not its whole', () => {
    expect(hidden({ accounts_with_tests: { rest: { value: 3, people: 3, most: null } } })).toEqual(['accounts_with_tests']);
  });
});

describe('rule 3, dominance', () => {
  const held = countColumns.filter(
    (column) => !['active_users', 'successful_test_users', 'accounts_created', 'accounts_with_tests'].includes(column),
  );

  test.each(held)('%s of which one person holds half, and one more than half', (column) => {
    expect(hidden({ [column]: { value: 1000, most: 500 } })).toEqual([]);
    expect(hidden({ [column]: { value: 1000, most: 501 } })).toContain(column);
  });

  test.each(['successful_tests', 'total_errors', 'successful_sessions'] as const)(
    '%s of whose rest one person holds half, and one more than half',
    (column) => {
      expect(hidden({ [column]: { rest: { value: 101, people: 30, most: 50 } } })).toEqual([]);
      expect(hidden({ [column]: { rest: { value: 101, people: 30, most: 51 } } })).toContain(column);
    },
  );
});

describe('rule 4, more than once', () => {
  const columns = ['all_tests', 'total_sessions', 'successful_tests', 'successful_sessions'] as const;

  test.each(columns.flatMap((column) => near.map((moreThanOnce) => ({ column, moreThanOnce }))))(
    '$column in which $moreThanOnce people stand more than once',
    ({ column, moreThanOnce }) => {
      expect(hidden({ [column]: { moreThanOnce } }).includes(column)).toBe(moreThanOnce < k);
    },
  );
});

describe('rule 5, wholes first', () => {
  test('no try is shown if the successful sessions are hidden', () => {
    expect(hidden({ successful_sessions: { people: k - 1 } })).toEqual([
      'successful_sessions',
      'first_try_successes',
      'second_try_successes',
      'third_plus_try_successes',
    ]);
  });

  test('no kind is shown where all errors are hidden', () => {
    expect(hidden({ total_errors: { rest: { value: 3, people: 3, most: 1 } } })).toEqual([...errorKinds, 'total_errors']);
  });
});

describe('rule 6, partitions', () => {
  /** Kinds that rule 1 hides have fewer people than k in both places. */
  const kinds = (people: number[], changes: Changes = {}) => {
    const counts: Changes = Object.fromEntries(
      errorKinds.map((kind, index) => [
        kind,
        { value: 3 * (people[index] ?? 0), people: people[index] ?? 0, most: Math.min(people[index] ?? 0, 3), ...changes[kind] },
      ]),
    );
    return hidden(counts, { partitions: [triesHeldBy([100, 100, 100]), kindsHeldBy(people)] });
  };

  test('one hidden kind takes the shown one with the fewest people with it', () => {
    expect(kinds([90, 70, 5, 80, 60, 100, 0])).toEqual(['camera_too_close', 'test_lines_not_found']);
  });

  test('so does a kind that dominance hides, also if it has the fewest people itself', () => {
    expect(kinds([90, 70, 50, 80, 60, 100, 0], { camera_too_close: { most: 100 } })).toEqual([
      'camera_too_close',
      'test_lines_not_found',
    ]);
  });

  test('of equals the first in column order', () => {
    expect(kinds([90, 60, 5, 80, 60, 100, 0])).toEqual(['camera_too_far', 'camera_too_close']);
  });

  test('kinds that are 0 hide nothing', () => {
    expect(kinds([90, 0, 0, 80, 0, 100, 0])).toEqual(['camera_too_far', 'camera_too_close', 'test_lines_not_found']);
  });

  test('an unclassified error is a hidden member', () => {
    expect(kinds([90, 70, 75, 80, 60, 100, 1])).toEqual(['test_lines_not_found']);
    expect(kinds([90, 70, 75, 80, 60, 100, 0])).toEqual([]);
  });

  test('unclassified errors of many people still need another to hide behind', () => {
    expect(kinds([90, 70, 75, 80, 60, 100, 500])).toEqual(['test_lines_not_found']);
  });

  test.each(near)('two hidden kinds that have %i people together', (together) => {
    const gone = kinds([together - 9, 9, 60, 70, 80, 90, 0]);
    const small = errorKinds.slice(0, 2);
    expect(gone).toEqual(together < k ? [...small, 'camera_too_close'] : [...small]);
  });

  test('hidden kinds that share their people count each person once', () => {
    // 15 people with errors of the first two kinds, and of no other
    const shared = new Map([...[4, 8, 16, 32].map((set) => [set, 50] as const), [3, 15] as const]);
    const few = { value: 15, people: 15, most: 1 };
    const partitions = [triesHeldBy([100, 100, 100]), kindsHeldBy(shared)];
    expect(hidden({ no_period_history: few, camera_too_far: few }, { partitions })).toEqual([
      'no_period_history',
      'camera_too_far',
      'camera_too_close',
    ]);
  });

  test('goes on until enough people are hidden', () => {
    // 9 people with the first kind; 12 and 15 of whom 8 each are the same ones
    const sets = new Map([
      ...[
        [1, 1],
        [2, 20],
        [4, 15],
        [8, 90],
        [16, 90],
        [32, 90],
      ].map(([set = 0, people = 0]) => [set, people] as const),
    ]);
    const partitions = [triesHeldBy([100, 100, 100]), kindsHeldBy(sets)];
    expect(hidden({ no_period_history: { value: 1, people: 1, most: 1 } }, { partitions })).toEqual(
      [
        'no_period_history',
        'camera_too_close', // 1 + 15 people are not enough
        'camera_too_far',
      ].sort((one, other) => errorKinds.indexOf(one as never) - errorKinds.indexOf(other as never)),
    );
  });

  test('nothing more is hidden if all are hidden', () => {
    expect(kinds([5, 0, 0, 0, 0, 0, 0])).toEqual([...errorKinds]);
  });

  test.each([
    { name: 'one hidden try', people: [100, 60, 5], gone: ['second_try_successes', 'third_plus_try_successes'] },
    {
      name: 'two hidden tries of enough people',
      people: [100, 15, 5],
      gone: ['second_try_successes', 'third_plus_try_successes'],
    },
    {
      name: 'two hidden tries of too few',
      people: [100, 14, 5],
      gone: ['first_try_successes', 'second_try_successes', 'third_plus_try_successes'],
    },
  ])('$name', ({ people, gone }) => {
    const columns = ['first_try_successes', 'second_try_successes', 'third_plus_try_successes'] as const;
    const counts: Changes = Object.fromEntries(columns.map((column, index) => [column, { people: people[index] ?? 0 }]));
    expect(hidden(counts, { partitions: [triesHeldBy(people), kindsHeldBy([100, 100, 100, 100, 100, 100, 0])] })).toEqual(gone);
  });
});

describe('the order of the rules', () => {
  test('a number hidden by dominance hides its partition, too', () => {
    const gone = hidden({ camera_too_far: { value: 1000, people: 100, most: 900 } });
    expect(gone).toEqual(['no_period_history', 'camera_too_far']);
  });

  test('wholes that rule 4 hides hide their parts', () => {
    expect(hidden({ successful_sessions: { moreThanOnce: 0 } })).toContain('third_plus_try_successes');
  });

  test('rules judge exact values: what rounds up to k is still below it', () => {
    expect(hidden({ accounts_created: { value: k - 1, people: k - 1 } })).toEqual(['accounts_created']);
  });

  test('a rule only hides', () => {
    const shownBy = (rules: typeof hidingRules) =>
      countColumns.length - hiddenIn(release(period({ camera_too_far: { people: 3 } }), limits, rules)).length;
    const shown = hidingRules.map((_, index) => shownBy(hidingRules.slice(0, index + 1)));
    expect(shown).toEqual(shown.toSorted((one, other) => other - one));
  });
});

test('one heavy user hides what most of is theirs, and nothing else', () => {
  // a person with 1,500 of 2,000 tests, 700 of the 1,000 successes, 800 of the 1,000 failures, all of one kind
  const gone = hidden({
    all_tests: { most: 1500 },
    successful_tests: { most: 700, rest: { value: 1000, people: 500, most: 800 } },
    total_errors: { most: 800, rest: { value: 1000, people: 500, most: 700 } },
    camera_too_close: { value: 850, most: 800 },
  });
  expect(gone).toEqual(['all_tests', 'successful_tests', ...errorKinds, 'total_errors']);
});

describe('rule 7, rounding', () => {
  test.each([
    [10, 20, 20],
    [10, 24, 20],
    [10, 25, 30],
    [10, 34, 30],
    [5, 12, 10],
    [5, 13, 15],
    [11, 16, 11],
    [11, 17, 22],
  ])('to %i: %i is %i', (step, value, rounded) => {
    expect(roundTo(value, step)).toBe(rounded);
  });
});

describe('rule 8, rates', () => {
  test.each([
    { times: 100, part: 10, whole: 30, expected: 33.3 },
    { times: 100, part: 20, whole: 30, expected: 66.7 },
    { name: 'a half goes up', times: 100, part: 30, whole: 800, expected: 3.8 }, // 3.75
    { name: 'a half goes up', times: 100, part: 10, whole: 800, expected: 1.3 }, // 1.25
    { name: 'a half without an exact binary fraction', times: 100, part: 230, whole: 2000, expected: 11.5 },
    { name: 'a half without an exact binary fraction', times: 100, part: 110, whole: 4000, expected: 2.8 }, // 2.75
    { name: 'a half without an exact binary fraction', times: 100, part: 1010, whole: 40000, expected: 2.5 }, // 2.525
    { name: 'a half without an exact binary fraction', times: 100, part: 4020, whole: 40000, expected: 10.1 }, // 10.05
    { times: 1, part: 230, whole: 200, expected: 1.2 }, // 1.15
    { times: 1, part: 200, whole: 200, expected: 1 },
  ])('$times × $part / $whole', ({ times, part, whole, expected }) => {
    expect(rate(times, part, whole)).toBe(expected);
  });

  test('null where a part is hidden or the divisor is 0', () => {
    expect(rate(100, undefined, 20)).toBeNull();
    expect(rate(100, 20, undefined)).toBeNull();
    expect(rate(100, 0, 0)).toBeNull();
  });

  test('come from the rounded parts', () => {
    const values = release(
      period({ accounts_created: { value: 64, people: 64 }, accounts_with_tests: { value: 25, people: 25 } }),
      limits,
    );
    expect([values.accounts_with_tests, values.accounts_created, values.conversion_rate]).toEqual([30, 60, 50]);
  });

  test('are hidden with either of their parts', () => {
    const values = release(period({ total_sessions: { moreThanOnce: 0 } }), limits);
    expect(values.first_try_successes).not.toBeNull();
    expect([values.adjusted_success_rate, values.first_try_success_rate, values.third_plus_try_success_rate]).toEqual([
      null,
      null,
      null,
    ]);
  });
});

describe('rule 9, Gini', () => {
  const giniOf = (
    users: number,
    minPeople: number,
    usersByFailures = new Map([
      [0, 30],
      [1, 30],
    ]),
  ) =>
    release(period({ active_users: { value: users, people: users } }, { usersByFailures }), { minPeople, roundTo: 10 })
      .error_gini_coefficient;

  test.each([
    [49, 20, null],
    [50, 20, 0.5],
    [51, 20, 0.5],
    [59, 60, null],
    [60, 60, 0.5],
    [61, 60, 0.5],
  ])('%i active users where %i people are needed', (users, minPeople, expected) => {
    expect(giniOf(users, minPeople)).toBe(expected);
  });

  test('is hidden where all errors are', () => {
    expect(release(period({ total_errors: { people: k - 1 } }), limits).error_gini_coefficient).toBeNull();
  });

  test('a half is rounded up, also if its binary fraction is lower', () => {
    // with z of n users without a failure and one each for the others, it is z / n
    expect(
      giniOf(
        200,
        20,
        new Map([
          [0, 29],
          [1, 171],
        ]),
      ),
    ).toBe(0.15); // 0.145
    expect(
      giniOf(
        200,
        20,
        new Map([
          [0, 115],
          [1, 85],
        ]),
      ),
    ).toBe(0.58); // 0.575
    expect(
      giniOf(
        200,
        20,
        new Map([
          [0, 114],
          [1, 86],
        ]),
      ),
    ).toBe(0.57);
  });
});
