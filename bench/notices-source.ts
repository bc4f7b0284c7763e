import { addDays, type CalendarDate } from '../shared/metrics/calendar';
import type { JudgedCount, JudgedPeriod } from '../shared/metrics/checks/usual-range';
import { errorKinds } from '../shared/metrics/error-kinds';

/** A made-up product, for measuring how often its days are noticed. */
export interface Product {
  seed: number;
  /** Active users on an average day in the middle of the time. */
  people: number;
  days: number;
  /** Factor per week. */
  growth: number;
  /** Monday to Sunday: how busy a day is. */
  week: readonly number[];
  /** Relative variance of days beyond chance: weather, mails, a mention somewhere. */
  unrest: number;
  /** Days on which 40 % of the usual people come. */
  holidays: readonly number[];
  /** Days on which a kind of error is five times as frequent. */
  incident: readonly number[];
}

export const FIRST_DAY: CalendarDate = '2024-01-01'; // a Monday

const KIND_WEIGHTS = [0.08, 0.24, 0.2, 0.12, 0.26, 0.1];
const CONVERSION = 0.55;
const MAX_ATTEMPTS = 4;

type Random = () => number;

/** The days of a product. People take one or more sessions, of up to four attempts each; some people fail often, others rarely. */
export function generateProduct(product: Product): JudgedPeriod[] {
  return Array.from({ length: product.days }, (_, day) => {
    const random = createRandom(product.seed * 100_003 + day);
    return { start: addDays(FIRST_DAY, day), isOver: true, counts: generateDay(product, day, random) };
  });
}

function generateDay(product: Product, day: number, random: Random): Record<JudgedCount, number> {
  const { people, growth, week, unrest, holidays, incident } = product;
  const rhythm = (week[day % 7] ?? 1) * growth ** ((day - product.days / 2) / 7) * (holidays.includes(day) ? 0.4 : 1);
  const expected = people * rhythm * (unrest === 0 ? 1 : gamma(random, 1 / unrest) * unrest);
  const users = poisson(random, expected);
  const accounts = poisson(random, 0.15 * expected);
  const weights = KIND_WEIGHTS.map((weight, kind) => (kind === 4 && incident.includes(day) ? 5 * weight : weight));
  const difficulty = weights.reduce((sum, weight) => sum + weight, 0);
  const counts = emptyCounts();
  for (let user = 0; user < users; user++) {
    const failing = Math.min(0.9, (0.1 + 0.4 * random()) * difficulty);
    for (let sessions = random() < 0.2 ? 2 : 1; sessions > 0; sessions--) {
      counts.total_sessions++;
      for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
        counts.all_tests++;
        if (random() >= failing) {
          counts.successful_sessions++;
          if (attempt === 0) counts.first_try_successes++;
          break;
        }
        counts.total_errors++;
        counts[errorKinds[pick(random() * difficulty, weights)] ?? 'other_errors']++;
      }
    }
  }
  const converted = Array.from({ length: accounts }, random).filter((chance) => chance < CONVERSION).length;
  return {
    ...counts,
    active_users: users,
    accounts_created: accounts,
    cohort_accounts: accounts,
    cohort_accounts_with_tests: converted,
  };
}

function emptyCounts(): Record<JudgedCount, number> {
  const names = [
    'all_tests',
    'total_errors',
    ...errorKinds,
    'other_errors',
    'total_sessions',
    'successful_sessions',
    'first_try_successes',
  ];
  return Object.fromEntries(names.map((name) => [name, 0])) as Record<JudgedCount, number>;
}

function pick(point: number, weights: readonly number[]): number {
  let left = point;
  return weights.findIndex((weight) => {
    left -= weight;
    return left < 0;
  });
}

/** The same day with some part of its people and tests, as if the rest had been lost. */
export function thin(day: JudgedPeriod, part: number): JudgedPeriod {
  const counts = Object.entries(day.counts).map(([name, count]) => [name, Math.round(part * (count ?? 0))]);
  return { ...day, counts: Object.fromEntries(counts) };
}

/** mulberry32: numbers from 0 to below 1, the same on every machine. */
export function createRandom(seed: number): Random {
  let state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** Knuth's, in steps whose exponential is not yet 0. */
function poisson(random: Random, mean: number): number {
  let count = 0;
  for (let left = mean; left > 0; left -= 500) {
    const limit = Math.exp(-Math.min(left, 500));
    for (let product = random(); product > limit; product *= random()) count++;
  }
  return count;
}

/** Marsaglia and Tsang's, for shapes from 1 up. */
function gamma(random: Random, shape: number): number {
  const d = shape - 1 / 3;
  for (;;) {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    const v = (1 + normal / Math.sqrt(9 * d)) ** 3;
    if (v > 0 && Math.log(1 - random()) < normal ** 2 / 2 + d - d * v + d * Math.log(v)) return d * v;
  }
}
