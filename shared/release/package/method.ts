import type { Grain } from '../../metrics/grain';
import type { ReleasedDataset } from './dataset';

/** The period of a row, in words. */
export const periodNames: Record<Grain, string> = {
  day: 'a day',
  week: 'a week, Monday to Sunday',
  month: 'a calendar month',
};

/** When a period is released, and so the least time that its accounts had for a first test. */
const releasedWhen: Record<Grain, string> = {
  day: 'when the 11th day after it is over, so its accounts had at least 11 days to take a first test',
  week: 'when the second week after it is over, so its accounts had at least 14 days to take a first test',
  month: 'when the month after it is over, so its accounts had at least 28 days to take a first test',
};

/** How the numbers are computed, in paragraphs of plain text. */
export function methodOf({ grain, program }: Pick<ReleasedDataset, 'grain' | 'program'>): string[] {
  return [
    `The numbers are counts over all users and tests of the product, not a sample. They are computed from its database by ${program}. Each user and each session counts once per period, however many tests they have; periods can't be added up to users of a longer one.`,
    `A period is released once: ${releasedWhen[grain]}. Rows that reach the database later and accounts that are deleted later don't change it. Only a correction replaces a row; it raises the revision.`,
  ];
}

/** After "an empty value is hidden". */
export const hiddenMeans =
  'not zero, and not unknown. It is hidden because it, or the rest of its whole, comes from too few people, because one person makes up more than half of it, or because such a number could be calculated from it and others. The reason is not published. A period of which everything is hidden still has its row.';

export const requestToReaders = "Please don't try to find out about single people, and tell us if you come upon a way.";

/** Limits of the numbers that a reader must know. */
export function limitsOf({ limits: { roundTo }, timeZone }: Pick<ReleasedDataset, 'limits' | 'timeZone'>): string[] {
  return [
    'Values are not hidden at random: small ones are, and parts that are nearly the whole. A mean of the shown values is biased, mostly upwards.',
    `Counts are off by up to ${roundTo / 2}. Parts need not add up to their whole, and a sum of n counts is off by up to ${roundTo / 2} × n.`,
    'Rates are computed from rounded counts, and the smaller the counts, the less exact they are.',
    'Users are user ids. One person may have several, and several persons may share one.',
    `Periods are those of ${timeZone}. Where its clocks change, a period is an hour longer or shorter.`,
    'Rows without a user, a session or a time are left out of all figures.',
    'There is no noise: this is not differential privacy. Somebody who knows all but one of the people behind a number can learn more from it.',
  ];
}
