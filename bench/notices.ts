import { type JudgedPeriod, judgePeriod, judgePeriods } from '../shared/metrics/checks/usual-range';
import { table, writeResults } from './document';
import { generateProduct, type Product, thin } from './notices-source';

/**
 * node bench/start.mjs notices [--small [PRODUCT...]]: how often days are noticed that are like others, and how often days that are not.
 * Seeded: each run gives the same table. With --small each product is measured with one seed, or only those that are named, and nothing is
 * written.
 */
const [mode, ...named] = process.argv.slice(2);
const small = mode === '--small';
const SIZES = [56, 287, 1119];
const SEEDS = small ? [1] : [1, 2, 3, 4, 5, 6];
const DAYS = 294;

/** Before this day nothing is judged. */
const JUDGED_FROM = 63;
const HOLIDAYS = [115, 116, 117, 185, 186, 255];
const INCIDENT = [150, 151, 152, 153];
/** One day of this many is changed, and judged with the unchanged days before it. */
const STEP = 11;

const week = [1.15, 1.2, 1.1, 1.1, 0.95, 0.7, 0.6];
const plain = { days: DAYS, growth: 1.01, week, unrest: 0.006, holidays: [], incident: [] };

/** Products that differ in what makes judging hard. */
const products: Record<string, Omit<Product, 'seed' | 'people'>> = {
  'growth of 1 % a week': plain,
  'with holidays and an incident': { ...plain, holidays: HOLIDAYS, incident: INCIDENT },
  'chance alone': { ...plain, unrest: 0 },
  'three times the unrest': { ...plain, unrest: 0.018 },
  'shrinking by 1 % a week': { ...plain, growth: 0.99 },
  'closed on weekends': { ...plain, week: [1.3, 1.4, 1.3, 1.3, 1.2, 0, 0] },
};

interface Score {
  judged: number;
  noticed: number;
  changed: number;
  halved: number;
  quarterLess: number;
  /** Of the halved days, those outside the mean of the 56 days before ± 3 standard deviations. */
  halvedBySigma: number;
  incident: number;
  incidentDays: number;
}

function main(): void {
  const measured = Object.entries(products).filter(([name]) => named.length === 0 || named.includes(name));
  const rows = measured.flatMap(([name, product]) =>
    SIZES.map((people) => {
      const score = SEEDS.map((seed) => measure({ ...product, people, seed })).reduce(add);
      const share = (part: number, whole: number) => (whole === 0 ? '' : `${Math.round((100 * part) / whole)} %`);
      return [
        name,
        people,
        score.judged.toLocaleString('en'),
        ((1000 * score.noticed) / score.judged).toFixed(1),
        share(score.halved, score.changed),
        share(score.halvedBySigma, score.changed),
        share(score.quarterLess, score.changed),
        share(score.incident, score.incidentDays),
      ];
    }),
  );
  const head = ['product', 'people a day', 'figures judged', 'false notices in 1,000', 'halved days noticed', '… by mean ± 3σ'];
  const text = table([...head, 'days of ¾ noticed', 'incident days noticed'], rows);
  process.stdout.write(`${text}\n`);
  if (!small) writeResults('bench:notices', text, 'docs/usual-ranges.md');
}

function measure(product: Product): Score {
  const days = generateProduct(product);
  const score = { judged: 0, noticed: 0, changed: 0, halved: 0, quarterLess: 0, halvedBySigma: 0, incident: 0, incidentDays: 0 };
  const isOdd = (day: number) => product.holidays.includes(day) || product.incident.includes(day);
  for (const [day, judgements] of [...judgePeriods(days, { grain: 'day' }).values()].entries()) {
    if (product.incident.includes(day)) {
      score.incidentDays++;
      if (judgements.some(({ figure, verdict }) => figure === 'failure_rate' && verdict === 'high')) score.incident++;
    }
    if (day < JUDGED_FROM || isOdd(day)) continue;
    for (const { verdict } of judgements) {
      if (verdict !== 'not judged') score.judged++;
      if (verdict === 'high' || verdict === 'low') score.noticed++;
    }
  }
  const mean = average(days.map(({ counts }) => counts.active_users ?? 0));
  for (let day = JUDGED_FROM; day < DAYS; day += STEP) {
    if (isOdd(day) || (days[day]?.counts.active_users ?? 0) < mean / 5) continue;
    score.changed++;
    if (isLow(days, day, 0.5)) score.halved++;
    if (isLow(days, day, 0.75)) score.quarterLess++;
    if (isLowBySigma(days, day, 0.5)) score.halvedBySigma++;
  }
  return score;
}

/** Whether active users are noticed on a day that has a part of its people and tests. */
function isLow(days: readonly JudgedPeriod[], day: number, part: number): boolean {
  const changed = thin(days[day] as JudgedPeriod, part);
  const judgements = judgePeriod([...days.slice(0, day), changed], changed.start, { grain: 'day' });
  return judgements.some(({ figure, verdict }) => figure === 'active_users' && verdict === 'low');
}

function isLowBySigma(days: readonly JudgedPeriod[], day: number, part: number): boolean {
  const before = days.slice(day - 56, day).map(({ counts }) => counts.active_users ?? 0);
  const mean = average(before);
  const sigma = Math.sqrt(average(before.map((users) => (users - mean) ** 2)));
  return (thin(days[day] as JudgedPeriod, part).counts.active_users ?? 0) < mean - 3 * sigma;
}

function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function add(one: Score, other: Score): Score {
  return Object.fromEntries(
    Object.entries(one).map(([name, value]) => [name, value + other[name as keyof Score]]),
  ) as unknown as Score;
}

main();
