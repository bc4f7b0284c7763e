/** Least number of errors to judge how exact the expected values are. */
const MIN_ERRORS = 7;

/** Factors from sizes of normal errors to the standard deviation: MAD for the median, TAIL (with a margin) for the 90th percentile. */
const MAD = 1.4826;
const TAIL = 1.9;

/** A count and its whole. Numbers of people and tests are divided by `days`: a month has its number of days, a week and a day are 1. */
export interface Sample {
  count: number;
  whole: number;
}

/** A period used for comparison. */
export interface Compared extends Sample {
  /** The count expected from the level alone; null if unknown. */
  atLevel: number | null;
}

export interface Expected {
  count: number;
  /** The whole of a share; null if it is no share. */
  whole: number | null;
  /** The standard deviation by chance alone. */
  deviation: number;
  scale: Scale;
}

interface Known {
  /** The count expected from the level alone. */
  atLevel: number;
  /** The periods of the level, as one sample. */
  level: Sample;
  /** The periods that give the usual share of the level. */
  share: readonly Compared[];
  whole: number | null;
  /** Recent deviations from the expected values, as a multiple of chance. */
  spread: number;
}

/**
 * Expected = level × share. Uses sums, not a median of ratios, because most counts of a rare kind of error are 0, and so would be their median.
 * The deviation is Poisson (counts) or binomial (shares), of this period and of those compared with. Adding 1 keeps the rarest kinds from being
 * noticed at their first occurrence.
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
 * How far recent counts were from their expected values, as a multiple of chance, at least 1. Computed from the median size of the errors, or
 * from their 90th percentile if that gives more.
 */
export function createSpread(maxErrors: number) {
  const sizes: number[] = [];
  /** The same, sorted by size, so that a year of days is judged in milliseconds. */
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

/** Added to small counts before taking roots: Anscombe's 3/8 for shares; more for counts, because people take several tests each. */
const EDGE = 3 / 8;
const COUNT_EDGE = 2;

/** Wider spreads use the root of this one, so that bounds stay finite. */
const MAX_FACTOR = 4;

/**
 * A scale on which chance is symmetric: for shares the arcsine of the root, for counts the cube root. Counts that vary more than by chance vary
 * by factors, so the wider their spread, the closer the root is to the logarithm. `slope` is the slope of the count at the expected count.
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

/** By how many deviations a count is above (negative: below) the expected one. */
export function distanceOf(count: number, expected: Expected): number {
  const { of, slope } = expected.scale;
  return (slope * (of(count) - of(expected.count))) / expected.deviation;
}

/** The count at a distance. */
export function countAt(distance: number, expected: Expected): number {
  const { of, inverse, slope } = expected.scale;
  return inverse(of(expected.count) + (distance * expected.deviation) / slope);
}
