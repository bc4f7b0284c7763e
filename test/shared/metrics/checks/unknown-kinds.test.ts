import { describeUnknownKinds, type ErrorCounts } from '../../../../shared/metrics/checks/unknown-kinds';
import { errorKinds } from '../../../../shared/metrics/error-kinds';

const none = Object.fromEntries(errorKinds.map((kind) => [kind, 0])) as Omit<ErrorCounts, 'total_errors'>;

test.each<[string, ErrorCounts[], string | null]>([
  ['no day', [], null],
  ['known kinds alone', [{ ...none, camera_too_far: 2, test_not_found: 1, total_errors: 3 }], null],
  [
    'some of several days',
    [
      { ...none, camera_too_far: 2, total_errors: 3 },
      { ...none, total_errors: 4 },
    ],
    '5 of 7 failed tests are of unknown kinds: no column but total_errors counts them',
  ],
  ['one', [{ ...none, total_errors: 1 }], '1 of 1 failed test is of an unknown kind: no column but total_errors counts it'],
])('%s', (_, days, text) => {
  expect(describeUnknownKinds(days)).toBe(text);
});
