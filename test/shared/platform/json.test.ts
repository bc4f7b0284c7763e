import { parseStrictJson } from '../../../shared/platform/json';

test.each([
  ['{}', {}],
  ['\ufeff{"a":1}', { a: 1 }],
  ['{"a":{"a":[{"a":1},{"a":2}]},"b":"{\\"a\\":1,\\"a\\":2}"}', { a: { a: [{ a: 1 }, { a: 2 }] }, b: '{"a":1,"a":2}' }],
  ['["a","a"]', ['a', 'a']],
])('%s is read', (text, value) => expect(parseStrictJson(Buffer.from(text))).toEqual(value));

test.each([
  '{"a":1,"a":2}',
  '{"a":1,"\\u0061":2}',
  '{"b":[{"a":1, "c":{} ,"a":2}]}',
  '{"__proto__":1,"__proto__":2}',
  '{"a":1',
  'garbage',
])('%s is a SyntaxError', (text) => expect(() => parseStrictJson(Buffer.from(text))).toThrow(SyntaxError));

test('a text of many megabytes is read', () => {
  const value = { a: 'x'.repeat(20_000_000) };
  expect(parseStrictJson(Buffer.from(JSON.stringify(value)))).toEqual(value);
});

test('bytes that are no UTF-8 are a SyntaxError', () => {
  expect(() => parseStrictJson(Buffer.from([0x22, 0xff, 0x22]))).toThrow(SyntaxError);
});
