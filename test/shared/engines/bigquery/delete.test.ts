import { createBigQuery } from '../../../../shared/engines/bigquery/engine';
import { reportTableNames } from '../../../../shared/metrics/tables';
import { configAt, type Fault, type FaultServer, startFaultServer } from '../../../support/fault-server';
import { testPace } from '../../../support/pace';
import { testRun } from '../../../support/run';
import { steadyFacts } from '../../../support/steady-facts';

const DAYS = ['20251221', '20251222', '20251223', '20251224'];
let server: FaultServer;

beforeEach(async () => {
  server = await startFaultServer(steadyFacts('2025-12-11', '2025-12-23'));
  const rows = Array.from({ length: 12 }, () => ({}));
  for (const table of [...reportTableNames, 'daily_metrics'])
    for (const day of DAYS) server.partitions.set(`${table}$${day}`, rows);
});

afterEach(() => server.close());

function deleteReports() {
  const config = configAt(server, { source: null });
  return createBigQuery({ config, now: () => new Date(), pace: testPace }).deleteReports('2025-12-22', '2025-12-23', testRun());
}

const partitionsOf = (table: string) => [...server.partitions.keys()].filter((name) => name.startsWith(`${table}$`));
const days = (table: string, left: readonly string[]) => left.map((day) => `${table}$${day}`);

test.each<[string, Fault[]]>([
  ['at once', []],
  ['after a broken connection', [{ reset: 'before' }]],
  ['whose answer was lost', [{ reset: 'after' }]],
  ['whose answer was an error', [{ carriedOut: true, status: 503, reason: 'backendError' }]],
  ['whose job failed for a moment', [{ jobFails: 'backendError' }]],
])('deletes the partitions of the dates, and no others, %s', async (_, faults) => {
  server.play('delete', ...faults);
  const outcomes = await deleteReports();
  expect(outcomes).toEqual(reportTableNames.map((table) => ({ table, rows: 24 })));
  for (const table of reportTableNames) expect(partitionsOf(table)).toEqual(days(table, ['20251221', '20251224']));
  expect(partitionsOf('daily_metrics')).toEqual(days('daily_metrics', DAYS));
});

test('says which table failed, and deletes from the others', async () => {
  server.play('delete', { status: 403, reason: 'accessDenied' });
  const outcomes = await deleteReports();
  const [failed, ...others] = outcomes.toSorted((a) => (a.failure === undefined ? 1 : -1));
  expect(failed).toMatchObject({ rows: 0, failure: { code: 'ACCESS_DENIED' } });
  expect(others.map(({ rows }) => rows)).toEqual([24, 24, 24]);
  expect(partitionsOf(failed?.table ?? '')).toHaveLength(4);
});
