import { renderCsv } from '../../../shared/platform/csv';

test.each<[string, unknown, string]>([
  ['text', 'Mon', 'Mon'],
  ['text with spaces around it', ' Mon ', ' Mon '],
  ['a comma', 'Mon, 15 Dec', '"Mon, 15 Dec"'],
  ['quotes', 'the "day"', '"the ""day"""'],
  ['a quote alone', '"', '""""'],
  ['a line feed', 'one\ntwo', '"one\ntwo"'],
  ['a carriage return', 'one\rtwo', '"one\rtwo"'],
  ['an empty text', '', ''],
  ['NULL', null, ''],
  ['no such column in the row', undefined, ''],
  ['zero', 0, '0'],
  ['a negative number', -1.5, '-1.5'],
  ['a small number', 0.1 + 0.2, '0.30000000000000004'],
  ['true', true, 'true'],
  ['false', false, 'false'],
])('a cell of %s', (_, value, expected) => {
  expect(renderCsv([{ before: 1, value, after: 2 }], ['before', 'value', 'after'])).toBe(`before,value,after\n1,${expected},2`);
});

test('columns are in the order asked for, and no others', () => {
  const rows = [
    { a: 1, b: 2, c: 3 },
    { c: 6, b: 5, a: 4 },
  ];
  expect(renderCsv(rows, ['c', 'a'])).toBe('c,a\n3,1\n6,4');
});

test('names are quoted like cells', () => {
  expect(renderCsv([], ['a,b', '"c"'])).toBe('"a,b","""c"""');
});

test('without rows only the header', () => {
  expect(renderCsv([], ['a', 'b'])).toBe('a,b');
});
