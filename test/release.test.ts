import { addDays, datesBetween, daysWindow } from '../shared/metrics/calendar';
import { indexByDay, periodFacts } from '../shared/metrics/facts/period-facts';
import type { ReleaseLimits } from '../shared/platform/config';
import { countColumns } from '../shared/release/columns';
import { deriveReleasePeriod, type ReleasePeriod } from '../shared/release/period';
import { type HidingRule, hidingRules, moreThanOnce, partitions, release, rest } from '../shared/release/rules';
import { crowdedSource } from './support/crowded-source';
import { onDuckDb } from './support/duckdb';
import { type Attacker, attackDays, attackGrowth, attackRow, type Finding, type Target } from './support/release-attack';
import { referenceRelease } from './support/release-reference';
import { testRun } from './support/run';
import { type SourceFormat, writeSource } from './support/source-files';
import type { SourceRows } from './support/source-rows';
import { inTemporaryFolder } from './support/temporary-folder';

const allLimits: ReleaseLimits[] = [
  { minPeople: 20, roundTo: 10 },
  { minPeople: 11, roundTo: 5 },
];

interface Situation {
  seed: number;
  format: SourceFormat;
  timeZone: string;
  from: string;
  to: string;
  sharedSessions: boolean;
}

const situations: Situation[] = [
  { seed: 1, format: 'parquet', timeZone: 'UTC', from: '2025-06-01', to: '2025-07-15', sharedSessions: false },
  { seed: 2, format: 'ndjson', timeZone: 'America/New_York', from: '2025-10-20', to: '2025-11-20', sharedSessions: true },
  { seed: 3, format: 'parquet', timeZone: 'America/St_Johns', from: '2010-10-25', to: '2010-12-01', sharedSessions: false },
  { seed: 4, format: 'csv', timeZone: 'Asia/Kathmandu', from: '2025-12-10', to: '2026-01-20', sharedSessions: true },
];

interface Sample extends Situation {
  rows: SourceRows;
  /** In order of time, each as the report of 11 days later, or of `age` days later, sees it. */
  periods: (age?: number) => ReleasePeriod[];
}

async function count(situation: Situation): Promise<Sample> {
  const { format, timeZone, from, to } = situation;
  const rows = crowdedSource({ ...situation, people: 2000, sessions: 6000 });
  return inTemporaryFolder(async (folder) => {
    await writeSource(folder, format, rows);
    return onDuckDb(folder, async (engine) => {
      const window = daysWindow(addDays(from, -1), addDays(to, 11), timeZone);
      const { facts } = await engine.readFacts(window, testRun());
      const released = await engine.readReleaseFacts(daysWindow(from, to, timeZone), 'day', testRun());
      const byDay = indexByDay(facts, window);
      const periods = (age = 11) =>
        datesBetween(from, to).map((day) => deriveReleasePeriod(day, periodFacts(byDay, addDays(day, age), day), released.facts));
      return { ...situation, rows, periods };
    });
  });
}

const samples = new Map<number, Promise<Sample>>();

function sampleOf(situation: Situation): Promise<Sample> {
  const sample = samples.get(situation.seed) ?? count(situation);
  samples.set(situation.seed, sample);
  return sample;
}

describe.each(situations)('random rows ($timeZone, $format, seed $seed)', (situation) => {
  test.each(allLimits)('equal an independent computation, cell by cell, at k = $minPeople, b = $roundTo', async (limits) => {
    const { rows, timeZone, periods } = await sampleOf(situation);
    const reference = referenceRelease(rows, timeZone);
    for (const period of periods()) {
      const expected = reference(period.start);
      expect({ period: period.start, ...exactOf(period) }).toEqual({ period: period.start, ...expected.exact });
      const released = expected.release(limits.minPeople, limits.roundTo);
      expect({ period: period.start, ...release(period, limits) }).toEqual({ period: period.start, ...released });
    }
  });

  test.each(allLimits)('give away no small group at k = $minPeople, b = $roundTo', async (limits) => {
    expect(await attack(situation, limits)).toEqual([]);
  });
});

