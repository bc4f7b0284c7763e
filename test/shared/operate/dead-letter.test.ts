import { createHash } from 'node:crypto';
import type { Message } from '../../../shared/export/message';
import { type ReadLetter, readLetter, toDeadLetter } from '../../../shared/operate/dead-letter';
import { Failure } from '../../../shared/platform/failure';

const SECRET = 'someone@example.org';
const context = { timeZone: 'Europe/Berlin', now: new Date('2026-01-15T06:00:00Z'), maxDates: 31 };

/** Pub/Sub's own attribute: 23:30 UTC is the next day in the report time zone. */
const forwarded = { CloudPubSubDeadLetterSourceTopicPublishTime: '2025-12-23T23:30:00+00:00' };
const failure = new Failure('QUALITY_GATE', 'the reason');

function message(data: string): Message {
  return { id: 'm1', data: Buffer.from(data), attributes: {}, publishTime: new Date('2025-12-24T06:00:00Z') };
}

const digestOf = (data: string) => ({ bytes: data.length, sha256: createHash('sha256').update(data).digest('hex') });

function read(data: string | object, attributes: Record<string, string> = {}): ReadLetter {
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
    expect(read(letter)).toEqual({ id: 'l1', request: digest, reason: 'BAD_REQUEST: expected a date', requestId });
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
    ['a key twice', '{"date":"2025-12-01","date":"2025-12-02"}'],
    ['a wrong value', `{"date":"${SECRET}"}`],
    ['no JSON', `{"date": ${SECRET}`],
    ['too long', SECRET.repeat(100)],
    ['more dates than a message may ask for', '{"from":"1970-01-01","to":"2025-12-24"}'],
    ['a date that is yet to come', '2026-01-16'],
  ])('%s: says what was expected, and of the data its length and SHA-256', (_, data) => {
    const letter = read(data, forwarded);
    expect(letter).toEqual({
      id: 'l1',
      request: digestOf(data),
      reason: expect.stringMatching(/^given up by Pub\/Sub; can't be read: .*expected /),
      requestId: 'l1',
    });
    expect(JSON.stringify(letter)).not.toContain('someone');
  });

  test('a date in an attribute is ignored', () => {
    expect(read('', { ...forwarded, date: '2025-12-20' })).toMatchObject({
      request: digestOf(''),
      reason: expect.stringMatching(
        /^given up by Pub\/Sub; can't be read: expected what is asked for in the data of the message/,
      ),
    });
  });

  test.each([
    ['no time', 'lately', 'expected a publishTime such as'],
    ['a time without an offset', '2025-12-23T23:30:00', 'expected a publishTime such as'],
    ['the year 1969', '1969-12-31T23:59:59Z', 'expected a publishTime from 1970 to 9998'],
    ['the year 9999', '9999-01-01T00:00:00Z', 'expected a publishTime from 1970 to 9998'],
  ])('published at %s, it has no date', (_, CloudPubSubDeadLetterSourceTopicPublishTime, says) => {
    expect(read('{}', { CloudPubSubDeadLetterSourceTopicPublishTime })).toMatchObject({
      request: digestOf('{}'),
      reason: expect.stringContaining(says),
    });
  });
});

const ours = { ...toDeadLetter(failure, { request: undefined, message: message(''), event: {} }), messageId: 'm1' };
const asking = (from: string, to: string, shape = 'range') => ({ ...ours, request: { from, to, shape } });
const EXPECTED_LETTER = 'expected a letter of this program';

test.each<[string, string | object, string]>([
  ['nothing', '', EXPECTED_LETTER],
  ['no JSON', SECRET, EXPECTED_LETTER],
  ['a request, not forwarded', '{"date":"2025-12-23"}', EXPECTED_LETTER],
  ['a code that is none', { ...ours, code: SECRET }, EXPECTED_LETTER],
  ['a request that is none', { ...ours, request: {} }, EXPECTED_LETTER],
  ['a digest that is none', { ...ours, request: { bytes: 1, sha256: SECRET } }, EXPECTED_LETTER],
  ['a key twice', JSON.stringify(ours).replace('{', '{"code":"BUSY",'), EXPECTED_LETTER],
  ['a letter that is too long', { ...ours, message: SECRET.repeat(1000) }, 'expected at most 16,384 bytes, got 19,'],
  ['a date before 1970', asking('1969-12-31', '1969-12-31', 'date'), 'date: expected a calendar date'],
  ['a date that is yet to come', asking('2026-01-16', '2026-01-16', 'date'), 'expected dates up to today, which is 2026-01-15'],
  ['all dates there are', asking('1970-01-01', '9999-12-31'), 'expected dates up to today'],
  ['32 dates', asking('2025-12-01', '2026-01-01'), 'expected at most 31 dates at once, got 32'],
  ['a range backwards', asking('2025-12-02', '2025-12-01'), 'expected from not after to'],
  ['a word for a date', asking('today', 'today', 'date'), EXPECTED_LETTER],
  ['a range that says it is one date', asking('2025-12-01', '2025-12-02', 'date'), 'expected one date'],
  ['a letter of no time', { ...ours, publishTime: 'lately' }, 'expected a publishTime such as'],
  ['a letter of the year 9999', { ...ours, publishTime: '9999-01-01T00:00:00Z' }, 'expected a publishTime from 1970 to 9998'],
])("%s can't be read, and is known by length and SHA-256", (_, data, says) => {
  const text = typeof data === 'string' ? data : JSON.stringify(data);
  const letter = read(text);
  expect(letter).toEqual({
    id: 'l1',
    request: digestOf(text),
    reason: expect.stringContaining(`can't be read: ${says}`),
    requestId: 'l1',
  });
  expect(JSON.stringify(letter)).not.toContain('someone');
});

test('31 dates are not too many', () => {
  expect(read(asking('2025-12-01', '2025-12-31')).request).toEqual({ from: '2025-12-01', to: '2025-12-31', shape: 'range' });
});

describe('rows that others wrote', () => {
  const written = (changes: object) => JSON.stringify({ ...ours, ...changes });
  const hostile = 'red \u001b[31m\u0007\r\nline \u202eback\u2066 \u200bhidden \u009b0m \ud800 \u2028 end';

  test('is printed with its control characters as text, and in order', () => {
    const { reason } = read(written({ message: hostile }));
    expect(reason).toBe(
      'QUALITY_GATE: red \\u{1b}[31m\\u{7}\\u{d}\\u{a}line \\u{202e}back\\u{2066} \\u{200b}hidden \\u{9b}0m \\u{d800} \\u{2028} end',
    );
  });

  test('is cut where it is long', () => {
    const { reason } = read(written({ message: `${'x'.repeat(2000)}` }));
    expect(reason).toBe(`QUALITY_GATE: ${'x'.repeat(986)}…`);
  });

  test('an id is never stored or logged unchanged', () => {
    const { id, requestId } = readLetter(
      {
        id: `l\u001b${'1'.repeat(300)}`,
        data: Buffer.from(written({ messageId: `m\u202e\u001b${'2'.repeat(300)}` })),
        attributes: {},
      },
      context,
    );
    expect([id, requestId]).toEqual([`l\\u{1b}${'1'.repeat(249)}…`, `m??${'2'.repeat(253)}`]);
  });
});
