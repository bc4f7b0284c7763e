import { daysWindow, type ReportWindow } from '../shared/metrics/calendar';
import { indexFurther, periodsOfGrain } from '../shared/metrics/facts/further-facts';
import { indexByDay, periodFacts } from '../shared/metrics/facts/period-facts';
import { addPeriods, type Grain, periodEnd, periodsOfDays } from '../shared/metrics/grain';
import type { ReleaseLimits } from '../shared/platform/config';
import { countColumns } from '../shared/release/columns';
import { deriveReleasePeriod, type ReleasePeriod } from '../shared/release/period';
import { type HidingRule, hidingRules, moreThanOnce, partitions, release, rest } from '../shared/release/rules';
import { type CrowdedSourceOptions, crowdedSource } from './support/crowded-source';
import { onDuckDb } from './support/duckdb';
import { type Attacker, attackGrowth, attackNext, attackRow, type Finding, type Target } from './support/release-attack';
import { referenceRelease } from './support/release-reference';
import { testRun } from './support/run';
import { sample } from './support/sample';
import { type SourceFormat, writeSource } from './support/source-files';
import type { SourceRows } from './support/source-rows';
import { inTemporaryFolder } from './support/temporary-folder';

const allLimits: ReleaseLimits[] = [
  { minPeople: 20, roundTo: 10 },
  { minPeople: 11, roundTo: 5 },
];

interface Situation extends CrowdedSourceOptions {
  name: string;
  grain: Grain;
  format: SourceFormat;
}

const days = { grain: 'day', people: 2000, sessions: 6000 } as const;
const weeks = { grain: 'week', people: 2000, sessions: 6000, moodDays: 7 } as const;
const months = { grain: 'month', people: 3000, sessions: 8000, moodDays: 30 } as const;

/** In the first ones of each grain are periods that need each rule, and the attack finds groups without it. */
const allSituations: Situation[] = [
  {
    ...days,
    name: 'days',
    seed: 4,
    format: 'csv',
    timeZone: 'Asia/Kathmandu',
    from: '2025-12-10',
    to: '2026-01-20',
    sharedSessions: true,
  },
  {
    ...days,
    name: 'days',
    seed: 2,
    format: 'ndjson',
    timeZone: 'America/New_York',
    from: '2025-10-20',
    to: '2025-11-20',
    sharedSessions: true,
  },
  {
    ...days,
    name: 'days',
    seed: 1,
    format: 'parquet',
    timeZone: 'UTC',
    from: '2025-06-01',
    to: '2025-07-15',
    sharedSessions: false,
  },
  {
    ...days,
    name: 'days',
    seed: 3,
    format: 'parquet',
    timeZone: 'America/St_Johns',
    from: '2010-10-25',
    to: '2010-12-01',
    sharedSessions: false,
  },
  {
    ...weeks,
    name: 'weeks of a calm product',
    seed: 9,
    format: 'csv',
    timeZone: 'Asia/Kathmandu',
    from: '2025-06-02',
    to: '2025-12-28',
    isCalm: true,
    sharedSessions: false,
  },
  {
    ...weeks,
    name: 'weeks in which clocks change',
    seed: 7,
    format: 'ndjson',
    timeZone: 'America/St_Johns',
    from: '2010-09-06',
    to: '2010-12-12',
    sharedSessions: true,
  },
  {
    ...weeks,
    name: 'weeks',
    seed: 6,
    format: 'parquet',
    timeZone: 'UTC',
    from: '2025-03-03',
    to: '2025-10-05',
    sharedSessions: false,
  },
  {
    ...weeks,
    name: 'weeks of a small product',
    seed: 8,
    format: 'parquet',
    timeZone: 'America/New_York',
    from: '2025-01-06',
    to: '2025-12-28',
    people: 700,
    sessions: 2500,
    sharedSessions: false,
  },
  {
    ...months,
    name: 'months of a small product',
    seed: 11,
    format: 'parquet',
    timeZone: 'UTC',
    from: '2024-01-01',
    to: '2025-12-31',
    people: 500,
    sessions: 2000,
    sharedSessions: true,
  },
  {
    ...months,
    name: 'months of a calm product',
    seed: 12,
    format: 'parquet',
    timeZone: 'Asia/Tokyo',
    from: '2024-07-01',
    to: '2025-12-31',
    isCalm: true,
    sharedSessions: false,
  },
  {
    ...months,
    name: 'months',
    seed: 10,
    format: 'parquet',
    timeZone: 'Europe/Berlin',
    from: '2024-01-01',
    to: '2025-12-31',
    sharedSessions: false,
  },
];

const grains = ['day', 'week', 'month'] as const;
const situations = grains.flatMap((grain) =>
  sample(
    allSituations.filter((situation) => situation.grain === grain),
    2,
  ),
);

/** Periods from a period to the report that releases it, and to the last report that has it. */
const AGES = { day: [11, 11], week: [2, 11], month: [1, 11] } as const satisfies Record<Grain, [number, number]>;

interface Sample extends Situation {
  rows: SourceRows;
  /** In order of time, each as the report that releases it, or as that of `age` periods later, sees it. */
  periods: (age?: number) => ReleasePeriod[];
}

