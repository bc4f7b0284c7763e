import { IncompleteAnswer, parseWholeAnswer, wholeStatement } from '../../../../shared/metrics/facts/whole-answer';

const row = (place: number, part: string, part_row: string, all_rows: number | string = 3) => ({
  part,
  part_row,
  place,
  all_rows,
});
const [first, second, control] = [
  row(1, 'tests', '{"day":"2025-12-23"}'),
  row(2, 'tests', '{"day":"2025-12-22"}'),
  row(3, 'control', '{}'),
];
const whole = [first, second, control];

test('a statement has its queries and one row that always exists', () => {
  const sql = wholeStatement({ tests: 'SELECT 1 AS n', users: 'SELECT 2 AS n' });
  expect([...sql.matchAll(/SELECT '(\w+)' AS part/g)].map(([, part]) => part)).toEqual(['tests', 'users', 'control']);
  expect(sql.match(/SELECT 1 AS n/g)).toHaveLength(1); // the count of the rows computes nothing twice
});

test('rows are returned by part; a part without rows is empty', () => {
  expect(parseWholeAnswer(['tests', 'users'], whole)).toEqual({
    tests: [{ day: '2025-12-23' }, { day: '2025-12-22' }],
    users: [],
  });
  expect(parseWholeAnswer(['tests'], [row(1, 'control', '{}', '1')])).toEqual({ tests: [] });
});

test.each([
  ['no row at all', []],
  ['a row left out', [second, control]],
  ['the control row left out', [first, second]],
  ['a row too many', [first, second, control, first]],
  ['a row twice in place of another', [first, first, control]],
  ['a row of another query', [row(1, 'other', '{}'), second, control]],
  ['a row that is cut off', [row(1, 'tests', '{"day":'), second, control]],
  ['rows without their number', whole.map(({ part, part_row }) => ({ part, part_row }))],
])('%s is no answer', (_, rows) => {
  expect(() => parseWholeAnswer(['tests', 'users'], rows)).toThrow(IncompleteAnswer);
});
