import { errorKinds } from '../../shared/metrics/error-kinds';
import type { AnyFactName } from '../../shared/metrics/facts/facts';
import type { Grain } from '../../shared/metrics/grain';
import type { Measurement, Source, User } from './source';

/**
 * What the SQL of shared/metrics/facts counts, as loops over a few hundred rows: a thousand times as fast as an engine that parses the
 * statement. Rows have ids, times and no NULL, and zones whose clocks don't go back across midnight. facts.test.ts holds it against the SQL.
 */
export interface FactWindow {
  firstDay: string;
  lastDay: string;
  scanFrom: number;
  scanUntil: number;
  /** From here on a time can't be right. */
  future: number;
  memory: number;
  cohortDays: number;
  grain: Grain;
}

type Row = Record<string, unknown>;

/** Counts any of the facts of a window, in the rows that are there at an instant. */
export function createCounter(
  rows: ReturnType<Source['at']>,
  window: FactWindow,
  { dateOf }: Pick<Source, 'dateOf'>,
): (name: AnyFactName) => Row[] {
  const view = viewOf(rows, window, dateOf);
  return (name) => counters[name](view);
}

type Attempt = Measurement & { period: string; outcome: string };

interface View {
  all: { users: User[]; measurements: Measurement[] };
  window: FactWindow;
  startOf: (day: string) => string;
  /** Measurements of the window. */
  attempts: Attempt[];
  accounts: { user: string; day: string }[];
  /** Local day of each user's first test, at the earliest that on which the scan begins. */
  firstTests: Map<string, string>;
  dateOf: (instant: number) => string;
}

function viewOf(all: View['all'], window: FactWindow, dateOf: View['dateOf']): View {
  const { firstDay, lastDay, scanFrom, scanUntil, grain } = window;
  const startOf = (day: string) => periodStart(day, grain);
  const isScanned = ({ createdAt }: { createdAt: number }) => createdAt < scanUntil;
  const clampedDay = ({ createdAt, day }: { createdAt: number; day: string }) => (createdAt < scanFrom ? dateOf(scanFrom) : day);
  const attempts = all.measurements
    .filter((row) => isScanned(row) && row.createdAt >= scanFrom && row.day >= firstDay && row.day <= lastDay)
    .map((row): Attempt => ({ ...row, period: startOf(row.day), outcome: outcomeOf(row.kind) }));
  const earliest = new Map<string, Measurement>();
  for (const row of all.measurements.filter(isScanned))
    if (row.createdAt < (earliest.get(row.user)?.createdAt ?? Number.POSITIVE_INFINITY)) earliest.set(row.user, row);
  return {
    all,
    window,
    startOf,
    attempts,
    dateOf,
    accounts: all.users
      .filter(isScanned)
      .map((row) => ({ user: row.user, day: clampedDay(row) }))
      .filter(({ day }) => day <= lastDay),
    firstTests: new Map([...earliest].map(([user, row]) => [user, clampedDay(row)])),
  };
}

function outcomeOf(kind: string | null): string {
  if (kind === null) return 'success';
  return (errorKinds as readonly string[]).includes(kind) ? kind : 'unclassified';
}

