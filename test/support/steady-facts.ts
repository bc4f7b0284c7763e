import { addDays, type CalendarDate, datesBetween } from '../../shared/metrics/calendar';
import { type ErrorKind, eachKind, errorKinds } from '../../shared/metrics/error-kinds';
import type { Facts, ReleaseFacts } from '../../shared/metrics/facts/facts';

/** Of a source that holds nothing. */
export const noFacts: Facts = { activity: [], sessions: [], repeats: [], intake: [], users: [], people: [], misdated: [] };

/** Somebody whose account was there before a window: the source has begun. */
export function anAccountBefore(firstDay: CalendarDate): Facts['people'][number] {
  return { role: 'account', day: addDays(firstDay, -1), first_test_day: null, people: 1 };
}

/** Facts of a product on which every day is like the others, so that what a test changes stands out. */
export function steadyFacts(firstDay: CalendarDate, lastDay: CalendarDate): Facts {
  const days = datesBetween(firstDay, lastDay);
  const perDay = <Row>(rows: Row[]) => days.flatMap((day) => rows.map((row) => ({ day, ...row })));
  const hour = (day: CalendarDate) => Date.parse(day) / 3_600_000 + 20;
  const longBefore = addDays(firstDay, -1);
  return {
    activity: perDay([
      { failures: 0, users: 3, successful_users: 3, tests: 6, successes: 6 },
      { failures: 1, users: 2, successful_users: 2, tests: 4, successes: 2 },
      { failures: 4, users: 1, successful_users: 0, tests: 4, successes: 0 },
    ]),
    sessions: perDay([
      { first_success: 0, sessions: 2 },
      { first_success: 1, sessions: 5 },
      { first_success: 2, sessions: 1 },
      { first_success: 3, sessions: 1 },
    ]),
    repeats: [],
    intake: days.flatMap((day) =>
      (
        [
          ['success', 8],
          ['camera_too_far', 3],
          ['test_not_found', 2],
          ['unclassified', 1],
          ['rejected', 1],
        ] as const
      ).map(([outcome, source_rows]) => ({ day, outcome, source_rows, latest_hour: hour(day) })),
    ),
    users: [
      { day: longBefore, outcome: 'account', source_rows: 10 },
      ...perDay([{ outcome: 'account' as const, source_rows: 6 }]),
    ],
    people: [
      { role: 'account', day: longBefore, first_test_day: null, people: 10 },
      { role: 'tester', day: longBefore, first_test_day: null, people: 6 },
      ...days.flatMap((day): Facts['people'] => [
        { role: 'account', day, first_test_day: day, people: 2 },
        { role: 'account', day, first_test_day: null, people: 4 },
        { role: 'tester', day, first_test_day: null, people: 2 },
      ]),
    ],
    misdated: [],
  };
}

/** The people behind steadyFacts, as a release counts them. */
export function steadyReleaseFacts(firstDay: CalendarDate, lastDay: CalendarDate): ReleaseFacts {
  const days = datesBetween(firstDay, lastDay);
  const noErrors = eachKind(() => 0, 'most_');
  const bit = (kind: ErrorKind) => 2 ** errorKinds.indexOf(kind);
  const sessions = {
    repeat_users: 0,
    repeat_successful_users: 0,
    most_successful: 1,
    most_sessions: 1,
    most_first_try: 0,
    most_second_try: 0,
    most_later_try: 0,
    most_never: 0,
  };
  return {
    release_tests: days.map((day) => ({
      day,
      users: 6,
      repeat_users: 5,
      repeat_successful_users: 3,
      most_tests: 4,
      most_successes: 2,
      most_failures: 4,
    })),
    release_errors: days.flatMap((day) => [
      { ...noErrors, day, kinds: bit('camera_too_far'), users: 1, most_camera_too_far: 3 },
      { ...noErrors, day, kinds: bit('test_not_found'), users: 1, most_test_not_found: 2 },
      { ...noErrors, day, kinds: 2 ** errorKinds.length, users: 1 },
    ]),
    release_sessions: days.flatMap((day) => [
      { ...sessions, day, sorts: 1, users: 3, repeat_users: 2, most_first_try: 2, most_sessions: 2, most_successful: 2 },
      { ...sessions, day, sorts: 2, users: 1, most_second_try: 1 },
      { ...sessions, day, sorts: 4, users: 1, most_later_try: 1 },
      { ...sessions, day, sorts: 8, users: 1, most_never: 2, most_sessions: 2, most_successful: 0 },
    ]),
  };
}
