/**
 * What somebody can work out who reads the release and knows its rules: an interval for every released count, from its rounding or from
 * its being hidden, and for every group that two or more of them set apart by a sum, a difference or a rate; each narrows the others until
 * nothing moves any more. The exact numbers are there to tell whether the attack is right: an interval that misses one is a fault of the
 * attack, and an error.
 */
export interface Target {
  /** A released row: null where hidden. */
  values: Record<string, number | null>;
  exact: Record<string, number>;
}

export interface Attacker {
  minPeople: number;
  roundTo: number;
  /** The attacker knows that no session is shared, so that its users are the active ones. */
  sessionsAreOwn: boolean;
}

/** A group of 1 to k − 1 that the attack found. */
export interface Finding {
  group: string;
  low: number;
  high: number;
}

type Interval = { low: number; high: number };

/** A group that is set apart: what is left of a whole without its parts. */
interface Group {
  name: string;
  whole: string;
  parts: string[];
  /**
   * `people`: it is, or belongs to, people who would be known to be few: found where it lies within 1 and k − 1.
   * `number`: how often something happened: found where it is known exactly. `bound`: says only that the parts are not more than the whole.
   */
  tells: 'people' | 'number' | 'bound';
}

const KINDS = [
  'no_period_history',
  'camera_too_far',
  'camera_too_close',
  'analysis_error',
  'test_lines_not_found',
  'test_not_found',
];
const TRIES = ['first_try_successes', 'second_try_successes', 'third_plus_try_successes'];
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

/** Columns that are hidden for one reason alone. */
const HIDDEN_IF_SMALL = ['active_users', 'accounts_created'];

const GROUPS: Group[] = [
  { name: 'failed tests', whole: 'all_tests', parts: ['successful_tests'], tells: 'people' },
  { name: 'successes', whole: 'all_tests', parts: ['total_errors'], tells: 'people' },
  { name: 'users without success', whole: 'active_users', parts: ['successful_test_users'], tells: 'people' },
  { name: 'sessions without success', whole: 'total_sessions', parts: ['successful_sessions'], tells: 'people' },
  { name: 'sessions without success, by tries', whole: 'total_sessions', parts: TRIES, tells: 'people' },
  { name: 'accounts without tests', whole: 'accounts_created', parts: ['accounts_with_tests'], tells: 'people' },
  { name: 'repeated tests', whole: 'all_tests', parts: ['active_users'], tells: 'people' },
  { name: 'repeated successes', whole: 'successful_tests', parts: ['successful_test_users'], tells: 'people' },
  { name: 'further attempts in a session', whole: 'all_tests', parts: ['total_sessions'], tells: 'number' },
  { name: 'further successes in a session', whole: 'successful_tests', parts: ['successful_sessions'], tells: 'number' },
  { name: 'unclassified errors', whole: 'total_errors', parts: KINDS, tells: 'people' },
  { name: 'tests of no known outcome', whole: 'all_tests', parts: ['successful_tests', ...KINDS], tells: 'people' },
  { name: 'no session without a try', whole: 'successful_sessions', parts: TRIES, tells: 'bound' },
  {
    name: 'failures beside those of users without success',
    whole: 'total_errors',
    parts: ['users without success'],
    tells: 'bound',
  },
  {
    name: 'failures beside those of sessions',
    whole: 'total_errors',
    parts: ['sessions without success', 'second_try_successes', 'third_plus_try_successes', 'third_plus_try_successes'],
    tells: 'bound',
  },
];

const GROUPS_OF_OWN_SESSIONS: Group[] = [
  { name: 'repeated sessions', whole: 'total_sessions', parts: ['active_users'], tells: 'people' },
  { name: 'repeated successful sessions', whole: 'successful_sessions', parts: ['successful_test_users'], tells: 'people' },
];

const RATES = [
  { rate: 'avg_tests_per_active_user', part: 'successful_tests', whole: 'active_users', times: 1, rest: null },
  {
    rate: 'adjusted_success_rate',
    part: 'successful_sessions',
    whole: 'total_sessions',
    times: 100,
    rest: 'sessions without success',
  },
  ...TRIES.map((part) => ({
    rate: part.replace('successes', 'success_rate'),
    part,
    whole: 'total_sessions',
    times: 100,
    rest: null,
  })),
  {
    rate: 'conversion_rate',
    part: 'accounts_with_tests',
    whole: 'accounts_created',
    times: 100,
    rest: 'accounts without tests',
  },
];

/** Attacks one released row. */
export function attackRow(target: Target, attacker: Attacker): Finding[] {
  const { values } = target;
  const hiddenOf = (members: string[]) => members.filter((member) => values[member] === null);
  const shownOf = (members: string[]) => members.filter((member) => values[member] !== null);
  const groups: Group[] = [
    ...GROUPS,
    ...(attacker.sessionsAreOwn ? GROUPS_OF_OWN_SESSIONS : []),
    // what is hidden of a partition, taken together
    { name: 'errors of hidden kinds', whole: 'total_errors', parts: shownOf(KINDS), tells: 'people' },
    ...(hiddenOf(TRIES).length === 0
      ? []
      : [{ name: 'hidden tries', whole: 'successful_sessions', parts: shownOf(TRIES), tells: 'people' } as const]),
  ];
  return attack(target, groups, attacker);
}