test.each(hidingRules.map((rule) => ({ name: rule.name, rule })))(
  'some of the random rows need the rule $name',
  async ({ rule }) => {
    const others = hidingRules.filter((other) => other !== rule);
    const periods = (await Promise.all(situations.map(sampleOf))).flatMap((sample) => sample.periods());
    for (const limits of allLimits) {
      const hiddenByIt = periods.filter(
        (period) => JSON.stringify(release(period, limits)) !== JSON.stringify(release(period, limits, others)),
      );
      expect(hiddenByIt.length).toBeGreaterThan(0);
    }
  },
);

describe('the attack can see: it finds small groups', () => {
  test.each([
    { name: 'rest', rule: rest, group: 'users without success' },
    { name: 'moreThanOnce', rule: moreThanOnce, group: 'repeated tests' },
    { name: 'partitions', rule: partitions, group: 'errors of hidden kinds' },
  ])('without the rule $name', async ({ rule, group }) => {
    const others = hidingRules.filter((other) => other !== rule);
    const attacks = allLimits.flatMap((limits) => situations.map((situation) => attack(situation, limits, others)));
    expect((await Promise.all(attacks)).flat().map((finding) => finding.group)).toContain(group);
  });

  test.each(allLimits)('where each report of a period is released, at k = $minPeople, b = $roundTo', async (limits) => {
    const sample = await sampleOf(situations[0] as Situation);
    const reports = Array.from({ length: 12 }, (_, age) => sample.periods(age));
    const found = sample.periods().flatMap((_, index) => {
      const targets = reports.map((periods) => targetOf(periods[index] as ReleasePeriod, limits));
      return attackGrowth(targets, { ...limits, sessionsAreOwn: true });
    });
    expect(found).not.toEqual([]);
  });

  test('where nothing is rounded', async () => {
    const found = await attack(situations[0] as Situation, { minPeople: 20, roundTo: 1 });
    expect(found.map(({ group }) => group)).toContain('change of active_users');
  });

  test('where a rate is made of exact numbers', () => {
    const exact = { accounts_created: 50, accounts_with_tests: 48 };
    const attacker = { minPeople: 20, roundTo: 10, sessionsAreOwn: false };
    const row = (conversion_rate: number | null) => ({
      values: { accounts_created: 50, accounts_with_tests: 50, conversion_rate },
      exact,
    });
    expect(attackRow(row(100), attacker)).toEqual([]);
    expect(attackRow(row(96), attacker)).toEqual([{ group: 'accounts without tests', low: 2, high: 2 }]);
  });

  test('and says so where it misses an exact number', () => {
    const exact = { accounts_created: 56, accounts_with_tests: 48 };
    const target = { values: { accounts_created: 50, accounts_with_tests: 50 }, exact };
    expect(() => attackRow(target, { minPeople: 20, roundTo: 10, sessionsAreOwn: false })).toThrow('the attack is broken');
  });
});

async function attack(
  situation: Situation,
  limits: ReleaseLimits,
  rules: readonly HidingRule[] = hidingRules,
): Promise<Finding[]> {
  const { periods, sharedSessions } = await sampleOf(situation);
  const attacker: Attacker = { ...limits, sessionsAreOwn: !sharedSessions };
  const targets = periods().map((period) => targetOf(period, limits, rules));
  return targets.flatMap((target, index) => {
    const next = targets[index + 1];
    return [...attackRow(target, attacker), ...(next === undefined ? [] : attackDays(target, next, attacker))];
  });
}

function targetOf(period: ReleasePeriod, limits: ReleaseLimits, rules: readonly HidingRule[] = hidingRules): Target {
  return { values: { ...release(period, limits, rules) }, exact: exactOf(period) };
}

function exactOf({ counts }: ReleasePeriod): Record<string, number> {
  return Object.fromEntries(countColumns.map((column) => [column, counts[column].value]));
}
