import { parseMessage } from '../../../shared/export/message';
import { parseRequest, parseRequestData, type RequestContext } from '../../../shared/export/request';

const context: RequestContext = {
  timeZone: 'Pacific/Auckland', // 13 hours before UTC in December
  askedAt: new Date('2025-12-23T10:30:00Z'), // 23:30 there
  now: new Date('2025-12-23T11:30:00Z'), // 00:30 of the 24th there
  maxDates: 31,
};

test.each<[string, unknown, { from: string; to: string; shape: string }]>([
  ['nothing: the local date of when it was asked', {}, { from: '2025-12-23', to: '2025-12-23', shape: 'date' }],
  ['a date', { date: '2024-02-29' }, { from: '2024-02-29', to: '2024-02-29', shape: 'date' }],
  [
    'today is counted from when it was asked, not from now',
    { date: 'today' },
    { from: '2025-12-23', to: '2025-12-23', shape: 'date' },
  ],
  ['yesterday', { date: 'yesterday' }, { from: '2025-12-22', to: '2025-12-22', shape: 'date' }],
  ['a range', { from: '2025-12-01', to: 'yesterday' }, { from: '2025-12-01', to: '2025-12-22', shape: 'range' }],
  [
    'a range of one date keeps its shape',
    { from: 'today', to: 'today' },
    { from: '2025-12-23', to: '2025-12-23', shape: 'range' },
  ],
  [
    'today by the clock, where a request was asked yesterday',
    { date: '2025-12-24' },
    { from: '2025-12-24', to: '2025-12-24', shape: 'date' },
  ],
  ['31 dates', { from: '2025-11-01', to: '2025-12-01' }, { from: '2025-11-01', to: '2025-12-01', shape: 'range' }],
])('%s', (_, input, expected) => {
  expect(parseRequest(input, context)).toEqual(expected);
});

