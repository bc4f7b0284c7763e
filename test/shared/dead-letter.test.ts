import { type ReadLetter, readLetter, toDeadLetter } from '../../shared/dead-letter';
import { Failure } from '../../shared/failure';
import type { Message } from '../../shared/message';

const SECRET = 'someone@example.org';
const context = { timeZone: 'Europe/Berlin', now: new Date('2026-01-15T06:00:00Z'), maxDates: 31 };

/** Pub/Sub's own attribute: 23:30 UTC is the next day in the report time zone. */
const forwarded = { CloudPubSubDeadLetterSourceTopicPublishTime: '2025-12-23T23:30:00+00:00' };
const failure = new Failure('QUALITY_GATE', 'the reason');

function message(data: string): Message {
  return { id: 'm1', data: Buffer.from(data), attributes: {}, publishTime: new Date('2025-12-24T06:00:00Z') };
}

function read(data: string | object, attributes: Record<string, string> = {}): ReadLetter | null {
  const text = typeof data === 'string' ? data : JSON.stringify(data);
  return readLetter({ id: 'l1', data: Buffer.from(text), attributes }, context);
}

describe('our own letter', () => {
  test.each(['date', 'range'] as const)('with a request, a %s, asks for the same again', (shape) => {
    const request = { from: '2025-12-22', to: shape === 'date' ? '2025-12-22' : '2025-12-23', shape };
    const letter = toDeadLetter(failure, { request, message: message('{}'), event: {} });
    expect(letter).toEqual({
      code: 'QUALITY_GATE',
      message: 'the reason',
      request,
      messageId: 'm1',
      publishTime: '2025-12-24T06:00:00.000Z',
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
    });
    expect(read(letter)).toEqual({ id: 'l1', request, reason: 'QUALITY_GATE: the reason', requestId: 'm1' });
  });

  test.each([
    [
      'data that did not parse',
      message(SECRET),
      {},
      { bytes: 19, sha256: '79a6123c2db3b110c92f2872d217545dfc5ff5147bbdd47e67e72f223747a538' },
      'm1',
    ],
    [
      'an event that is no message',
      undefined,
      { user: SECRET },
      { bytes: 30, sha256: '04933c30046dd8dfc7376e4614079a38cb072dc3c52e883b35e9c77da7873f96' },
      'l1',
    ],
    [
      'an event in binary mode, whose data is bytes',
      undefined,
      { id: 'e', data: Buffer.from(SECRET) },
      { bytes: 19, sha256: '79a6123c2db3b110c92f2872d217545dfc5ff5147bbdd47e67e72f223747a538' },
      'l1',
    ],
    [
      'no event at all',
      undefined,
      undefined,
      { bytes: 0, sha256: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855' },
      'l1',
    ],
  ])('keeps only length and SHA-256 of %s', (_, received, event, digest, requestId) => {
    const letter = toDeadLetter(new Failure('BAD_REQUEST', 'expected a date'), { request: undefined, message: received, event });
    expect(letter.request).toEqual(digest);
    expect(JSON.stringify(letter)).not.toContain('someone');
    expect(read(letter)).toEqual({ id: 'l1', request: null, reason: 'BAD_REQUEST: expected a date', requestId });
  });
});

describe('a raw message that Pub/Sub forwarded', () => {
  test.each([
    ['no data', '', '2025-12-24', '2025-12-24', 'date'],
    ['{}', '{}', '2025-12-24', '2025-12-24', 'date'],
    ["the scheduler's", '{"from":"yesterday","to":"today"}', '2025-12-23', '2025-12-24', 'range'],
    ['a bare word', 'yesterday', '2025-12-23', '2025-12-23', 'date'],
    ['a bare date', '2025-12-01', '2025-12-01', '2025-12-01', 'date'],
  ])('%s, counts from when it was first published', (_, data, from, to, shape) => {
    expect(read(data, forwarded)).toEqual({
      id: 'l1',
      request: { from, to, shape },
      reason: 'given up by Pub/Sub after all its attempts',
      requestId: 'l1',
    });
  });

  test.each([
    ['no date', SECRET],
    ['an unknown key', `{"${SECRET}":1}`],
    ['a wrong value', `{"date":"${SECRET}"}`],
    ['no JSON', `{"date": ${SECRET}`],
    ['too long', SECRET.repeat(100)],
  ])('%s: says what was expected, and nothing of the data', (_, data) => {
    const letter = read(data, forwarded);
    expect(letter).toEqual({
      id: 'l1',
      request: null,
      reason: expect.stringMatching(/^given up by Pub\/Sub; .*expected /),
      requestId: 'l1',
    });
    expect(letter?.reason).not.toContain('someone');
  });
});

test.each([
  ['nothing', ''],
  ['no JSON', SECRET],
  ['a request, not forwarded', '{"date":"2025-12-23"}'],
  ['a code that is none', { ...toDeadLetter(failure, { request: undefined, message: message(''), event: {} }), code: SECRET }],
  ['a request that is none', { ...toDeadLetter(failure, { request: undefined, message: message(''), event: {} }), request: {} }],
])('%s is no dead letter', (_, data) => {
  expect(read(data)).toBeNull();
});

test('a forwarded message that has its date in an attribute asks for nothing that can be told', () => {
  expect(read('', { ...forwarded, date: '2025-12-20' })).toMatchObject({
    request: null,
    reason: expect.stringMatching(/^given up by Pub\/Sub; expected what is asked for in the data of the message/),
  });
});

test('a forwarded message without a readable time is none either: its date is unknown', () => {
  expect(read('{}', { CloudPubSubDeadLetterSourceTopicPublishTime: 'lately' })).toBeNull();
});
