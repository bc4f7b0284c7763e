import { giniFraction } from '../metrics/gini';
import type { ReleaseLimits } from '../platform/config';
import {
  type CountColumn,
  countColumns,
  type ReleasedColumn,
  type ReleasedValues,
  releasedColumnNames,
  releasedColumns,
} from './columns';
import { type Held, type Partition, peopleOf, type ReleasePeriod } from './period';

/** A rule on exact values: returns which of the still shown counts to hide. */
export type HidingRule = (period: ReleasePeriod, shown: ReadonlySet<CountColumn>, limits: ReleaseLimits) => CountColumn[];

/** Rule 1: hides a count with too few people behind it. */
export const people: HidingRule = ({ counts }, shown, { minPeople }) =>
  [...shown].filter((column) => counts[column].people < minPeople);

/** Rule 2: hides a part if too few people are in the rest of its whole. */
export const rest: HidingRule = ({ counts }, shown, { minPeople }) =>
  [...shown].filter((column) => {
    const { rest } = counts[column];
    return rest !== null && rest.people < minPeople;
  });

/** Rule 3: hides a count if one person has more than half of it, or of its rest. */
export const dominance: HidingRule = ({ counts }, shown) =>
  [...shown].filter((column) => {
    const { rest, ...count } = counts[column];
    return isDominated(count) || (rest !== null && isDominated(rest));
  });

/** Rule 4: hides a count with too few people who are in it more than once. Minus the users, it would reveal who came again. */
export const moreThanOnce: HidingRule = ({ counts }, shown, { minPeople }) =>
  [...shown].filter((column) => {
    const { moreThanOnce } = counts[column];
    return moreThanOnce !== null && moreThanOnce < minPeople;
  });

/** Rule 5: hides the members of a partition whose whole is hidden. */
export const wholesFirst: HidingRule = ({ partitions }, shown) =>
  partitions.filter(({ whole }) => !shown.has(whole)).flatMap(({ members }) => members.filter((member) => member !== null));

/** Rule 6: hides members of a partition until the hidden ones can't be computed from the shown ones. */
export const partitions: HidingRule = (period, shown, limits) =>
  period.partitions.flatMap((partition) => hideWithin(partition, shown, limits));

/** Rules 1 to 6, in their order. */
export const hidingRules: readonly HidingRule[] = [people, rest, dominance, moreThanOnce, wholesFirst, partitions];

/** Applies all rules to a period. Tests pass `rules` to leave one out. */
export function release(
  period: ReleasePeriod,
  limits: ReleaseLimits,
  rules: readonly HidingRule[] = hidingRules,
): ReleasedValues {
  const shown = new Set(countColumns);
  for (const rule of rules) for (const column of rule(period, shown, limits)) shown.delete(column);

  const counts = new Map<ReleasedColumn, number>();
  for (const column of shown) counts.set(column, roundTo(period.counts[column].value, limits.roundTo));

  const numberOf = (column: ReleasedColumn): number | null => {
    const treatment = releasedColumns[column];
    if (treatment.is === 'gini') return releasedGini(period, shown, limits);
    if (treatment.is === 'count') return counts.get(column) ?? null;
    return rate(treatment.times, counts.get(treatment.part), counts.get(treatment.whole));
  };
  return Object.fromEntries(releasedColumnNames.map((column) => [column, numberOf(column)])) as ReleasedValues;
}

function isDominated({ value, most }: Held): boolean {
  return most !== null && 2 * most > value;
}

function hideWithin(
  { members, peopleBySet }: Partition,
  shown: ReadonlySet<CountColumn>,
  { minPeople }: ReleaseLimits,
): CountColumn[] {
  const present = members
    .map((column, index) => ({ column, bit: 1 << index, people: peopleOf(peopleBySet, 1 << index) }))
    .filter(({ people }) => people > 0);
  const hidden = present.filter(({ column }) => column === null || !shown.has(column));
  const visible = present
    .filter((member): member is typeof member & { column: CountColumn } => member.column !== null && shown.has(member.column))
    .sort((one, other) => one.people - other.people); // stable: equal ones stay in column order
  const gone: CountColumn[] = [];
  const tellsTooMuch = () =>
    hidden.length === 1 ||
    (hidden.length > 1 &&
      peopleOf(
        peopleBySet,
        hidden.reduce((set, { bit }) => set | bit, 0),
      ) < minPeople);
  while (tellsTooMuch()) {
    const next = visible.shift();
    if (next === undefined) break;
    hidden.push(next);
    gone.push(next.column);
  }
  return gone;
}

/** Rule 7: rounds to the nearest multiple of `step`, halves up. */
export function roundTo(value: number, step: number): number {
  return step * Math.floor((2 * value + step) / (2 * step));
}

/** Rule 8: computes with integers only, because decimal halves have no exact binary fraction. Null if a value is hidden or the whole is 0. */
export function rate(times: number, part: number | undefined, whole: number | undefined): number | null {
  if (part === undefined || whole === undefined || whole === 0) return null;
  return Math.floor((20 * times * part + whole) / (2 * whole)) / 10;
}

/** Least number of active users for the Gini coefficient. */
const GINI_MIN_PEOPLE = 50;

/** Rule 9: rounds the exact coefficient to two decimals, halves up. */
function releasedGini(
  { counts, usersByFailures }: ReleasePeriod,
  shown: ReadonlySet<CountColumn>,
  { minPeople }: ReleaseLimits,
): number | null {
  const exact = giniFraction(usersByFailures);
  const enough = counts.active_users.value >= Math.max(GINI_MIN_PEOPLE, minPeople);
  if (exact === null || !enough || !shown.has('total_errors')) return null;
  return Number((200n * exact.numerator + exact.denominator) / (2n * exact.denominator)) / 100;
}
