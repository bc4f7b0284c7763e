import type * as z from 'zod';
import { errorKinds } from '../../../../shared/metrics/error-kinds';
import {
  type AnyFactName,
  factNames,
  facts,
  parseFactRows,
  parseFacts,
  releaseFactNames,
  releaseFacts,
} from '../../../../shared/metrics/facts/facts';
import { factQuery, factsQuery, parametersOf } from '../../../../shared/metrics/facts/relations';

const allFacts = { ...facts, ...releaseFacts };
const names = [...factNames, ...releaseFactNames];
const relationsIn = (sql: string) => [...sql.matchAll(/^(?:WITH )?(\w+) AS \($/gm)].map(([, name]) => name);

test('the lists of the kinds of error are written out', () => {
  const quoted = errorKinds.map((kind) => `'${kind}'`).join(', ');
  expect(factQuery('intake', { repeatsDates: false })).toContain(`WHEN error_type IN (${quoted}) THEN error_type`);
  const sql = factQuery('release_errors', { repeatsDates: false });
  const bits = [...errorKinds, 'unclassified'].map((kind, index) => `IF(${kind} > 0, ${1 << index}, 0)`).join(' + ');
  const most = errorKinds.map((kind) => `MAX(${kind}) AS most_${kind}`).join(', ');
  const counts = [...errorKinds, 'unclassified'].map((kind) => `COUNTIF(outcome = '${kind}') AS ${kind}`).join(', ');
  expect(sql).toContain(`${bits} AS kinds,`);
  expect(sql).toContain(`${most}\n`);
  expect(sql).toContain(`${counts}\n`);
});

test.each<[AnyFactName, string[]]>([
  ['activity', ['measurement_rows', 'measurements', 'user_days', 'user_periods']],
  ['sessions', ['measurement_rows', 'measurements', 'session_outcomes', 'session_periods']],
  ['repeats', ['measurement_rows', 'measurements']],
  ['intake', ['measurement_rows', 'outcome_days']],
  ['users', ['accounts']],
  ['people', ['accounts', 'first_tests', 'people']],
  ['release_tests', ['measurement_rows', 'measurements']],
  ['release_errors', ['measurement_rows', 'measurements']],
  ['release_sessions', ['measurement_rows', 'measurements']],
])('%s is preceded by the relations that it reads, in the order of their dependence', (name, relations) => {
  expect(relationsIn(factQuery(name, { repeatsDates: false }))).toEqual(relations);
  expect(relationsIn(factQuery(name, { repeatsDates: false }, ['measurement_rows', 'accounts', 'first_tests']))).toEqual(
    relations.filter((relation) => !['measurement_rows', 'accounts', 'first_tests'].includes(relation)),
  );
});

test.each<[string, AnyFactName[], string[]]>([
  [
    'the facts',
    factNames,
    [
      'measurement_rows',
      'measurements',
      'outcome_days',
      'accounts',
      'first_tests',
      'people',
      'user_days',
      'user_periods',
      'session_outcomes',
      'session_periods',
    ],
  ],
  ['those of the release', releaseFactNames, ['measurement_rows', 'measurements']],
])('one query of %s defines each relation once', (_, names, relations) => {
  const sql = factsQuery(names, { repeatsDates: false });
  expect(relationsIn(sql)).toEqual(relations);
  expect([...sql.matchAll(/SELECT '(\w+)' AS part,/g)].map(([, name]) => name)).toEqual([...names, 'control']);
});

test('a view of first tests is read instead of the history', () => {
  const sql = factQuery('people', { repeatsDates: true, firstTestsView: true });
  expect(sql).toContain('FROM source_first_tests');
  expect(sql).not.toMatch(/FROM source_measurements/);
});

test.each(names)('%s names each source table once at the most, so that it is read once', (name) => {
  const sql = factQuery(name, { repeatsDates: false }).replaceAll(/--.*$/gm, '');
  const read = [...sql.matchAll(/\bFROM (source_\w+)\b/g)].map(([, table]) => table);
  expect(read).toEqual([...new Set(read)]);
  expect(read).not.toEqual([]);
});

const boundsOf = (name: AnyFactName) =>
  name === 'misdated' ? ['epoch', 'future'] : ['time_zone', 'epoch', 'scan_from', 'scan_until'];

test.each(names)('%s binds what it is given, and pastes no value', (name) => {
  expect(parametersOf(factQuery(name, { repeatsDates: false }))).toEqual(expect.arrayContaining(boundsOf(name)));
});

/** Only counts, days and words of a closed list can come out: no column of free text. */
test.each(names)('%s lets no free text out', (name) => {
  for (const [column, schema] of Object.entries<z.ZodType>(allFacts[name].row.shape)) {
    const takesAnyText = schema.safeParse('someone@example.org').success;
    expect([column, takesAnyText]).toEqual([column, false]);
  }
});

test('an invalid row is refused with the names of its columns, without values', () => {
  const row = { day: '2025-12-23', failures: 0, users: 1, successful_users: 1, tests: 'someone', successes: 1 };
  expect(() => parseFactRows('activity', [row])).toThrow('fact activity: unexpected value in tests');
});

test('the rows of one query are split by fact, and unknown rows are refused', () => {
  const user = { day: '2025-12-23', outcome: 'account', source_rows: 3 };
  const person = { role: 'account', day: '2025-12-23', first_test_day: null, people: 2 };
  const rows = [
    { part: 'users', part_row: JSON.stringify(user), place: 1, all_rows: 3 },
    { part: 'people', part_row: JSON.stringify(person), place: 2, all_rows: 3 },
    { part: 'control', part_row: '{}', place: 3, all_rows: 3 },
  ];
  expect(parseFacts(['users', 'people', 'activity'], rows)).toEqual({ users: [user], people: [person], activity: [] });
  expect(() => parseFacts(['users'], rows)).toThrow();
  const tooMuch = [{ ...rows[0], part_row: JSON.stringify({ ...user, user_id: '1' }) }, ...rows.slice(1)];
  expect(() => parseFacts(['users', 'people'], tooMuch)).toThrow('fact users');
});
