import { addDays } from '../../../shared/metrics/calendar';
import type { ReleaseFacts } from '../../../shared/metrics/facts/facts';
import { indexByDay, type PeriodFacts, periodFacts } from '../../../shared/metrics/facts/period-facts';
import { deriveReleasePeriod } from '../../../shared/release/period';
import { noFacts, steadyFacts, steadyReleaseFacts } from '../../support/steady-facts';

const DAY = '2025-12-12';
const window = { firstDay: addDays(DAY, -1), lastDay: addDays(DAY, 11) };

function subject(): { exact: PeriodFacts; facts: ReleaseFacts } {
  const days = indexByDay(steadyFacts(window.firstDay, window.lastDay), window);
  return { exact: periodFacts(days, window.lastDay, DAY, window.firstDay), facts: steadyReleaseFacts(DAY, DAY) };
}

test('numbers and the people behind them, counted of the same rows', () => {
  const { exact, facts } = subject();
  const { counts } = deriveReleasePeriod(DAY, exact, facts);
  expect(counts.all_tests).toEqual({ value: 14, people: 6, most: 4, rest: null, moreThanOnce: 5 });
  expect(counts.successful_tests).toEqual({
    value: 8,
    people: 5,
    most: 2,
    moreThanOnce: 3,
    rest: { value: 6, people: 3, most: 4 },
  });
  expect(counts.camera_too_far).toEqual({ value: 3, people: 1, most: 3, rest: null, moreThanOnce: null });
  expect(counts.total_sessions).toEqual({ value: 9, people: 6, most: 2, rest: null, moreThanOnce: 2 });
  expect(counts.successful_sessions).toEqual({
    value: 7,
    people: 5,
    most: 2,
    moreThanOnce: 0,
    rest: { value: 2, people: 1, most: 2 },
  });
  expect(counts.first_try_successes).toMatchObject({ value: 5, people: 3, most: 2 });
  expect(counts.accounts_with_tests).toMatchObject({ value: 2, people: 2, rest: { value: 4, people: 4, most: null } });
});

test('a day without tests is not compared', () => {
  const days = indexByDay(noFacts, window);
  const nothing = { release_tests: [], release_errors: [], release_sessions: [] };
  const { counts } = deriveReleasePeriod(DAY, periodFacts(days, window.lastDay, DAY, window.firstDay), nothing);
  expect(Object.values(counts).filter(({ value, people }) => value !== 0 || people !== 0)).toEqual([]);
});

/** Between the two counts somebody was deleted, or rows came late. */
test.each<[string, (subject: { exact: PeriodFacts; facts: ReleaseFacts }) => unknown]>([
  ['somebody more has tests', ({ facts }) => change(facts.release_tests, { users: 7 })],
  ['nobody has tests', ({ facts }) => facts.release_tests.splice(0)],
  ['somebody more has failed', ({ facts }) => change(facts.release_errors, { users: 2 })],
  ['who failed is gone', ({ facts }) => facts.release_errors.splice(0, 1)],
  ['somebody met an error that nobody has', ({ facts }) => change(facts.release_errors, { kinds: 2 + 4 })],
  ['nobody met an error that is there', ({ facts }) => change(facts.release_errors, { kinds: 2 ** 5 })],
  ['one has more errors than all', ({ facts }) => change(facts.release_errors, { most_camera_too_far: 4 })],
  ['all have fewer errors than there are', ({ facts }) => change(facts.release_errors, { most_camera_too_far: 2 })],
  ['all have fewer tests than there are', ({ facts }) => change(facts.release_tests, { most_tests: 2 })],
  ['one has more successes than all', ({ facts }) => change(facts.release_tests, { most_successes: 9 })],
  ['one has more failures than all', ({ facts }) => change(facts.release_tests, { most_failures: 7 })],
  ['one has more sessions than all', ({ facts }) => change(facts.release_sessions, { most_sessions: 10 })],
  ['nobody has a session of a sort that is there', ({ facts }) => facts.release_sessions.splice(1, 1)],
  ['somebody has a session of a sort that is not there', ({ exact }) => Object.assign(exact.day.sessions, { second: 0 })],
  [
    'somebody has sessions without success, of which there are none',
    ({ exact }) => Object.assign(exact.day.sessions, { never: 0 }),
  ],
  ['unclassified errors are gone', ({ exact }) => Object.assign(exact.day, { unclassifiedErrors: 0 })],
])('%s: the source has changed, and nothing is released', (_, meanwhile) => {
  const changed = subject();
  meanwhile(changed);
  expect(() => deriveReleasePeriod(DAY, changed.exact, changed.facts)).toThrow(
    expect.objectContaining({
      code: 'SOURCE_NOT_READY',
      message: `the source changed while ${DAY} was counted for the release; try again`,
    }),
  );
});

function change<Row extends object>([first]: readonly Row[], values: Partial<Row>): void {
  Object.assign(first ?? {}, values);
}
