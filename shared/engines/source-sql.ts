import type { SourceTable } from '../metrics/source-contract';
import type { SourceCounts } from './engine';

/** Counts rows, and rows with a time that no report counts. */
const counts = `COUNT(*) AS source_rows,
  COUNTIF(created_at IS NULL) AS without_created_at,
  COUNTIF(created_at < @epoch) AS before_1970,
  COUNTIF(created_at >= @future) AS in_future`;

/**
 * What an inspection counts in a source table, in SQL that both engines understand. One row. Reads two columns of users. For measurements it
 * reads four columns, because a measurement_id is unique only within its session, and the ids of users, to find users that have no account.
 */
const queries: Record<SourceTable, string> = {
  users: `SELECT
  ${counts},
  COUNT(user_id) - COUNT(DISTINCT user_id) AS repeated_ids
FROM source_users`,
  measurements: `SELECT source_rows, without_created_at, before_1970, in_future, repeated_ids, testers, strangers
FROM (
  SELECT
    SUM(source_rows) AS source_rows,
    SUM(without_created_at) AS without_created_at,
    SUM(before_1970) AS before_1970,
    SUM(in_future) AS in_future,
    SUM(IF(session_id IS NULL, 0, repeated_ids)) AS repeated_ids
  FROM (
    SELECT
      session_id,
      ${counts},
      COUNT(measurement_id) - COUNT(DISTINCT measurement_id) AS repeated_ids
    FROM source_measurements
    GROUP BY session_id
  ) AS sessions
) AS counted
CROSS JOIN (
  SELECT COUNT(*) AS testers, COUNTIF(account_id IS NULL) AS strangers
  FROM (SELECT DISTINCT user_id AS tester_id FROM source_measurements WHERE user_id IS NOT NULL) AS tested
  LEFT JOIN (SELECT DISTINCT user_id AS account_id FROM source_users) AS accounts ON account_id = tester_id
) AS people`,
};

export function selectSourceCounts(table: SourceTable): string {
  return queries[table];
}

/** The row of selectSourceCounts. */
export function parseSourceCounts(row: Record<string, unknown> = {}): SourceCounts {
  return {
    rows: Number(row.source_rows),
    withoutCreatedAt: Number(row.without_created_at),
    before1970: Number(row.before_1970),
    inFuture: Number(row.in_future),
    repeatedIds: Number(row.repeated_ids),
    testers: row.testers === undefined ? null : { all: Number(row.testers), withoutAccount: Number(row.strangers) },
  };
}
