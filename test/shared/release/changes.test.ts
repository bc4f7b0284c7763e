import { holdSmallChanges, smallChanges } from '../../../shared/release/changes';
import { type ReleasedValues, releasedColumnNames } from '../../../shared/release/columns';

const limits = { minPeople: 20, roundTo: 10 };
const values = (changes: Partial<ReleasedValues>): ReleasedValues => ({
  ...(Object.fromEntries(releasedColumnNames.map((column) => [column, 100])) as unknown as ReleasedValues),
  ...changes,
});

test.each<[string, Partial<ReleasedValues>, string[]]>([
  ['nothing moves', {}, []],
  ['a step up', { all_tests: 110 }, ['all_tests']],
  ['a step down', { all_tests: 90 }, ['all_tests']],
  ['two steps', { all_tests: 120, accounts_created: 80 }, []],
  ['less than a step: it was rounded otherwise before', { all_tests: 105 }, ['all_tests']],
  ['a count turns hidden', { camera_too_far: null }, ['camera_too_far']],
  ['a rate turns hidden', { conversion_rate: null }, ['conversion_rate']],
  ['a rate moves with its parts', { conversion_rate: 99.9 }, []],
  ['a step among large changes', { all_tests: 500, total_errors: 110 }, ['total_errors']],
])('%s', (_, changes, columns) => {
  expect(smallChanges(values({}), values(changes), limits)).toEqual(columns);
});

test('a hidden value that becomes shown is held, named without a value', () => {
  const hold = () => holdSmallChanges('2025-12-12', values({ all_tests: null }), values({ all_tests: 770 }), limits);
  expect(hold).toThrow(/^2025-12-12 would change .* in all_tests: /);
  expect(hold).not.toThrow('770');
  expect(hold).toThrow(expect.objectContaining({ code: 'RELEASE_HELD', kind: 'permanent' }));
});