const counters: Record<AnyFactName, (view: View) => Row[]> = {
  activity: ({ attempts }) =>
    groups(usersOfPeriods(attempts), ({ period, tests, successes }) => ({ day: period, failures: tests - successes })).map(
      ([key, users]) => ({
        ...key,
        users: users.length,
        successful_users: users.filter(({ successes }) => successes > 0).length,
        tests: sum(users, ({ tests }) => tests),
        successes: sum(users, ({ successes }) => successes),
      }),
    ),

  sessions: ({ attempts }) =>
    groups(sessionsOf(attempts), ({ period, firstSuccess }) => ({ day: period, first_success: firstSuccess })).map(
      ([key, { length: sessions }]) => ({ ...key, sessions }),
    ),

  repeats: ({ attempts }) => {
    const copies = groups(attempts, ({ day, session, id }) => ({ day, session, id })).filter(([, rows]) => rows.length > 1);
    return groups(copies, ([{ day }]) => ({ day })).map(([key, copied]) => ({
      ...key,
      duplicates: sum(copied, ([, rows]) => rows.length - 1),
    }));
  },

  intake: ({ attempts }) =>
    groups(attempts, ({ period, outcome }) => ({ day: period, outcome })).map(([key, rows]) => ({
      ...key,
      source_rows: rows.length,
      latest_hour: latestHour(rows),
    })),

  users: ({ accounts }) =>
    groups(accounts, ({ day }) => ({ day, outcome: 'account' })).map(([key, rows]) => ({ ...key, source_rows: rows.length })),

  people: ({ accounts, firstTests, startOf, window: { lastDay, cohortDays } }) => {
    const found: Row[] = [];
    const created = new Map<string, string>();
    for (const { user, day } of accounts) created.set(user, earlier(created.get(user), startOf(day)));
    const first = (user: string) => {
      const day = firstTests.get(user);
      return day === undefined || day > lastDay ? null : startOf(day);
    };
    for (const [user, day] of created) {
      const test = first(user);
      const isCohorts = test !== null && daysOf(test) <= daysOf(day) + cohortDays;
      found.push({ role: 'account', day, first_test_day: isCohorts ? later(test, day) : null });
    }
    for (const user of firstTests.keys())
      if (first(user) !== null) found.push({ role: 'tester', day: first(user), first_test_day: null });
    return groups(found, (row) => row).map(([key, { length: people }]) => ({ ...key, people }));
  },

  misdated: ({ all, window: { future } }) =>
    (['users', 'measurements'] as const).map((source) => ({
      source,
      source_rows: all[source].filter(({ createdAt }) => createdAt >= future).length,
    })),

  audience: ({ attempts, firstTests, startOf, window: { memory, firstDay, lastDay, grain } }) => {
    const visits = [...byUser(attempts)].flatMap(([user, periods]) =>
      periods.map((period, index) => {
        const [number, before, after] = [period, periods[index - 1], periods[index + 1]].map((one) =>
          one === undefined ? null : numberOf(one, grain),
        );
        const first = firstTests.get(user);
        const isNew = first !== undefined && first >= firstDay && first <= lastDay && startOf(first) === period;
        const isBack = before !== null && before !== undefined && Number(number) - before <= memory;
        const gap = after === null || after === undefined ? memory + 1 : Math.min(after - Number(number), memory + 1);
        return { day: period, sort: isNew ? 'new' : isBack ? 'returning' : 'reactivated', gap };
      }),
    );
    return groups(visits, (visit) => visit).map(([key, { length: users }]) => ({ ...key, users }));
  },

  retention: ({ attempts, firstTests, startOf, window: { firstDay, lastDay } }) => {
    const pairs = [...byUser(attempts)].flatMap(([user, periods]) => {
      const first = firstTests.get(user);
      if (first === undefined || first < firstDay || first > lastDay) return [];
      return periods.map((day) => ({ cohort_day: startOf(first), day }));
    });
    return groups(pairs, (pair) => pair).map(([key, { length: users }]) => ({ ...key, users }));
  },

  release_tests: ({ attempts }) =>
    groups(usersOfPeriods(attempts), ({ period }) => ({ day: period })).map(([key, users]) => ({
      ...key,
      users: users.length,
      repeat_users: users.filter(({ tests }) => tests > 1).length,
      repeat_successful_users: users.filter(({ successes }) => successes > 1).length,
      most_tests: most(users, ({ tests }) => tests),
      most_successes: most(users, ({ successes }) => successes),
      most_failures: most(users, ({ tests, successes }) => tests - successes),
    })),

  release_errors: ({ attempts }) => {
    const failures = attempts.filter(({ outcome }) => outcome !== 'success');
    const users = groups(failures, ({ period, user }) => ({ period, user })).map(([{ period }, rows]) => {
      const counts = [...errorKinds, 'unclassified'].map((kind) => rows.filter(({ outcome }) => outcome === kind).length);
      return { period, counts, kinds: counts.reduce((set, count, bit) => set + (count > 0 ? 2 ** bit : 0), 0) };
    });
    return groups(users, ({ period, kinds }) => ({ day: period, kinds })).map(([key, alike]) => ({
      ...key,
      users: alike.length,
      ...Object.fromEntries(errorKinds.map((kind, bit) => [`most_${kind}`, most(alike, ({ counts }) => counts[bit] ?? 0)])),
    }));
  },

  release_sessions: ({ attempts }) => {
    const users = groups(sessionsOf(attempts), ({ period, user }) => ({ period, user })).map(([{ period }, sessions]) => {
      const of = (sort: number) => sessions.filter(({ firstSuccess }) => firstSuccess === sort).length;
      const [never, first, second, later] = [of(0), of(1), of(2), of(3)];
      const sorts = [first, second, later, never].reduce((set, count, bit) => set + (count > 0 ? 2 ** bit : 0), 0);
      return { period, sorts, never, first, second, later, all: sessions.length };
    });
    return groups(users, ({ period, sorts }) => ({ day: period, sorts })).map(([key, alike]) => ({
      ...key,
      users: alike.length,
      repeat_users: alike.filter(({ all }) => all > 1).length,
      repeat_successful_users: alike.filter(({ all, never }) => all - never > 1).length,
      most_first_try: most(alike, ({ first }) => first),
      most_second_try: most(alike, ({ second }) => second),
      most_later_try: most(alike, ({ later }) => later),
      most_never: most(alike, ({ never }) => never),
      most_successful: most(alike, ({ all, never }) => all - never),
      most_sessions: most(alike, ({ all }) => all),
    }));
  },

  span: ({ all, window: { scanUntil } }) =>
    (['users', 'measurements'] as const).map((source) => {
      const rows = [...all[source]].filter(({ createdAt }) => createdAt < scanUntil).sort((a, b) => a.createdAt - b.createdAt);
      const newest = rows.at(-1);
      const newestRows = rows.filter(({ createdAt }) => createdAt > (newest?.createdAt ?? 0) - 12 * 86_400_000).length;
      return {
        source,
        first_day: rows[0]?.day ?? null,
        last_day: newest?.day ?? null,
        newest_rows: newestRows,
        source_rows: rows.length,
      };
    }),

  freshness: ({ all, attempts, window: { firstDay, lastDay, scanFrom, scanUntil } }) => [
    ...groups(attempts, ({ day }) => ({ day })).map(([{ day }, rows]) => ({
      source: 'measurements',
      day,
      source_rows: rows.length,
      latest_hour: latestHour(rows),
    })),
    ...groups(
      all.users.filter(
        (row) => row.createdAt >= scanFrom && row.createdAt < scanUntil && row.day >= firstDay && row.day <= lastDay,
      ),
      ({ day }) => ({ day }),
    ).map(([{ day }, rows]) => ({ source: 'users', day, source_rows: rows.length, latest_hour: null })),
  ],
};

