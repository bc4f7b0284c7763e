import type { CalendarDate } from '../metrics/calendar';
import { eachKind, errorKinds } from '../metrics/error-kinds';
import type { ReleaseFacts } from '../metrics/facts/facts';
import type { PeriodFacts } from '../metrics/facts/period-facts';
import { Failure } from '../platform/failure';
import type { CountColumn } from './columns';

/** A number of things (tests, sessions, …), how many people have them, and the most that one person has. */
export interface Held {
  value: number;
  people: number;
  /** Null if the things are people: each has one. */
  most: number | null;
}

/** A count of a period, with what the rules need. */
export interface HeldCount extends Held {
  /** The rest of its whole; null if it is not part of another count. */
  rest: Held | null;
  /** People with more than one of the counted things; null if rule 4 doesn't apply. */
  moreThanOnce: number | null;
}

/** A whole and the parts that it is the sum of. */
export interface Partition {
  whole: CountColumn;
  /** In column order; each has a bit in the sets, starting with 1. Null for a part that is never shown. */
  members: readonly (CountColumn | null)[];
  /** Set of members → people who have things of exactly these. */
  peopleBySet: ReadonlyMap<number, number>;
}

/** The exact values of a period, for the rules. */
export interface ReleasePeriod {
  /** Its first day. */
  start: CalendarDate;
  counts: Record<CountColumn, HeldCount>;
  partitions: Partition[];
  /** Active users by how many of their tests failed. */
  usersByFailures: ReadonlyMap<number, number>;
}

const FIRST_TRY = 1;
const SECOND_TRY = 2;
const LATER_TRY = 4;
const NEVER = 8;

/**
 * Joins each number of a period with the people behind it. Both come from separate queries. Throws a retryable failure if they can't be from
 * the same rows, because then the number of people behind a number is unknown.
 */
export function deriveReleasePeriod(start: CalendarDate, { day, cohort }: PeriodFacts, facts: ReleaseFacts): ReleasePeriod {
  const tests = facts.release_tests.find((row) => row.day === start);
  const errors = facts.release_errors.filter((row) => row.day === start);
  const sessions = facts.release_sessions.filter((row) => row.day === start);

  const peopleByKinds = new Map(errors.map(({ kinds, users }) => [kinds, users]));
  const peopleBySorts = new Map(sessions.map(({ sorts, users }) => [sorts, users]));
  const most = <Row>(rows: readonly Row[], of: (row: Row) => number) => Math.max(0, ...rows.map(of));
  const sum = <Row>(rows: readonly Row[], of: (row: Row) => number) => rows.reduce((total, row) => total + of(row), 0);

  const failedUsers = sum(
    [...day.usersByFailures].filter(([failures]) => failures > 0),
    ([, users]) => users,
  );
  const { first, second, later, never } = day.sessions;
  const successful: Held = { value: day.successes, people: day.successfulUsers, most: tests?.most_successes ?? 0 };
  const failed: Held = { value: day.tests - day.successes, people: failedUsers, most: tests?.most_failures ?? 0 };
  const ofSort = (value: number, sort: number, of: (row: (typeof sessions)[number]) => number): HeldCount =>
    alone({ value, people: peopleOf(peopleBySorts, sort), most: most(sessions, of) });
  const people = (value: number): Held => ({ value, people: value, most: null });

  const counts: ReleasePeriod['counts'] = {
    all_tests: {
      ...alone({ value: day.tests, people: day.activeUsers, most: tests?.most_tests ?? 0 }),
      moreThanOnce: tests?.repeat_users ?? 0,
    },
    successful_tests: { ...successful, rest: failed, moreThanOnce: tests?.repeat_successful_users ?? 0 },
    successful_test_users: {
      ...people(day.successfulUsers),
      rest: people(day.activeUsers - day.successfulUsers),
      moreThanOnce: null,
    },
    active_users: alone(people(day.activeUsers)),
    total_sessions: {
      ...alone({
        value: first + second + later + never,
        people: day.activeUsers,
        most: most(sessions, (row) => row.most_sessions),
      }),
      moreThanOnce: sum(sessions, (row) => row.repeat_users),
    },
    successful_sessions: {
      value: first + second + later,
      people: peopleOf(peopleBySorts, FIRST_TRY | SECOND_TRY | LATER_TRY),
      most: most(sessions, (row) => row.most_successful),
      rest: { value: never, people: peopleOf(peopleBySorts, NEVER), most: most(sessions, (row) => row.most_never) },
      moreThanOnce: sum(sessions, (row) => row.repeat_successful_users),
    },
    first_try_successes: ofSort(first, FIRST_TRY, (row) => row.most_first_try),
    second_try_successes: ofSort(second, SECOND_TRY, (row) => row.most_second_try),
    third_plus_try_successes: ofSort(later, LATER_TRY, (row) => row.most_later_try),
    ...eachKind((kind, index) =>
      alone({
        value: day.errors[kind],
        people: peopleOf(peopleByKinds, 1 << index),
        most: most(errors, (row) => row[`most_${kind}`]),
      }),
    ),
    total_errors: { ...failed, rest: successful, moreThanOnce: null },
    accounts_created: alone(people(cohort.created)),
    accounts_with_tests: { ...people(cohort.tested), rest: people(cohort.created - cohort.tested), moreThanOnce: null },
  };

  const unclassified = peopleOf(peopleByKinds, 1 << errorKinds.length);
  const held: Held[] = [
    ...Object.values(counts).flatMap(({ rest, ...count }) => (rest === null ? [count] : [count, rest])),
    { value: day.unclassifiedErrors, people: unclassified, most: null },
  ];
  const agree =
    (tests?.users ?? 0) === day.activeUsers && sum(errors, (row) => row.users) === failedUsers && held.every(isPossible);
  if (!agree) {
    throw new Failure('SOURCE_NOT_READY', `the source changed while ${start} was counted for the release; try again`);
  }
  return {
    start,
    counts,
    partitions: [
      {
        whole: 'successful_sessions',
        members: ['first_try_successes', 'second_try_successes', 'third_plus_try_successes'],
        peopleBySet: peopleBySorts,
      },
      { whole: 'total_errors', members: [...errorKinds, null], peopleBySet: peopleByKinds },
    ],
    usersByFailures: day.usersByFailures,
  };
}

/** People who have things of any member of the set. */
export function peopleOf(peopleBySet: ReadonlyMap<number, number>, set: number): number {
  let people = 0;
  for (const [held, holders] of peopleBySet) if ((held & set) !== 0) people += holders;
  return people;
}

function alone(held: Held): HeldCount {
  return { ...held, rest: null, moreThanOnce: null };
}

/** Several people may share a session, so a count can be smaller than the number of people behind it. */
function isPossible({ value, people, most }: Held): boolean {
  return people > 0 === value > 0 && (most === null || (most <= value && most * people >= value));
}
