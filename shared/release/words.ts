import type { ErrorKind } from '../metrics/error-kinds';

/** Terms of a release's columns, for readers who don't know the product. */
export const terms: readonly { term: string; meaning: string }[] = [
  {
    term: 'test, measurement',
    meaning: 'One attempt of a user to take a test. It succeeds, or it fails with an error of one kind.',
  },
  {
    term: 'session',
    meaning:
      'The tests that were recorded under one session id, usually the attempts of one sitting. Its tries are its tests in order of time.',
  },
  { term: 'user', meaning: 'One user id. A person with two ids is two users.' },
  { term: 'active user', meaning: 'A user with at least one test in the period.' },
  { term: 'account', meaning: 'A user who has signed up. Tests may also come from users without an account.' },
  {
    term: 'kind of error',
    meaning: 'Why a test failed. Six kinds have a column; failures of other kinds count in total_errors only.',
  },
];

/** What each kind of error means. */
export const errorKindMeanings: Record<ErrorKind, string> = {
  no_period_history: 'There was no period history of the user.',
  camera_too_far: 'The camera was too far from the test.',
  camera_too_close: 'The camera was too close to the test.',
  analysis_error: 'The analysis failed.',
  test_lines_not_found: 'The lines of the test were not found.',
  test_not_found: 'No test was found.',
};

/** The rules of rules.ts in words, in their order. docs/privacy.md has the same texts. */
export const ruleTexts: readonly { name: string; text: string }[] = [
  { name: 'People', text: 'at least k people are behind a count. Errors of unknown kinds are never shown.' },
  {
    name: 'The rest',
    text: 'at least k people are behind what a part leaves of its whole. A rest of 0 hides the part, too.',
  },
  {
    name: 'Dominance',
    text: "nobody holds more than half of a count of tests, sessions or failures, nor of a part's rest.",
  },
  {
    name: 'More than once',
    text: 'at least k people are in tests, sessions, successful tests or successful sessions more than once. Otherwise the difference to their users would tell who came again.',
  },
  { name: 'Wholes first', text: 'hidden successful sessions hide all tries; hidden total errors hide all kinds.' },
  {
    name: 'Partitions',
    text: 'of the kinds, or of the tries, never only one is hidden, nor fewer than k people together. Otherwise the shown one with the fewest people is hidden, too.',
  },
  { name: 'Rounding', text: 'counts to the nearest multiple of b, halves up.' },
  { name: 'Rates', text: 'computed from rounded counts.' },
  { name: 'Gini', text: 'from max(50, k) active users on, if total errors are shown.' },
];
