import type { Mutant } from './mutant';

/** A command that only reads opens the warehouse to write. */
const writes = (file: string): Mutant => ({
  what: 'a command that only reads waits until nobody else reads',
  file,
  edits: [["openEngine('read')", "openEngine('write')"]],
  tests: ['test/cli/readers.test.ts'],
});

/** Faults of both engines, and of what opens them. */
export const engines = {
  'no-transaction': {
    what: 'the embedded engine writes a report table by table',
    file: 'shared/engines/duckdb/warehouse.ts',
    edits: [
      ["await database.run('BEGIN TRANSACTION');", ''],
      ["await database.run('COMMIT');", ''],
    ],
    tests: ['test/shared/engines/duckdb/warehouse.test.ts'],
  },
  'no-rollback': {
    what: 'what a failed report had written stays',
    file: 'shared/engines/duckdb/warehouse.ts',
    edits: [["await database.run('ROLLBACK').catch(() => {});", "await database.run('COMMIT').catch(() => {});"]],
    tests: ['test/shared/engines/duckdb/warehouse.test.ts'],
  },
  'reading-takes-the-write-lock': {
    what: 'two that read keep each other out',
    file: 'shared/engines/duckdb/engine.ts',
    edits: [["{ readOnly: access !== 'export' && access !== 'write' }", '{ readOnly: false }']],
    tests: ['test/shared/engines/duckdb/warehouse.test.ts'],
  },
  'looking-takes-the-write-lock': {
    what: 'settings can not be settled while somebody reads',
    file: 'shared/engines/duckdb/engine.ts',
    edits: [["{ readOnly: access !== 'export' && access !== 'write' }", "{ readOnly: access === 'read' }"]],
    tests: ['test/shared/engines/duckdb/warehouse.test.ts'],
  },
  'writing-without-the-lock': {
    what: 'an export counts for minutes, and then finds the file in use',
    file: 'shared/engines/duckdb/engine.ts',
    edits: [["{ readOnly: access !== 'export' && access !== 'write' }", '{ readOnly: true }']],
    tests: ['test/shared/engines/duckdb/warehouse.test.ts'],
  },
  'gaps-take-the-write-lock': writes('cli/gaps.ts'),
  'status-takes-the-write-lock': writes('cli/status.ts'),
  'show-takes-the-write-lock': writes('cli/show.ts'),
  'annotate-takes-the-write-lock': writes('cli/annotate.ts'),
  'dashboard-takes-the-write-lock': {
    ...writes('cli/dashboard.ts'),
    edits: [["openEngine('read', waiting)", "openEngine('write', waiting)"]],
  },
  'interruption-is-a-bug': {
    what: 'a query that its deadline ends asks for a bug report',
    file: 'shared/engines/duckdb/connection.ts',
    edits: [["if (kind === 'INTERRUPT')", "if (kind === 'Interrupted')"]],
    tests: ['test/shared/engines/duckdb/warehouse.test.ts'],
  },
  'stopped-job-is-a-bug': {
    what: 'a job that was cancelled at the deadline asks for a bug report',
    file: 'shared/engines/bigquery/errors.ts',
    edits: [["  stopped: 'TIMEOUT',\n", '']],
    tests: ['test/shared/engines/bigquery/errors.test.ts'],
  },
  'deadline-is-a-bug': {
    what: 'a run on BigQuery that its deadline ends asks for a bug report',
    file: 'shared/engines/bigquery/errors.ts',
    edits: [["if (nameOf(thrown) === 'TimeoutError' || nameOf(thrown) === 'AbortError')", "if (nameOf(thrown) === 'Deadline')"]],
    tests: ['test/shared/engines/bigquery/errors.test.ts'],
  },
  'unavailable-table-is-final': {
    what: 'a table that is out of reach for a moment fails the report',
    file: 'shared/engines/bigquery/errors.ts',
    edits: [
      ["  tableUnavailable: 'UNAVAILABLE',\n", ''],
      ["  invalid: 'INVALID_QUERY',", "  invalid: 'INVALID_QUERY',\n  tableUnavailable: 'INVALID_QUERY',"],
    ],
    tests: ['test/shared/engines/bigquery/errors.test.ts'],
  },
  'unavailable-table-is-unknown': {
    what: 'a table that is out of reach for a moment asks for a bug report',
    file: 'shared/engines/bigquery/errors.ts',
    edits: [["  tableUnavailable: 'UNAVAILABLE',\n", '']],
    tests: ['test/shared/engines/bigquery/errors.test.ts'],
  },
  'first-tests-never-read': {
    what: 'KPI_SOURCE_FIRST_TESTS saves nothing: the history is read each day',
    file: 'shared/engines/bigquery/facts.ts',
    edits: [['return (config.source?.firstTests ?? null) !== null;', 'return config.source === null;']],
    tests: ['test/shared/engines/bigquery/inspection.test.ts'],
  },
  'first-tests-not-configured': {
    what: 'KPI_SOURCE_FIRST_TESTS is dropped',
    file: 'shared/platform/config.ts',
    edits: [['firstTests: settings.KPI_SOURCE_FIRST_TESTS ?? null', 'firstTests: null']],
    tests: ['test/shared/platform/config.test.ts'],
  },
  'first-tests-in-utc': {
    what: 'days of first tests out of a view are those of UTC',
    file: 'shared/metrics/facts/relations/first_tests_from_view.sql',
    edits: [['@time_zone', "'UTC'"]],
    tests: ['test/shared/metrics/facts/first-tests.test.ts'],
  },
  'load-without-location': {
    what: 'a load into a dataset outside of the US is refused',
    file: 'shared/engines/bigquery/load.ts',
    edits: [[', location: config.location });', ' });']],
    tests: ['test/shared/engines/bigquery/location.test.ts'],
  },
  'lost-job-looked-for-elsewhere': {
    what: 'a job outside of the US whose answer was lost is made a second time',
    file: 'shared/engines/bigquery/jobs.ts',
    edits: [['const job = client.job(id, { location });', "const job = client.job(id, { location: 'US' });"]],
    tests: ['test/shared/engines/bigquery/location.test.ts'],
  },
  'location-in-other-letters': {
    what: 'KPI_LOCATION=eu is refused for a dataset in EU',
    file: 'shared/engines/bigquery/inspect.ts',
    edits: [['String(location).toLowerCase() !== config.location.toLowerCase()', 'location !== config.location']],
    tests: ['test/shared/engines/bigquery/location.test.ts'],
  },
} satisfies Record<string, Mutant>;