test.each<[string, unknown, RegExp]>([
  ['null', null, /expected \{"date"/],
  ['text', 'today', /expected \{"date"/],
  ['an array', [], /expected \{"date"/],
  ['an unknown key', { Date: '2025-12-23' }, /^unknown key; expected/],
  ['null for a date', { date: null }, /^date: expected a calendar date/],
  ['a day that does not exist', { date: '2025-02-29' }, /^date: expected a calendar date/],
  ['an instant', { from: '2025-12-01T00:00:00Z', to: '2025-12-02' }, /^from: expected a calendar date/],
  ['a year before 1970', { date: '1969-12-31' }, /^date: expected a calendar date/],
  ['tomorrow by the clock', { date: '2025-12-25' }, /dates up to today, which is 2025-12-24 in Pacific\/Auckland/],
  ['to alone', { to: '2025-12-01' }, /expected from and to together, from is missing/],
  ['32 dates', { from: '2025-11-01', to: '2025-12-02' }, /at most 31 dates at once, got 32/],
])('refuses %s', (_, input, text) => {
  expect(() => parseRequest(input, context)).toThrow(
    expect.objectContaining({ code: 'BAD_REQUEST', message: expect.stringMatching(text) }),
  );
});

test.each([
  ['white space', ' \n', '2025-12-23'],
  ['a bare date', '2025-12-20\n', '2025-12-20'],
  ['a bare word', 'yesterday', '2025-12-22'],
  ['1,024 bytes', `{"date":"2025-12-20"}${' '.repeat(1003)}`, '2025-12-20'],
])('data that is %s', (_, text, from) => {
  expect(parseRequestData(Buffer.from(text), context, { bareDate: true }).from).toBe(from);
});

test('1,025 bytes are too many', () => {
  const data = Buffer.from(`{"date":"2025-12-20"}${' '.repeat(1004)}`);
  expect(() => parseRequestData(data, context, { bareDate: true })).toThrow('expected at most 1,024 bytes, got 1,025');
});

test.each([
  ['no-break spaces', '\u00a0'],
  ['a byte order mark', '\ufeff'],
  ['a key twice', '{"date":"2025-12-20","d\\u0061te":"2025-12-21"}'],
])('refuses data that is %s, also where nothing means today', (_, text) => {
  for (const bareDate of [true, false])
    expect(() => parseRequestData(Buffer.from(text), context, { bareDate })).toThrow(
      expect.objectContaining({ code: 'BAD_REQUEST' }),
    );
});

test.each([
  [
    'the publishTime',
    { id: 'e', time: '2025-12-24T00:00:00Z', data: { message: { messageId: 'm', publishTime: '2025-12-23T00:00:00Z' } } },
    'm',
    '2025-12-23',
  ],
  ['without it the time of the event', { id: 'e', time: '2025-12-24T00:00:00Z', data: { message: {} } }, 'e', '2025-12-24'],
  [
    'a push body as it came',
    { message: { messageId: 'm', publishTime: '2025-12-23T00:00:00Z' }, subscription: 's' },
    'm',
    '2025-12-23',
  ],
])('a message is dated by %s', (_, event, id, date) => {
  const message = parseMessage(event);
  expect([message.id, message.publishTime.toISOString().slice(0, 10)]).toEqual([id, date]);
});

test.each([
  ['at most 256 characters', 'm'.repeat(257), 'm'.repeat(256)],
  ['printable ones', 'a\n\u001b[31m\u0000é', 'a??[31m??'],
  ['no half of a pair', `${'m'.repeat(255)}\u{1f600}`, `${'m'.repeat(255)}?`],
])('an id has %s', (_, messageId, id) => {
  expect(parseMessage({ message: { messageId, publishTime: '2025-12-23T00:00:00Z' } }).id).toBe(id);
});

const message = { messageId: 'm', publishTime: '2025-12-23T00:00:00Z' };
const envelope = { specversion: '1.0', type: 'google.cloud.pubsub.topic.v1.messagePublished', id: 'e' };
const encoded = Buffer.from(JSON.stringify({ message })).toString('base64');

test.each([
  ['of specversion 1.0', { ...envelope, data: { message } }],
  ['with data_base64', { ...envelope, data_base64: encoded }],
  ['in binary mode', { ...envelope, data: Buffer.from(JSON.stringify({ message })) }],
  ['as bytes', Buffer.from(JSON.stringify({ ...envelope, data: { message } }))],
])('takes an event %s', (_, event) => {
  expect(parseMessage(event).id).toBe('m');
});

test.each<[string, unknown, RegExp]>([
  ['of another specversion', { ...envelope, specversion: '0.3', data: { message } }, /specversion 1\.0/],
  ['without a type', { ...envelope, type: undefined, data: { message } }, /type google/],
  ['with data twice', { ...envelope, data: { message }, data_base64: encoded }, /either data or data_base64/],
  ['with data_base64 that is none', { ...envelope, data_base64: '!' }, /CloudEvent/],
  ['with a key twice', Buffer.from('{"message":{"messageId":"m","messageId":"n"}}'), /each key once/],
  ...['1', '2025', '2025-12-24', 'Dec 24 2025', '2025-12-24T06:00:00', '2025-02-30T06:00:00Z', '+010000-01-01T00:00:00Z'].map(
    (publishTime) =>
      [`published at ${publishTime}`, { message: { ...message, publishTime } }, /publishTime such as/] as [
        string,
        unknown,
        RegExp,
      ],
  ),
])('refuses an event %s', (_, event, text) => {
  expect(() => parseMessage(event)).toThrow(
    expect.objectContaining({ code: 'BAD_REQUEST', message: expect.stringMatching(text) }),
  );
});

const asked = Buffer.from('{"date":"2025-12-20"}').toString('base64');
const attributed = (attributes: Record<string, string>, more = {}) => ({ message: { ...message, ...more, attributes } });

test.each<[string, unknown]>([
  ...['date', 'Date', 'from', 'report_date', 'reportDate', 'start-date', 'DAY'].map((name): [string, unknown] => [
    `an attribute ${name}`,
    attributed({ [name]: 'x' }),
  ]),
  ...['2025-12-20', ' yesterday', '2025/12/20', '{"date":"2025-12-20"}', '{"from": "today", "to": "today"}'].map(
    (value): [string, unknown] => [`an attribute of the value ${value}`, attributed({ a: value })],
  ),
  ['an attribute beside empty data', attributed({ date: '2025-12-20' }, { data: '' })],
  ['an attribute beside {} as data', attributed({ date: '2025-12-20' }, { data: Buffer.from(' { }\n').toString('base64') })],
  ...['Data', 'json', 'payload', 'date'].map((key): [string, unknown] => [
    `${key} instead of data`,
    { message: { ...message, [key]: asked } },
  ]),
  ['a date beside the message', { message, date: '2025-12-20' }],
  ['a request beside the message', { message, request: { date: '2025-12-20' } }],
  ['a date in the attributes of its event', { ...envelope, date: '2025-12-20', data: { message } }],
])('refuses a message without data that has %s', (_, event) => {
  expect(() => parseMessage(event)).toThrow(
    expect.objectContaining({ code: 'BAD_REQUEST', message: expect.stringMatching(/^expected what is asked for in the data/) }),
  );
});

test.each<[string, Record<string, string>]>([
  ['Google clients', { googclient_traceparent: '00-a-b-01', googclient_schemarevisionid: '2025-12-20', 'x-goog-date': 'x' }],
  ['HTTP', { traceparent: '00-a-b-01', 'content-type': 'application/json', 'Content-Encoding': 'x', 'ce-time': '2025-12-20' }],
  ['the scheduler', { 'X-CloudScheduler-ScheduleTime': '2025-12-20T06:00:00Z' }],
  ['a dead-letter topic', { CloudPubSubDeadLetterSourceTopicPublishTime: '2025-12-20T06:00:00Z' }],
  ['other programs', { state: 'ready', today: '1', updated: 'yes', at: '2025-12-20T06:00:00Z', token: 'x', data: '{"id":1}' }],
])('takes a message without data with attributes of %s', (_, attributes) => {
  const names = { message_id: 'm', publish_time: 'x', orderingKey: '', ordering_key: '', '@type': 'x' };
  const push = { message: { ...message, ...names, attributes }, subscription: 's', deliveryAttempt: 2 };
  expect(parseMessage(push, [['__GCP_CloudEventsMode', 'CUSTOM_PUBSUB_x']])).toMatchObject({ id: 'm', attributes });
});

test('data of white space is read as fast as any, and what is nested deeply is left alone', () => {
  const long = Buffer.from(`${' '.repeat(1_000_000)}x`).toString('base64');
  const deep = `{"message":{"messageId":"m","publishTime":"2025-12-23T00:00:00Z"},"a":${'['.repeat(50_000)}${']'.repeat(50_000)}}`;
  expect(parseMessage(attributed({}, { data: long })).data).toHaveLength(1_000_001);
  expect(parseMessage(Buffer.from(deep)).id).toBe('m');
});

test('attributes and further keys are free where the data says what is asked for', () => {
  const event = { message: { ...message, data: asked, labels: {}, attributes: { date: '2025-12-01' } } };
  expect(parseMessage(event).data.toString()).toBe('{"date":"2025-12-20"}');
});

test.each<[string, unknown]>([
  ['in the data and beside it', { message, data: { message } }],
  ['beside data_base64', { message, data_base64: encoded }],
  ['with data beside it', { ...envelope, data: { message, data: asked } }],
])('refuses a message %s', (_, event) => {
  expect(() => parseMessage(event)).toThrow('expected one message, got data beside it');
});

test.each(['date', 'from', 'report_date', 'x'])('refuses a date in the URL, as %s', (name) => {
  const event = { message: { ...message, data: asked } };
  expect(() => parseMessage(event, new URLSearchParams({ [name]: '2025-12-20' }))).toThrow('the URL are not read');
});

test.each([
  ['without any time', { id: 'e', data: { message: {} } }, /publishTime/],
  ['with a time that is none', { id: 'e', time: 'noon', data: { message: {} } }, /publishTime/],
  ['without an id', { data: { message: { publishTime: '2025-12-23T00:00:00Z' } } }, /messageId/],
  [
    'with data that is not base64',
    { id: 'e', data: { message: { data: '!', publishTime: '2025-12-23T00:00:00Z' } } },
    /Pub\/Sub message/,
  ],
  ['of another type', { id: 'e', type: 'other', data: {} }, /type google\.cloud\.pubsub/],
  ['that is a text', 'x', /CloudEvent or a Pub\/Sub push body/],
])('refuses an event %s', (_, event, text) => {
  expect(() => parseMessage(event)).toThrow(
    expect.objectContaining({ code: 'BAD_REQUEST', message: expect.stringMatching(text) }),
  );
});