function usersOfPeriods(attempts: readonly Attempt[]) {
  return groups(attempts, ({ period, user }) => ({ period, user })).map(([{ period }, rows]) => ({
    period,
    tests: rows.length,
    successes: rows.filter(({ outcome }) => outcome === 'success').length,
  }));
}

/** Sessions of each period: who took the first attempt, and which was the first to succeed (0: none, 3: the third or a later one). */
function sessionsOf(attempts: readonly Attempt[]) {
  return groups(attempts, ({ period, session }) => ({ period, session })).map(([{ period }, rows]) => {
    const ordered = rows.sort((one, other) => one.createdAt - other.createdAt || (one.id < other.id ? -1 : 1));
    const firstSuccess = Math.min(ordered.findIndex(({ outcome }) => outcome === 'success') + 1, 3);
    return { period, user: ordered[0]?.user ?? '', firstSuccess };
  });
}

/** The periods of each user, in order of time. */
function byUser(attempts: readonly Attempt[]): Map<string, string[]> {
  const users = new Map<string, Set<string>>();
  for (const { user, period } of attempts) users.set(user, (users.get(user) ?? new Set()).add(period));
  return new Map([...users].map(([user, periods]) => [user, [...periods].sort()]));
}

/** Rows by the values that they share. */
function groups<Item, Key extends object>(items: readonly Item[], keyOf: (item: Item) => Key): [Key, Item[]][] {
  const found = new Map<string, [Key, Item[]]>();
  for (const item of items) {
    const key = keyOf(item);
    const name = Object.values(key).join('|');
    const group = found.get(name);
    if (group === undefined) found.set(name, [key, [item]]);
    else group[1].push(item);
  }
  return [...found.values()];
}

function sum<Item>(items: readonly Item[], of: (item: Item) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}

function most<Item>(items: readonly Item[], of: (item: Item) => number): number {
  return Math.max(...items.map(of));
}

function latestHour(rows: readonly { createdAt: number }[]): number {
  return Math.floor(most(rows, ({ createdAt }) => createdAt) / 3_600_000);
}

function earlier(one: string | undefined, other: string): string {
  return one === undefined || other < one ? other : one;
}

function later(one: string, other: string): string {
  return one > other ? one : other;
}

const DAY_MS = 86_400_000;

function daysOf(date: string): number {
  return Date.parse(date) / DAY_MS;
}

function periodStart(day: string, grain: Grain): string {
  if (grain === 'day') return day;
  if (grain === 'month') return `${day.slice(0, 8)}01`;
  return new Date(Date.parse(day) - ((daysOf(day) + 3) % 7) * DAY_MS).toISOString().slice(0, 10);
}

function numberOf(start: string, grain: Grain): number {
  if (grain === 'day') return daysOf(start);
  return grain === 'week' ? Math.round((daysOf(start) + 3) / 7) : Number(start.slice(0, 4)) * 12 + Number(start.slice(5, 7));
}
