import { isTransient, toBigQueryFailure } from '../../../../shared/engines/bigquery/errors';
import { IncompleteAnswer } from '../../../../shared/metrics/facts/whole-answer';
import type { FailureCode } from '../../../../shared/platform/failure';

/** https://cloud.google.com/bigquery/docs/error-messages: whether a call is repeated at once, and what it is for the run if that is in vain. */
const reasons: [reason: string, code: FailureCode, isRepeated: boolean][] = [
  ['rateLimitExceeded', 'BUSY', true],
  ['userRateLimitExceeded', 'BUSY', true],
  ['jobRateLimitExceeded', 'BUSY', true],
  ['resourceInUse', 'BUSY', true],
  ['backendError', 'UNAVAILABLE', true],
  ['jobBackendError', 'UNAVAILABLE', true],
  ['internalError', 'UNAVAILABLE', true],
  ['jobInternalError', 'UNAVAILABLE', true],
  ['tableUnavailable', 'UNAVAILABLE', true],
  ['badGateway', 'UNAVAILABLE', true],
  ['resourcesExceeded', 'UNAVAILABLE', false],
  ['quotaExceeded', 'QUOTA', false],
  ['dailyLimitExceeded', 'QUOTA', false],
  ['accessDenied', 'ACCESS_DENIED', false],
  ['notFound', 'NOT_FOUND', false],
  ['invalidQuery', 'INVALID_QUERY', false],
  ['invalid', 'INVALID_QUERY', false],
  ['bytesBilledLimitExceeded', 'BYTES_LIMIT', false],
  ['duplicate', 'BUSY', false],
  ['stopped', 'TIMEOUT', false],
  ['timeout', 'TIMEOUT', false],
];

test.each(reasons)('a job that ended with %s is %s, repeated: %s', (reason, code, isRepeated) => {
  const found = { reason, message: 'canary' };
  expect([toBigQueryFailure(found, 'counting').code, isTransient(found)]).toEqual([code, isRepeated]);
});

test.each(reasons)('a request that was refused with %s is %s, repeated: %s, whatever its status', (reason, code, isRepeated) => {
  for (const status of [400, 403, 500]) {
    const refused = { code: status, errors: [{ reason }] };
    expect([toBigQueryFailure(refused, 'counting').code, isTransient(refused)]).toEqual([code, isRepeated]);
  }
});

test.each([
  [400, 'INVALID_QUERY', false],
  [401, 'ACCESS_DENIED', false],
  [403, 'ACCESS_DENIED', false],
  [404, 'NOT_FOUND', false],
  [408, 'UNAVAILABLE', true],
  [429, 'BUSY', true],
  [500, 'UNAVAILABLE', true],
  [502, 'UNAVAILABLE', true],
  [503, 'UNAVAILABLE', true],
  [504, 'UNAVAILABLE', true],
  [302, 'UNEXPECTED', false],
])('HTTP %i without a reason is %s, repeated: %s', (status, code, isRepeated) => {
  expect([toBigQueryFailure({ code: status }, 'counting').code, isTransient({ code: status })]).toEqual([code, isRepeated]);
});

test.each<[string, unknown, FailureCode, boolean]>([
  ['a broken connection', { code: 'ECONNRESET' }, 'UNAVAILABLE', true],
  ['one that broke below', { name: 'FetchError', cause: { code: 'EPIPE' } }, 'UNAVAILABLE', true],
  ['a refused connection', { code: 'ECONNREFUSED' }, 'UNAVAILABLE', false],
  ['an unknown host', { name: 'FetchError', code: 'ENOTFOUND' }, 'UNAVAILABLE', false],
  ['half an answer', new IncompleteAnswer('no rows'), 'UNAVAILABLE', true],
  ['the deadline', new DOMException('the deadline', 'TimeoutError'), 'TIMEOUT', false],
  ['a run that was stopped', new DOMException('stopped', 'AbortError'), 'TIMEOUT', false],
  ['anything else', new TypeError('canary'), 'UNEXPECTED', false],
])('%s', (_, thrown, code, isRepeated) => {
  const failure = toBigQueryFailure(thrown, 'counting');
  expect([failure.code, isTransient(thrown)]).toEqual([code, isRepeated]);
  expect(failure.message).not.toContain('canary');
});
