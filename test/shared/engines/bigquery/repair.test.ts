import { repairTorn } from '../../../../shared/engines/bigquery/repair';
import type { ReportState } from '../../../../shared/engines/engine';
import { indexByDay } from '../../../../shared/metrics/facts/period-facts';
import { deriveReport } from '../../../../shared/metrics/report';
import { type PublishedTable, reportTableNames } from '../../../../shared/metrics/tables';
import { testRun } from '../../../support/run';
import { noFacts } from '../../../support/steady-facts';

const DATE = '2025-12-23';
const [OLDER, OURS, NEWER] = ['2025-12-24T06:00:00Z', '2025-12-24T06:05:00Z', '2025-12-24T06:10:00Z'].map(
  (at) => new Date(at),
) as [Date, Date, Date];
const report = deriveReport(indexByDay(noFacts, { firstDay: '2025-12-11', lastDay: DATE }), DATE, OURS);

type Instants = readonly [first: Date, last: Date];
const ours: Instants = [OURS, OURS];

/** What is loaded again, look by look, where `daily_errors` is as given, by default for one look; then all is ours. */
async function repaired(errors: Instants, others: Instants, tornLooks = 1): Promise<PublishedTable[][]> {
  const loads: PublishedTable[][] = [];
  let looks = 0;
  const state = (table: PublishedTable, [firstCreatedAt, lastCreatedAt]: Instants): ReportState => ({
    reportDate: DATE,
    table,
    rows: 12,
    firstCreatedAt,
    lastCreatedAt,
  });
  await repairTorn([report], {
    readReportStates: async () => {
      const isTorn = looks++ < tornLooks;
      return reportTableNames.map((table) => state(table, isTorn ? (table === 'daily_errors' ? errors : others) : ours));
    },
    reload: async (_, tables) => void loads.push([...tables]),
    patienceMs: 0,
    run: testRun(),
  });
  return loads;
}

test.each<[string, Instants, Instants, PublishedTable[][]]>([
  ['all tables are ours', ours, ours, []],
  ['a table is of an older run', [OLDER, OLDER], ours, [['daily_errors']]],
  ['a table has rows of an older run', [OLDER, OURS], ours, [['daily_errors']]],
  ['a table has rows of a newer run, which ends by itself', [OURS, NEWER], ours, []],
  ['all tables are of a newer run', [NEWER, NEWER], [NEWER, NEWER], []],
  ['all tables are of an older run, which repairs itself', [OLDER, OLDER], [OLDER, OLDER], []],
])('%s', async (_, errors, others, loads) => {
  expect(await repaired(errors, others)).toEqual(loads);
});

test('a table that keeps rows of a newer run, which has ended: all tables are loaded again', async () => {
  expect(await repaired([OURS, NEWER], ours, 2)).toEqual([reportTableNames]);
});
