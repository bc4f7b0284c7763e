import { errorKinds } from '../error-kinds';
import type { JudgedFigure, Judgement } from './usual-range';

export type Direction = 'high' | 'low';

/** Noticed figures with the same cause. One line reports them. */
export interface Cause {
  topic: Topic;
  direction: Direction;
  /** The figure that the line reports. */
  lead: Judgement;
  /** The other noticed figures of the cause, the furthest from expected first. */
  others: Judgement[];
  /** For failures: the one or two kinds of error with most of the change, largest first; empty if it takes more than two. */
  carriers: Carrier[];
}

export interface Carrier {
  judgement: Judgement;
  /** Its share of the change in failed tests, 0 to 1. */
  part: number;
}

/** Groups of figures with a common cause. New accounts are a separate group, because they are other people than active users. */
type Topic = 'activity' | 'accounts' | 'failures' | 'conversion';

const kinds: readonly JudgedFigure[] = [...errorKinds, 'other_errors'];

/** The figures of a topic. The first noticed one leads. */
const topics: Record<Topic, readonly JudgedFigure[]> = {
  activity: ['active_users', 'all_tests'],
  accounts: ['accounts_created'],
  failures: ['failure_rate', 'adjusted_success_rate', 'first_try_success_rate', ...kinds],
  conversion: ['conversion_rate'],
};

/** Figures whose high values are good: high success means low failure. */
const opposite: readonly JudgedFigure[] = ['adjusted_success_rate', 'first_try_success_rate'];

/** Kinds are named if they have more than this share of the change. */
const MOST = 0.5;
const MAX_CARRIERS = 2;

/** The causes of the noticed figures of one period, the furthest from expected first. */
export function causesOf(judgements: readonly Judgement[]): Cause[] {
  const noticed = judgements.filter(({ verdict }) => verdict === 'high' || verdict === 'low');
  const causes = Object.entries(topics).flatMap(([topic, figures]) =>
    (['high', 'low'] as const).flatMap((direction): Cause[] => {
      const ofCause = noticed.filter((one) => figures.includes(one.figure) && directionOf(one) === direction);
      const lead = leadOf(ofCause, figures);
      if (lead === null) return [];
      const others = ofCause.filter((one) => one !== lead).sort(furthestFirst);
      const isOfRate = lead.figure === 'failure_rate' || opposite.includes(lead.figure);
      const carriers = isOfRate ? carriersOf(judgements, direction) : [];
      return [{ topic: topic as Topic, direction, lead, others, carriers }];
    }),
  );
  return joinAccounts(causes).sort((one, other) => furthestFirst(one.lead, other.lead));
}

function directionOf({ figure, verdict }: Judgement): Direction {
  return (verdict === 'high') !== opposite.includes(figure) ? 'high' : 'low';
}

/** The first of the topic's figures; for kinds of error, the furthest from expected. */
function leadOf(noticed: readonly Judgement[], figures: readonly JudgedFigure[]): Judgement | null {
  const byOrder = figures
    .filter((figure) => !kinds.includes(figure))
    .map((figure) => noticed.find((one) => one.figure === figure));
  return byOrder.find((one) => one !== undefined) ?? [...noticed].sort(furthestFirst)[0] ?? null;
}

/** Joins new accounts with people and tests if both move in the same direction. */
function joinAccounts(causes: readonly Cause[]): Cause[] {
  const accounts = causes.find(({ topic }) => topic === 'accounts');
  const activity = causes.find(({ topic, direction }) => topic === 'activity' && direction === accounts?.direction);
  if (accounts === undefined || activity === undefined) return [...causes];
  const joined = { ...activity, others: [...activity.others, accounts.lead].sort(furthestFirst) };
  return causes.flatMap((cause) => (cause === accounts ? [] : cause === activity ? [joined] : [cause]));
}

/** One or two kinds of error with more than half of the difference between failed tests and their expected number. */
function carriersOf(judgements: readonly Judgement[], direction: Direction): Carrier[] {
  const sign = direction === 'high' ? 1 : -1;
  const changes = judgements
    .filter(({ figure, value, expected }) => kinds.includes(figure) && value !== null && expected !== null)
    .map((judgement) => ({ judgement, change: sign * ((judgement.value ?? 0) - (judgement.expected ?? 0)) }))
    .sort((one, other) => other.change - one.change);
  const total = changes.reduce((sum, { change }) => sum + change, 0);
  if (total <= 0) return [];
  const largest = changes
    .slice(0, MAX_CARRIERS)
    .map(({ judgement, change }) => ({ judgement, part: Math.min(1, change / total) }));
  const count = largest.findIndex((_, index) => sumOfParts(largest.slice(0, index + 1)) > MOST);
  return count < 0 ? [] : largest.slice(0, count + 1);
}

function sumOfParts(carriers: readonly Carrier[]): number {
  return carriers.reduce((sum, { part }) => sum + part, 0);
}

function furthestFirst(one: Judgement, other: Judgement): number {
  return Math.abs(other.distance ?? 0) - Math.abs(one.distance ?? 0);
}
