import { fit, terminalWidth, wrap } from '../../cli/terminal';

test.each([
  [undefined, 80],
  [0, 80],
  [40, 60],
  [60, 60],
  [200, 200],
])('a terminal of %p columns is taken for one of %i', (columns, width) => {
  expect(terminalWidth({ columns: columns as number })).toBe(width);
});

const text = `one ${'word '.repeat(60)}${'x'.repeat(30)} last`;

test.each([60, 80, 120])('a line fits %i columns; the rest stands indented below, and no word is lost', (width) => {
  const lines = fit(text, width).split('\n');
  expect(lines.filter((line) => line.length > width)).toEqual([]);
  expect(lines.slice(1).filter((line) => !/^ {2}\S/.test(line))).toEqual([]);
  expect(lines.map((line) => line.trim()).join(' ')).toBe(text);
  expect(Math.max(...lines.map(({ length }) => length))).toBeGreaterThan(width - 31);
});

test('an indented text takes all of its width', () => {
  expect(wrap('aaa bbb ccc ddd', 7, 20)).toBe(`aaa bbb\n${' '.repeat(20)}ccc ddd`);
});

test('a longer word stays whole', () => {
  expect(fit(`path ${'x'.repeat(100)}`, 60)).toBe(`path\n  ${'x'.repeat(100)}`);
});
