import { duckDbValues, openDatabase } from '../../../../shared/engines/duckdb/connection';
import { daysWindow } from '../../../../shared/metrics/calendar';
import { factParameters } from '../../../../shared/metrics/facts/parameters';
import { parametersOf, relationQuery } from '../../../../shared/metrics/facts/relations';

/** First tests out of a view (KPI_SOURCE_FIRST_TESTS), on the embedded engine: BigQuery alone reads such a view. */
async function firstTests(timeZone: string, instants: Record<string, string | null>) {
  const database = await openDatabase();
  try {
    const window = daysWindow('2025-12-01', '2025-12-23', timeZone);
    await database.run('CREATE MACRO datetime(instant, zone) AS timezone(zone, instant)'); // as BigQuery, by the zone's name
    const rows = Object.entries(instants).map(([user, at]) => `('${user}', ${at === null ? 'NULL' : `TIMESTAMPTZ '${at}'`})`);
    await database.run(
      `CREATE TABLE source_first_tests AS SELECT * FROM (VALUES ${rows.join(', ')}) AS given (user_id, first_test_at)`,
    );
    const sql = relationQuery('first_tests', { repeatsDates: window.repeatsDates, firstTestsView: true });
    const parameters = factParameters(window, new Date('2025-12-24T06:00:00Z'));
    const bound = parametersOf(sql).map((name) => {
      const { type, value } = parameters[name as keyof typeof parameters];
      return [name, type === 'INT64' ? value : duckDbValues[type](value as never)] as const;
    });
    const found = await database.rows(`${sql.replaceAll('@', '$')}\nORDER BY user_id`, Object.fromEntries(bound));
    return Object.fromEntries(found.map(({ user_id, day }) => [user_id, day]));
  } finally {
    database.close();
  }
}

const instants = {
  evening: '2025-12-22T23:30:00Z',
  night: '2025-12-23T02:00:00Z',
  later: '2026-01-05T12:00:00Z',
  none: null,
};

test.each([
  ['UTC', { evening: '2025-12-22', night: '2025-12-23' }],
  ['Europe/Berlin', { evening: '2025-12-23', night: '2025-12-23' }],
  ['America/New_York', { evening: '2025-12-22', night: '2025-12-22' }],
])('of a view of first tests, days are those of %s, and later ones are left out', async (timeZone, expected) => {
  expect(await firstTests(timeZone, instants)).toEqual(expected);
});
