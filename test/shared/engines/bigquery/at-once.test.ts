import { createBigQuery } from '../../../../shared/engines/bigquery/engine';
import { judge } from '../../../../shared/export/outcome';
import { runExport } from '../../../../shared/export/run-export';
import { reportTableNames } from '../../../../shared/metrics/tables';
import { cannedFacts } from '../../../support/canned-facts';
import { configAt, type FaultServer, startFaultServer } from '../../../support/fault-server';
import { testPace } from '../../../support/pace';
import { createRandom } from '../../../support/random-source';
import { testGate, testRun } from '../../../support/run';
import { sample } from '../../../support/sample';

const DATE = '2025-06-15';
const OLDER = new Date('2025-06-15T12:00:00.000Z');
const NEWER = new Date('2025-06-15T12:00:05.000Z');
const pairs = sample(
  Array.from({ length: 50 }, (_, index) => index),
  8,
);

async function exportAt(server: FaultServer, startedAt: Date): Promise<void> {
  const engine = createBigQuery({ config: configAt(server), now: () => startedAt, pace: testPace });
  const run = testRun({ id: `run-${startedAt.getTime()}` });
  const { timeZone } = await canned;
  const options = { engine, run, timeZone, gate: testGate, startedAt, now: () => startedAt, dryRun: false };
  expect(judge((await runExport([DATE], options)).reports)).toEqual({ result: 'all' });
}

const canned = cannedFacts(DATE, DATE);

/** Of the rows in each table: the instants at which their runs were started. */
function runsIn(server: FaultServer): unknown[] {
  return reportTableNames.map((table) => [
    ...new Set(server.partitions.get(`${table}$${DATE.replaceAll('-', '')}`)?.map(({ created_at }) => created_at)),
  ]);
}

const whole = (startedAt: Date) => Array(reportTableNames.length).fill([startedAt.toISOString()]);

async function onServer(work: (server: FaultServer) => Promise<void>): Promise<void> {
  const server = await startFaultServer((await canned).facts);
  try {
    await work(server);
  } finally {
    await server.close();
  }
}

test(`of ${pairs.length} pairs of runs of a date at once, with loads of any length, each ends with all tables of one run`, async () => {
  const random = createRandom(7);
  for (const _ of pairs) {
    await onServer(async (server) => {
      server.strike = (kind) => (kind === 'load' ? { waitsMs: random.below(12) } : null);
      await Promise.all([exportAt(server, OLDER), exportAt(server, NEWER)]);
      expect([whole(OLDER), whole(NEWER)]).toContainEqual(runsIn(server));
    });
  }
});

test('writes only those tables again that an older run wrote meanwhile', () =>
  onServer(async (server) => {
    const torn = `daily_errors$${DATE.replaceAll('-', '')}`;
    server.strike = (kind) => {
      if (kind === 'look' && server.count('look') === 3)
        for (const row of server.partitions.get(torn) ?? []) row.created_at = OLDER.toISOString();
      return null;
    };
    await exportAt(server, NEWER);
    expect(runsIn(server)).toEqual(whole(NEWER));
    expect(server.count('load')).toBe(5);
  }));

test('a single run writes each table once, and checks once', () =>
  onServer(async (server) => {
    await exportAt(server, OLDER);
    expect([server.count('load'), server.count('look')]).toEqual([4, 3]); // one look for earlier reports, one for annotations
    expect(runsIn(server)).toEqual(whole(OLDER));
  }));

test('the figures stay if the check is refused', () =>
  onServer(async (server) => {
    server.play('look', null, { status: 403, reason: 'accessDenied' });
    await exportAt(server, OLDER);
    expect(runsIn(server)).toEqual(whole(OLDER));
  }));