async function count(situation: Situation): Promise<Sample> {
  const { grain, format, timeZone, from, to } = situation;
  const rows = crowdedSource(situation);
  return inTemporaryFolder(async (folder) => {
    await writeSource(folder, format, rows);
    return onDuckDb(folder, async (engine) => {
      const starts = periodsOfDays(from, to, grain);
      const [first = from, last = to] = [starts[0], starts.at(-1)];
      const [mature, oldest] = AGES[grain];
      const end = (start: string, age: number) => periodEnd(addPeriods(start, age, grain), grain);
      const window = windowOf(grain, daysWindow(addPeriods(first, -1, grain), end(last, oldest), timeZone));
      const { facts } = await engine.readFacts(window, testRun());
      const released = await engine.readReleaseFacts(daysWindow(first, end(last, 0), timeZone), grain, testRun());
      const byPeriod = periodsOfGrain(indexByDay(facts, window), indexFurther(facts, window), grain);
      const periods = (age: number = mature) =>
        starts.map((start) => {
          const exact = periodFacts(byPeriod, end(start, age), start, addPeriods(start, -1, grain));
          return deriveReleasePeriod(start, exact, released.facts);
        });
      return { ...situation, rows, periods };
    });
  });
}

/** A window of periods; of weeks and months beside that of one day, which is counted in any case. */
function windowOf(grain: Grain, window: ReportWindow): ReportWindow {
  if (grain === 'day') return window;
  const day = daysWindow(window.lastDay, window.lastDay, window.timeZone);
  return { ...day, further: { audience: day, week: null, month: null, [grain]: window } };
}

const samples = new Map<number, Promise<Sample>>();

function sampleOf(situation: Situation): Promise<Sample> {
  const counted = samples.get(situation.seed) ?? count(situation);
  samples.set(situation.seed, counted);
  return counted;
}

describe.each(situations)('$name of random rows ($timeZone, $format, seed $seed)', (situation) => {
  test.each(allLimits)('equal an independent computation, cell by cell, at k = $minPeople, b = $roundTo', async (limits) => {
    const { rows, timeZone, grain, periods } = await sampleOf(situation);
    const reference = referenceRelease(rows, timeZone, grain);
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

const ofGrain = (grain: Grain) => situations.filter((situation) => situation.grain === grain);

test.each(grains.flatMap((grain) => hidingRules.map((rule) => ({ grain, name: rule.name, rule }))))(
  'some of the random rows need the rule $name, by $grain',
  async ({ grain, rule }) => {
    const others = hidingRules.filter((other) => other !== rule);
    const periods = (await Promise.all(ofGrain(grain).map(sampleOf))).flatMap((sample) => sample.periods());
    for (const limits of allLimits) {
      const hiddenByIt = periods.filter(
        (period) => JSON.stringify(release(period, limits)) !== JSON.stringify(release(period, limits, others)),
      );
      expect(hiddenByIt.length).toBeGreaterThan(0);
    }
  },
);

describe.each(grains)('the attack can see: it finds small groups, by %s', (grain) => {
  test.each([
    { name: 'rest', rule: rest, group: 'users without success' },
    { name: 'moreThanOnce', rule: moreThanOnce, group: 'repeated tests' },
    { name: 'partitions', rule: partitions, group: 'errors of hidden kinds' },
  ])('without the rule $name', async ({ rule, group }) => {
    const others = hidingRules.filter((other) => other !== rule);
    const attacks = allLimits.flatMap((limits) => ofGrain(grain).map((situation) => attack(situation, limits, others)));
    expect((await Promise.all(attacks)).flat().map((finding) => finding.group)).toContain(group);
  });

  test.each(allLimits)('where each report of a period is released, at k = $minPeople, b = $roundTo', async (limits) => {
    const samples = await Promise.all(ofGrain(grain).map(sampleOf));
    const found = samples.flatMap((sample) => {
      const reports = Array.from({ length: 12 }, (_, age) => sample.periods(age));
      return sample.periods().flatMap((_, index) => {
        const targets = reports.map((periods) => targetOf(periods[index] as ReleasePeriod, limits));
        return attackGrowth(targets, { ...limits, sessionsAreOwn: !sample.sharedSessions });
      });
    });
    expect(found).not.toEqual([]);
  });
});

describe('the attack can see: it finds small groups', () => {
  test('if nothing is rounded', async () => {
    const found = await attack(situations[0] as Situation, { minPeople: 20, roundTo: 1 });
    expect(found.map(({ group }) => group)).toContain('change of active_users');
  });

  test('if a rate is calculated from exact numbers', () => {
    const exact = { accounts_created: 50, accounts_with_tests: 48 };
    const attacker = { minPeople: 20, roundTo: 10, sessionsAreOwn: false };
    const row = (conversion_rate: number | null) => ({
      values: { accounts_created: 50, accounts_with_tests: 50, conversion_rate },
      exact,
    });
    expect(attackRow(row(100), attacker)).toEqual([]);
    expect(attackRow(row(96), attacker)).toEqual([{ group: 'accounts without tests', low: 2, high: 2 }]);
  });

  test('and fails if it misses an exact number', () => {
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
    return [...attackRow(target, attacker), ...(next === undefined ? [] : attackNext(target, next, attacker))];
  });
}

function targetOf(period: ReleasePeriod, limits: ReleaseLimits, rules: readonly HidingRule[] = hidingRules): Target {
  return { values: { ...release(period, limits, rules) }, exact: exactOf(period) };
}

function exactOf({ counts }: ReleasePeriod): Record<string, number> {
  return Object.fromEntries(countColumns.map((column) => [column, counts[column].value]));
}
