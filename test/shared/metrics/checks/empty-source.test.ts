import type { Engine } from '../../../../shared/engines/engine';
import { runExport } from '../../../../shared/export/run-export';
import { describeEmptySource } from '../../../../shared/metrics/checks/empty-source';
import { furtherTableNames } from '../../../../shared/metrics/tables';
import type { DailyEngagement } from '../../../../shared/metrics/tables/daily_engagement';
import { createLog } from '../../../../shared/platform/log';
import { testGate, testRun } from '../../../support/run';
import { noFacts } from '../../../support/steady-facts';

const DATE = '2025-12-23';

test.each<[string, number, number, string | null]>([
  ['both', 20, 1, null],
  ['few accounts and no test yet', 19, 0, null],
  ['neither', 0, 0, null],
  [
    'tests alone',
    0,
    20,
    'users has no account up to 2025-12-23, though there are tests: figures of accounts are 0, rates of them empty',
  ],
  [
    'accounts alone',
    20,
    0,
    'measurements has no test up to 2025-12-23, though there are accounts: figures of tests are 0, rates of them empty',
  ],
])('a source that has %s', (_, accounts, testers, said) => {
  const newest = { report_date: DATE, total_users_to_date: accounts, total_active_users_to_date: testers };
  expect(describeEmptySource([newest as DailyEngagement])).toBe(said);
});

test.each([
  ['tester', 'warning source table without rows table=users to=2025-12-23'],
  ['account', 'warning source table without rows table=measurements to=2025-12-23'],
] as const)('a source that has %ss alone is exported, with one warning for all dates', async (role, line) => {
  const lines: string[] = [];
  const log = createLog({ level: 'warning', format: 'text', write: (text) => lines.push(text) });
  const engine = {
    furtherTables: async () => new Set(furtherTableNames),
    readFacts: async () => ({
      facts: { ...noFacts, people: [{ role, day: '2025-12-01', first_test_day: null, people: 20 }] },
      bytesProcessed: null,
    }),
    price: null,
  } as unknown as Engine;
  const now = new Date('2025-12-30T00:00:00Z');
  const options = {
    engine,
    run: testRun({ log }),
    timeZone: 'UTC',
    gate: testGate,
    startedAt: now,
    now: () => now,
    dryRun: true,
  };
  const { reports } = await runExport(['2025-12-22', DATE], options);
  expect(reports.flatMap(({ tables }) => tables.flatMap(({ failure }) => failure?.message ?? []))).toEqual([]);
  expect(lines).toEqual([line]);
});
