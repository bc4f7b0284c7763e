import { dateReader, parseInstant, plusDays } from './reference';
import type { SourceRows } from './source-rows';

/**
 * The rules of the release once more, straight from the rows of a source: slow, without a line in common with shared/release/. What stands
 * behind a number is kept as it is, a map from each person to what they hold of it.
 */
export interface ReferencePeriod {
  /** All numbers exactly, rates and Gini as fractions aside. */
  exact: Record<string, number>;
  /** The released numbers for thresholds k and b. */
  release(k: number, b: number): Record<string, number | null>;
}

/** Person → how much of it they hold. */
type Holdings = Map<string, number>;

const KINDS = [
  'no_period_history',
  'camera_too_far',
  'camera_too_close',
  'analysis_error',
  'test_lines_not_found',
  'test_not_found',
];
const TRIES = ['first_try_successes', 'second_try_successes', 'third_plus_try_successes'];

/** The first date of the period that a date is in, and the last date of the report that releases a period. */
const PERIODS = {
  day: { startOf: (date: string) => date, reportOf: (start: string) => plusDays(start, 11) },
  week: {
    startOf: (date: string) => plusDays(date, -([6, 0, 1, 2, 3, 4, 5][new Date(date).getUTCDay()] ?? 0)),
    reportOf: (start: string) => plusDays(start, 6 + 14),
  },
  month: {
    startOf: (date: string) => date.replace(/..$/, '01'),
    reportOf: (start: string) => plusDays(plusDays(start, 62).replace(/..$/, '01'), -1),
  },
};

/** Reads the rows once, and answers for any period, by its first date, as the report that releases it sees it. */
export function referenceRelease(
  rows: SourceRows,
  timeZone: string,
  grain: keyof typeof PERIODS = 'day',
): (period: string) => ReferencePeriod {
  const { startOf, reportOf } = PERIODS[grain];
  const dateOf = dateReader(timeZone);
  const firstTests = new Map<string, string>();
  const tests = new Map<string, { id: string; user: string; session: string; at: bigint; kind: string | null }[]>();
  for (const { measurement_id, user_id, session_id, created_at, error_type } of rows.measurements) {
    if (created_at === null || user_id === null) continue;
    const at = parseInstant(created_at);
    const date = dateOf(at);
    const first = firstTests.get(user_id);
    if (first === undefined || date < first) firstTests.set(user_id, date);
    if (measurement_id === null || session_id === null) continue;
    const period = startOf(date);
    const ofPeriod = tests.get(period) ?? [];
    ofPeriod.push({ id: measurement_id, user: user_id, session: session_id, at, kind: error_type });
    tests.set(period, ofPeriod);
  }
  const accounts = rows.users.flatMap(({ user_id, created_at }) =>
    user_id === null || created_at === null ? [] : [{ user: user_id, period: startOf(dateOf(parseInstant(created_at))) }],
  );

  return (period) => {
    const held: Record<string, Holdings> = {};
    const give = (what: string, person: string) => {
      held[what] ??= new Map();
      held[what].set(person, (held[what].get(person) ?? 0) + 1);
    };
    const ofPeriod = (tests.get(period) ?? []).toSorted((one, other) =>
      one.at === other.at ? Buffer.compare(Buffer.from(one.id), Buffer.from(other.id)) : one.at < other.at ? -1 : 1,
    );
    for (const { user, kind } of ofPeriod) {
      give('all_tests', user);
      give(kind === null ? 'successful_tests' : 'total_errors', user);
      if (kind !== null) give(KINDS.includes(kind) ? kind : 'unclassified', user);
    }
    const sessions = new Map<string, typeof ofPeriod>();
    for (const test of ofPeriod) sessions.set(test.session, [...(sessions.get(test.session) ?? []), test]);
    for (const attempts of sessions.values()) {
      const holder = attempts[0]?.user ?? '';
      const success = attempts.findIndex(({ kind }) => kind === null);
      give('total_sessions', holder);
      give(success < 0 ? 'unsuccessful_sessions' : 'successful_sessions', holder);
      if (success >= 0) give(TRIES[Math.min(success, 2)] ?? '', holder);
    }
    for (const { user, period: created } of accounts) {
      if (created !== period) continue;
      const tested = (firstTests.get(user) ?? '9999-12-31') <= reportOf(period);
      give('accounts_created', user);
      give(tested ? 'accounts_with_tests' : 'accounts_without', user);
    }
    const of = (what: string): Holdings => held[what] ?? new Map();
    const once = (people: Iterable<string>): Holdings => new Map([...people].map((person) => [person, 1]));
    const active = of('all_tests');
    held.active_users = once(active.keys());
    held.successful_test_users = once(of('successful_tests').keys());
    held.unsuccessful_test_users = once([...active.keys()].filter((person) => !of('successful_tests').has(person)));

    const exact = Object.fromEntries(COUNTS.map((column) => [column, amount(of(column))]));
    return { exact, release: (k, b) => releaseOf(of, exact, k, b) };
  };
}

