import { gini } from '../../../shared/metrics/gini';

/** Values as the map that gini takes: value → how many hold it. */
function holders(values: number[]): Map<number, number> {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}

test.each([
  {
    name: 'the example of R’s ineq package',
    values: [541, 1463, 2445, 3438, 4437, 5401, 6392, 8304, 11904, 22261],
    expected: 0.462091130267624,
  },
  { name: 'the example of R’s phylotools package', values: [1, 3, 2, 1, 1, 1, 4], expected: 4 / 13 },
  { name: 'all of it held by one of four', values: [0, 0, 0, 1], expected: 0.75 },
  { name: 'ties and a zero', values: [3, 1, 0, 1], expected: 0.45 },
  { name: 'scale does not matter', values: [3000, 1000, 0, 1000], expected: 0.45 },
  { name: 'one to four', values: [4, 3, 2, 1], expected: 0.25 },
])('$name', ({ values, expected }) => {
  expect(gini(holders(values))).toBeCloseTo(expected, 12);
  expect(gini(holders(values.toReversed()))).toBe(gini(holders(values)));
});

test.each([
  { name: 'one person', values: [7] },
  { name: 'an even spread', values: [1, 1, 1] },
  { name: 'an even spread whose share has no exact number', values: Array.from({ length: 49 }, () => 3) },
])('exactly 0: $name', ({ values }) => {
  expect(gini(holders(values))).toBe(0);
});

test.each([
  { name: 'nobody', values: [] },
  { name: 'one person with nothing', values: [0] },
  { name: 'people with nothing', values: [0, 0, 0] },
])('null: $name', ({ values }) => {
  expect(gini(holders(values))).toBeNull();
});

test('a million people of whom one has all failures', () => {
  expect(
    gini(
      new Map([
        [0, 999_999],
        [1, 1],
      ]),
    ),
  ).toBeCloseTo(0.999999, 12);
});
