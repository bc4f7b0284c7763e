import { errorKinds } from '../error-kinds';
import type { JudgedFigure, Judgement } from './usual-range';

export type Direction = 'high' | 'low';

/** Notices that go back to one thing. One line tells of it. */
export interface Cause {
  topic: Topic;
  direction: Direction;
  /** The figure that the line is about. */
  lead: Judgement;
  /** The other noticed figures of the cause, the furthest off first. */
  others: Judgement[];
  /** Of failures, the kinds of error that carry most of the change, the largest part first; none where no one or two do. */
  carriers: Carrier[];
}

export interface Carrier {
  judgement: Judgement;
  /** Its part of the change in failed tests, 0 to 1. */
  part: number;
}

/** What is counted goes back to people coming, new accounts to others than those who are active. */
type Topic = 'activity' | 'accounts' | 'failures' | 'conversion';

const kinds: readonly JudgedFigure[] = [...errorKinds, 'other_errors'];

/** The figures of a topic. The first one that is noticed leads. */
const topics: Record<Topic, readonly JudgedFigure[]> = {
  activity: ['active_users', 'all_tests'],
  accounts: ['accounts_created'],
  failures: ['failure_rate', 'adjusted_success_rate', 'first_try_success_rate', ...kinds],
  conversion: ['conversion_rate'],
};

/** High success is low failure. */
const opposite: readonly JudgedFigure[] = ['adjusted_success_rate', 'first_try_success_rate'];

/** Kinds are named where they carry more than half of the change. */
const MOST = 0.5;
const MAX_CARRIERS = 2;

/** The causes of what is noticed in one period, the furthest off first. */
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

/** The first of the topic's figures; of kinds of error, the furthest off. */
function leadOf(noticed: readonly Judgement[], figures: readonly JudgedFigure[]): Judgement | null {
  const byOrder = figures
    .filter((figure) => !kinds.includes(figure))
    .map((figure) => noticed.find((one) => one.figure === figure));
  return byOrder.find((one) => one !== undefined) ?? [...noticed].sort(furthestFirst)[0] ?? null;
}

/** New accounts that move with people and tests have the same cause. */
function joinAccounts(causes: readonly Cause[]): Cause[] {
  const accounts = causes.find(({ topic }) => topic === 'accounts');
  const activity = causes.find(({ topic, direction }) => topic === 'activity' && direction === accounts?.direction);
  if (accounts === undefined || activity === undefined) return [...causes];
  const joined = { ...activity, others: [...activity.others, accounts.lead].sort(furthestFirst) };
  return causes.flatMap((cause) => (cause === accounts ? [] : cause === activity ? [joined] : [cause]));
}

/** One or two kinds of error that carry more than half of what failed tests are above, or below, the expected number. */
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