const COUNTS = [
  ...[
    'all_tests',
    'successful_tests',
    'successful_test_users',
    'active_users',
    'total_sessions',
    'successful_sessions',
    ...TRIES,
  ],
  ...[...KINDS, 'total_errors', 'accounts_created', 'accounts_with_tests'],
];

/** Part → what it leaves of its whole. */
const RESTS: Record<string, string> = {
  successful_tests: 'total_errors',
  total_errors: 'successful_tests',
  successful_test_users: 'unsuccessful_test_users',
  successful_sessions: 'unsuccessful_sessions',
  accounts_with_tests: 'accounts_without',
};

function releaseOf(of: (what: string) => Holdings, exact: Record<string, number>, k: number, b: number) {
  const behind = (column: string) => of(column === 'total_sessions' ? 'all_tests' : column).size;
  const isHeldByOne = (what: string) => Math.max(0, ...of(what).values()) > amount(of(what)) - Math.max(0, ...of(what).values());
  const hidden = new Set<string>();
  const hideWhere = (columns: string[], holds: (column: string) => boolean) => {
    for (const column of columns) if (holds(column)) hidden.add(column);
  };

  hideWhere(COUNTS, (column) => behind(column) < k); // 1
  hideWhere(Object.keys(RESTS), (column) => of(RESTS[column] ?? '').size < k); // 2
  const ofPeople = ['active_users', 'successful_test_users', 'accounts_created', 'accounts_with_tests'];
  hideWhere(COUNTS, (column) => !ofPeople.includes(column) && isHeldByOne(column)); // 3
  hideWhere(Object.keys(RESTS), (column) => !ofPeople.includes(column) && isHeldByOne(RESTS[column] ?? ''));
  hideWhere(['all_tests', 'total_sessions', 'successful_tests', 'successful_sessions'], (column) => {
    return [...of(column).values()].filter((times) => times >= 2).length < k; // 4
  });
  hideWhere(TRIES, () => hidden.has('successful_sessions')); // 5
  hideWhere(KINDS, () => hidden.has('total_errors'));
  for (const members of [[...KINDS, 'unclassified'], TRIES]) {
    const present = members.filter((member) => amount(of(member)) > 0); // 6
    for (;;) {
      const unseen = present.filter((member) => member === 'unclassified' || hidden.has(member));
      const seen = present.filter((member) => !unseen.includes(member));
      const together = new Set(unseen.flatMap((member) => [...of(member).keys()]));
      const isSafe = unseen.length === 0 || (unseen.length >= 2 && together.size >= k);
      if (isSafe || seen.length === 0) break;
      const fewest = Math.min(...seen.map((member) => of(member).size));
      hidden.add(seen.find((member) => of(member).size === fewest) ?? '');
    }
  }

  const values: Record<string, number | null> = {};
  for (const column of COUNTS) values[column] = hidden.has(column) ? null : nearest(exact[column] ?? 0, b); // 7
  const divide = (part: string, whole: string, times: number) => {
    const [above, below] = [values[part] ?? null, values[whole] ?? null];
    return above === null || below === null || below === 0 ? null : decimals(BigInt(times * above), BigInt(below), 1);
  };
  values.avg_tests_per_active_user = divide('successful_tests', 'active_users', 1); // 8
  values.adjusted_success_rate = divide('successful_sessions', 'total_sessions', 100);
  for (const column of TRIES) values[column.replace('successes', 'success_rate')] = divide(column, 'total_sessions', 100);
  values.conversion_rate = divide('accounts_with_tests', 'accounts_created', 100);

  const failures = [...of('all_tests').keys()].map((person) => of('total_errors').get(person) ?? 0);
  values.error_gini_coefficient =
    failures.length < 50 || failures.length < k || hidden.has('total_errors') ? null : gini(failures); // 9
  return values;
}

function amount(holdings: Holdings): number {
  return [...holdings.values()].reduce((sum, held) => sum + held, 0);
}

/** By trial: the multiple that is nearer, of two as near the upper one. */
function nearest(value: number, b: number): number {
  const below = value - (value % b);
  return value - below < below + b - value ? below : below + b;
}

/** above / below, written out to so many decimals; what is cut off decides whether the last one goes up. */
function decimals(above: bigint, below: bigint, places: number): number {
  const scaled = above * 10n ** BigInt(places);
  const cut = scaled / below;
  const digits = (scaled % below) * 2n >= below ? cut + 1n : cut;
  const text = digits.toString().padStart(places + 1, '0');
  return Number(`${text.slice(0, -places)}.${text.slice(-places)}`);
}

/** By mean difference, exactly; people with as many are taken together. */
function gini(values: number[]): number | null {
  const people = new Map<number, number>();
  for (const value of values) people.set(value, (people.get(value) ?? 0) + 1);
  let sum = 0;
  let differences = 0;
  for (const [one, ofOne] of people) {
    sum += one * ofOne;
    for (const [other, ofOther] of people) differences += Math.abs(one - other) * ofOne * ofOther;
  }
  return sum === 0 ? null : decimals(BigInt(differences), BigInt(2 * values.length * sum), 2);
}
