/** Fewer errors than this say nothing about how far off the expected values are. */
const MIN_ERRORS = 7;

/** A standard deviation is 1.4826 times the median size of normal errors; and less than their 90th percentile by TAIL, some to spare. */
const MAD = 1.4826;
const TAIL = 1.9;

/** A count, and what it is a share of. Numbers of people and tests are counts per day: a month is as many days, a week and a day are 1. */
export interface Sample {
  count: number;
  whole: number;
}

/** A period that others are compared with. */
export interface Compared extends Sample {
  /** The count that the level alone led to expect; null where it was not known. */
  atLevel: number | null;
}

export interface Expected {
  count: number;
  /** What it is a share of; null: of nothing. */
  whole: number | null;
  /** The standard deviation that chance alone gives. */
  deviation: number;
  scale: Scale;
}

interface Known {
  /** What the level alone leads to expect. */
  atLevel: number;
  /** The periods that the level is the mean of, as one. */
  level: Sample;
  /** The periods that say which share of the level is usual. */
  share: readonly Compared[];
  whole: number | null;
  /** How many times as much the figure differs from what was expected of late. */
  spread: number;
}

/**
 * Level times share. Sums, not a median of ratios: most counts of a rare kind of error are 0, and so would be their median. The deviation is of
 * Poisson (counts) or binomial (shares) chance, here and in the periods compared with. Adding 1 keeps the rarest from being noticed at
 * once.
 */
export function deriveExpected({ atLevel, level, share, whole, spread }: Known): Expected | null {
  if (share.length === 0) return null;
  let [counted, ofLevel] = [0, 0];
  for (const one of share) {
    counted += one.count;
    ofLevel += one.atLevel ?? 0;
  }
  const count = Math.min(atLevel * (ofLevel > 0 ? counted / ofLevel : 1), whole ?? Number.POSITIVE_INFINITY);
  const rest = whole === null || whole === 0 ? 1 : 1 - count / whole;
  const variance = rest * (count + count ** 2 / (level.count + 1) + count ** 2 / (counted + 1)) + 1;
  return { count, whole, deviation: Math.sqrt(variance), scale: scaleOf(count, whole, spread) };
}

/**
 * How many times as far off the expected counts of late were as chance alone explains, at least 1: from the median size of their errors,
 * or the 90th percentile where that says more.
 */
export function createSpread(maxErrors: number) {
  const sizes: number[] = [];
  /** The same by size: a year of days is judged in milliseconds. */
  const sorted: number[] = [];
  const quantile = (part: number) => sorted[Math.floor(part * sorted.length)] ?? 0;
  return {
    add(error: number): void {
      const size = Math.abs(error);
      sizes.push(size);
      const place = sorted.findIndex((other) => other >= size);
      sorted.splice(place < 0 ? sorted.length : place, 0, size);
      if (sizes.length > maxErrors) sorted.splice(sorted.indexOf(sizes.shift() ?? 0), 1);
    },
    get: () => (sorted.length < MIN_ERRORS ? 1 : Math.max(1, MAD * quantile(0.5), quantile(0.9) / TAIL)),
  };
}

/** Keep the roots of small counts apart: Anscombe's for shares; of a few people more, since people take several tests each. */
const EDGE = 3 / 8;
const COUNT_EDGE = 2;

/** Wider spreads take the root of this one: bounds stay numbers. */
const MAX_FACTOR = 4;

/**
 * A scale on which chance spreads to both sides alike: for shares the arcsine of the root, for counts the cube root. Counts that differ by
 * more than chance differ by factors: the wider their spread, the closer the root is to the logarithm. `slope` is that of the count at
 * the expected one.
 */
interface Scale {
  of: (count: number) => number;
  inverse: (place: number) => number;
  slope: number;
}

function scaleOf(count: number, whole: number | null, spread: number): Scale {
  if (whole !== null) {
    const all = whole + 2 * EDGE;
    const of = (some: number) => Math.asin(Math.sqrt(Math.min(Math.max((some + EDGE) / all, 0), 1)));
    const inverse = (place: number) => all * Math.sin(Math.min(Math.max(place, 0), Math.PI / 2)) ** 2 - EDGE;
    return { of, inverse, slope: 2 * Math.sqrt((count + EDGE) * (whole - count + EDGE)) };
  }
  const root = 1 / (3 * Math.min(spread, MAX_FACTOR));
  const middle = count + COUNT_EDGE;
  const of = (some: number) => ((some + COUNT_EDGE) / middle) ** root;
  return { of, inverse: (place) => middle * Math.max(0, place) ** (1 / root) - COUNT_EDGE, slope: middle / root };
}

/** How many deviations a count lies above (or, negative, below) the expected one. */
export function distanceOf(count: number, expected: Expected): number {
  const { of, slope } = expected.scale;
  return (slope * (of(count) - of(expected.count))) / expected.deviation;
}

/** The count at a distance. */
export function countAt(distance: number, expected: Expected): number {
  const { of, inverse, slope } = expected.scale;
  return inverse(of(expected.count) + (distance * expected.deviation) / slope);
}