/** Attacks what a period would have said of one cohort, had it been released with each of its reports; the oldest report first. */
export function attackGrowth(targets: readonly Target[], attacker: Attacker): Finding[] {
  const ofReport = (column: string, report: number) => `${column} of report ${report}`;
  const all: Target = { values: {}, exact: {} };
  targets.forEach(({ values, exact }, report) => {
    for (const column of ['accounts_with_tests', 'accounts_created']) {
      all.values[ofReport(column, report)] = values[column] ?? null;
      all.exact[ofReport(column, report)] = exact[column] ?? 0;
    }
  });
  const groups = targets.slice(1).map((_, report): Group => {
    const name = `accounts that tested between reports ${report} and ${report + 1}`;
    return {
      name,
      whole: ofReport('accounts_with_tests', report + 1),
      parts: [ofReport('accounts_with_tests', report)],
      tells: 'people',
    };
  });
  return attack(all, groups, attacker);
}

/** Attacks two periods in a row: no group of people lies between them, but what changed could be known exactly. */
export function attackNext(period: Target, next: Target, attacker: Attacker): Finding[] {
  const findings: Finding[] = [];
  for (const column of COUNTS) {
    const [one, other] = [intervalOf(column, period, attacker), intervalOf(column, next, attacker)];
    const change = { low: other.low - one.high, high: other.high - one.low };
    check(`change of ${column}`, change, (next.exact[column] ?? 0) - (period.exact[column] ?? 0));
    if (change.low === change.high && Math.abs(change.low) >= 1 && Math.abs(change.low) < attacker.minPeople)
      findings.push({ group: `change of ${column}`, ...change });
  }
  return findings;
}

function attack(target: Target, groups: readonly Group[], attacker: Attacker): Finding[] {
  const known = new Map(Object.keys(target.exact).map((column) => [column, intervalOf(column, target, attacker)]));
  const exact: Record<string, number> = { ...target.exact };
  for (const { name, whole, parts } of groups) {
    known.set(name, { low: 0, high: Number.POSITIVE_INFINITY });
    exact[name] = (exact[whole] ?? 0) - parts.reduce((sum, part) => sum + (exact[part] ?? 0), 0);
  }
  for (let moved = true, round = 0; moved && round < 100; round++) {
    const narrowedByGroups = groups.map(({ name, whole, parts }) => narrowSum(known, whole, [name, ...parts]));
    const narrowedByRates = RATES.map((rate) => narrowByRate(known, target, rate));
    moved = [...narrowedByGroups, ...narrowedByRates].includes(true);
  }
  for (const [name, interval] of known) check(name, interval, exact[name] ?? Number.NaN);
  const tells = new Map(groups.map((group) => [group.name, group.tells]));
  return [...known].flatMap(([group, { low, high }]) => {
    const told = tells.get(group) ?? 'people';
    const isFound = told === 'people' || (told === 'number' && low === high);
    return isFound && low >= 1 && high < attacker.minPeople ? [{ group, low, high }] : [];
  });
}

function check(name: string, { low, high }: Interval, exact: number): void {
  if (!(exact >= low && exact <= high)) throw new Error(`the attack is broken: ${name} is ${exact}, not from ${low} to ${high}`);
}

/** What a released cell says by itself. */
function intervalOf(column: string, { values }: Target, { minPeople, roundTo }: Attacker): Interval {
  const value = values[column] ?? null;
  if (value === null) return { low: 0, high: HIDDEN_IF_SMALL.includes(column) ? minPeople - 1 : Number.POSITIVE_INFINITY };
  // each of k people has one at least; but some may share a session
  const least = column === 'total_sessions' ? 1 : minPeople;
  return { low: Math.max(least, Math.ceil(value - roundTo / 2)), high: Math.ceil(value + roundTo / 2) - 1 };
}

/** whole = the sum of its terms. */
function narrowSum(known: Map<string, Interval>, whole: string, terms: string[]): boolean {
  const of = (name: string): Interval => known.get(name) ?? { low: 0, high: Number.POSITIVE_INFINITY };
  const sum = (names: string[], end: keyof Interval) => names.reduce((total, name) => total + of(name)[end], 0);
  let moved = narrow(known, whole, { low: sum(terms, 'low'), high: sum(terms, 'high') });
  terms.forEach((term, index) => {
    const others = terms.filter((_, other) => other !== index);
    moved = narrow(known, term, { low: of(whole).low - sum(others, 'high'), high: of(whole).high - sum(others, 'low') }) || moved;
  });
  return moved;
}

/**
 * A rate × its divisor. One that the rounded parts give says nothing new; any other would come from the exact ones, and tell of a part that
 * is hidden, or of the rest.
 */
function narrowByRate(
  known: Map<string, Interval>,
  { values }: Target,
  { rate, part, whole, times, rest }: (typeof RATES)[number],
): boolean {
  const shown = values[rate] ?? null;
  const [partShown, wholeShown] = [values[part] ?? null, values[whole] ?? null];
  if (shown === null) return false;
  if (partShown !== null && wholeShown !== null && Math.abs((times * partShown) / wholeShown - shown) <= 0.05 + 1e-9)
    return false;
  const [low, high] = [(shown - 0.05) / times, (shown + 0.05) / times];
  const divisor = known.get(whole) ?? { low: 0, high: Number.POSITIVE_INFINITY };
  const narrowed = narrow(known, part, {
    low: Math.ceil(divisor.low * low - 1e-9),
    high: Math.floor(divisor.high * high + 1e-9),
  });
  if (rest === null) return narrowed;
  const ofRest = { low: Math.ceil(divisor.low * (1 - high) - 1e-9), high: Math.floor(divisor.high * (1 - low) + 1e-9) };
  return narrow(known, rest, ofRest) || narrowed;
}

function narrow(known: Map<string, Interval>, name: string, { low, high }: Interval): boolean {
  const now = known.get(name);
  if (now === undefined) return false;
  const next = { low: Math.max(now.low, low), high: Math.min(now.high, high) };
  known.set(name, next);
  return next.low > now.low || next.high < now.high;
}
