import type { Engine } from '../../../shared/engines/engine';
import type { ReleaseOptions } from '../../../shared/export/release-periods';
import { parseReleaseRequest, releasePeriods } from '../../../shared/export/run-release';
import type { CountedFacts, Facts } from '../../../shared/metrics/facts/facts';
import type { ExportRun } from '../../../shared/metrics/tables/export_runs';
import type { ReleasedRow } from '../../../shared/metrics/tables/released';
import { Failure } from '../../../shared/platform/failure';
import { createLog } from '../../../shared/platform/log';
import { testGate, testRun } from '../../support/run';
import { steadyFacts, steadyReleaseFacts } from '../../support/steady-facts';

/** Their reports, of 11 days later, share no day. */
const [FIRST, SECOND] = ['2025-06-01', '2025-07-01'];
const releasedAt = new Date('2025-12-01T06:00:00Z');

/** Releases both days; `change` of what was counted. */
async function releaseBoth(
  change: (facts: Facts) => void = () => {},
  changes: Partial<Engine> = {},
  replace: ReleaseOptions['replace'] = null,
) {
  const written: ReleasedRow[] = [];
  const records: ExportRun[] = [];
  const lines: string[] = [];
  const log = createLog({ level: 'warning', format: 'text', write: (line) => lines.push(line) });
  const engine: Partial<Engine> = {
    readRelease: async () => [],
    readFacts: async ({ firstDay, lastDay }) => {
      const facts = steadyFacts(firstDay, lastDay);
      change(facts);
      return { facts: facts as CountedFacts, bytesProcessed: null };
    },
    readReleaseFacts: async ({ firstDay, lastDay }) => ({ facts: steadyReleaseFacts(firstDay, lastDay), bytesProcessed: null }),
    writeRelease: async (row) => {
      written.push(row);
      return null;
    },
    appendRuns: async (rows) => void records.push(...rows),
    ...changes,
  };
  const outcomes = await releasePeriods([FIRST, SECOND], {
    engine: engine as Engine,
    run: testRun({ log }),
    timeZone: 'UTC',
    releasedAt,
    replace,
    gate: testGate,
    settings: { grain: 'day', minPeople: 11, roundTo: 5 },
    now: () => releasedAt,
  });
  return { outcomes, written: written.map((row) => row.period_start_date), records, lines };
}

test('periods whose reports are right are released', async () => {
  const { outcomes, written } = await releaseBoth();
  expect([outcomes.map(({ state }) => state), written]).toEqual([
    ['released', 'released'],
    [FIRST, SECOND],
  ]);
});

test('a period whose report the gate refuses is not released, and the other is', async () => {
  const { outcomes, written, records, lines } = await releaseBoth(({ activity }) => {
    for (const row of activity) if (row.day === '2025-07-05') row.tests++; // of the report that would release the second
  });
  expect(written).toEqual([FIRST]);
  expect(outcomes).toMatchObject([
    { period: FIRST, state: 'released' },
    {
      period: SECOND,
      state: 'failed',
      failure: { code: 'QUALITY_GATE', message: expect.stringContaining('of 2025-07-12 was written') },
    },
  ]);
  expect(records.map(({ report_date, error_code, released_period }) => [report_date, error_code, released_period])).toEqual([
    ['2025-06-12', null, FIRST],
    ['2025-07-12', 'QUALITY_GATE', null],
  ]);
  expect(lines).toEqual([expect.stringContaining('code=QUALITY_GATE')]);
  expect(lines[0]).toContain(`period=${SECOND}`);
});

test('a period whose report is of duplicates is not released', async () => {
  const { outcomes, written } = await releaseBoth(({ repeats }) => void repeats.push({ day: SECOND, duplicates: 1 }));
  expect([written, outcomes[1]]).toMatchObject([[FIRST], { state: 'failed', failure: { code: 'SOURCE_CONTRACT' } }]);
});

test('numbers and people from different states of the source: the period is not released', async () => {
  const { outcomes, written } = await releaseBoth(undefined, {
    readReleaseFacts: async ({ firstDay, lastDay }) => {
      const facts = steadyReleaseFacts(firstDay, lastDay);
      for (const row of facts.release_tests) if (row.day === FIRST) row.users++;
      return { facts, bytesProcessed: null };
    },
  });
  expect([written, outcomes[0]]).toMatchObject([[SECOND], { state: 'failed', failure: { code: 'SOURCE_NOT_READY' } }]);
});

test('a released period is not counted again, and stays', async () => {
  const readFacts = jest.fn();
  const rows = [FIRST, SECOND].map((period_start_date) => ({ period_start_date }) as ReleasedRow);
  const { outcomes, written, records } = await releaseBoth(undefined, { readRelease: async () => rows, readFacts });
  expect([outcomes.map(({ state }) => state), written, records, readFacts.mock.calls]).toEqual([['left', 'left'], [], [], []]);
});

test('a replacement raises the revision, and needs a released period', async () => {
  const revisions: number[] = [];
  const { outcomes } = await releaseBoth(
    undefined,
    {
      readRelease: async () => [{ period_start_date: FIRST, revision: 3 } as ReleasedRow],
      writeRelease: async ({ revision }) => {
        revisions.push(revision);
        return null;
      },
    },
    { reason: 'rows came late', acceptSmallChanges: true },
  );
  expect(revisions).toEqual([4]);
  expect(outcomes).toMatchObject([
    { period: FIRST, state: 'replaced' },
    { period: SECOND, state: 'failed', failure: { code: 'BAD_REQUEST' } },
  ]);
});

test('nothing is released if the release cannot be read', async () => {
  const refused = new Failure('ACCESS_DENIED', 'no');
  const { outcomes, written } = await releaseBoth(undefined, { readRelease: () => Promise.reject(refused) });
  expect([outcomes.map(({ failure }) => failure), written]).toEqual([[refused, refused], []]);
});

test('a fault of the settings that fails all periods fails the release', async () => {
  const fault = new Failure('BAD_CONFIG', 'periods of another grain are released');
  await expect(releaseBoth(undefined, { readRelease: () => Promise.reject(fault) })).rejects.toBe(fault);
});

test('a request names days whose periods can be released', () => {
  const context = { timeZone: 'UTC', grain: 'day', now: releasedAt } as const;
  expect(parseReleaseRequest({ from: FIRST, to: '2025-11-19' }, context)).toMatchObject({ from: FIRST, to: '2025-11-19' });
  expect(() => parseReleaseRequest({ from: FIRST, to: '2025-11-20' }, context)).toThrow('expected dates up to 2025-11-19');
  expect(() => parseReleaseRequest({}, context)).toThrow('expected --date, or --from and --to');
});
