import { createRandom, type Random } from '../support/random-source';
import type { BigQueryOperation, JobFate } from './bigquery';
import type { Fate } from './network';
import type { PubsubOperation } from './pubsub';

const SECOND_MS = 1000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** What happens to the source: rows of some hours can be read only later, or some rows are deleted. */
export type SourceEvent =
  | { kind: 'late'; at: number; hours: number; delayHours: number }
  | { kind: 'delete'; at: number; salt: number };

export type Operation = BigQueryOperation | PubsubOperation;

/** One thing that happens, at an instant in milliseconds since 1970. */
export type Event =
  | SourceEvent
  /** A message is published; it is delivered some seconds later, and twice at once where it is doubled. */
  | { kind: 'message'; at: number; data: string; isBad: boolean; doubledAfter: number | null; delaySeconds: number }
  | { kind: 'call'; at: number; body: string }
  | { kind: 'command'; at: number; argv: string[] }
  /** Ctrl-C in all commands that run. */
  | { kind: 'interrupt'; at: number }
  /** Of the requests from then on, one meets a fate: of those of an operation, the one after as many others as `skip`. */
  | { kind: 'fault'; at: number; on: Operation | 'any'; fate: Fate | JobFate; skip: number }
  /** For a while each request may meet any fate. */
  | { kind: 'storm'; at: number; seconds: number; share: number; fates: readonly Fate[] };

/** All that happens in a seed's world. */
export interface Schedule {
  seed: number;
  timeZone: string;
  grain: 'day' | 'week' | 'month';
  start: number;
  days: number;
  events: Event[];
}

const requestFates: readonly Fate[] = [
  ...(['lost before', 'lost after', 'slow', 'never, before', 'never, after', 'refused', 'refused after'] as const),
  ...(['empty', 'half', 'html', 'death before', 'death after'] as const),
];
const jobFates: readonly JobFate[] = ['fails', 'exhausted', 'crawls', 'hangs'];
const jobOperations: readonly Operation[] = ['count', 'look', 'load', 'load', 'load', 'record', 'release'];
const operations: readonly (Operation | 'any')[] = [
  ...(['any', 'any', 'any', 'load', 'load', 'count', 'look', 'results', 'results', 'record', 'release', 'job'] as const),
  ...(['publish', 'pull', 'lend', 'acknowledge', 'push'] as const),
];

/** A world of some days, one in twenty of weeks: the daily message, and whatever comes between. */
export function makeSchedule(seed: number): Schedule {
  const random = createRandom(seed);
  const length = random.below(20);
  const days = length < 15 ? 2 + random.below(3) : length < 19 ? 5 + random.below(4) : 14 + random.below(8);
  const start = Date.UTC(2025, 1, 1 + random.below(290), 5);
  const events = Array.from({ length: days }, (_, day) => eventsOf(random, start + day * DAY_MS)).flat();
  return {
    seed,
    days,
    start,
    timeZone: random.pick(['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kathmandu']),
    grain: random.pick(['day', 'day', 'week', 'week', 'month']),
    events: events.sort((one, other) => one.at - other.at),
  };
}

/** The scheduler's message comes an hour after the day of the schedule begins, and most things shortly after. */
function eventsOf(random: Random, begin: number): Event[] {
  const dailyAt = begin + HOUR_MS;
  const soon = () => dailyAt + random.below(40 * SECOND_MS);
  const anytime = () => (random.chance(0.6) ? soon() : begin + random.below(DAY_MS));
  const dayOf = (age: number) => new Date(begin - age * DAY_MS).toISOString().slice(0, 10);
  const events: Event[] = [
    message(random, dailyAt, random.chance(0.8) ? '{"from":"yesterday","to":"today"}' : '{"date":"yesterday"}'),
  ];
  const maybe = (probability: number, make: () => Event) => {
    if (random.chance(probability)) events.push(make());
  };
  const dates = [dayOf(1), dayOf(2), `{"from":"${dayOf(3)}","to":"${dayOf(1)}"}`, '{"date":"yesterday"}', '', '{}'];
  maybe(0.35, () => message(random, anytime(), random.pick(dates)));
  maybe(0.15, () => ({ ...message(random, anytime(), random.pick(BAD)), isBad: true }));
  maybe(0.2, () => ({ kind: 'call', at: anytime(), body: random.pick(['', '{"date":"yesterday"}', `{"date":"${dayOf(2)}"}`]) }));
  maybe(0.25, () => ({ kind: 'command', at: anytime(), argv: command(random, dayOf) }));
  maybe(0.06, () => ({ kind: 'interrupt', at: anytime() }));
  maybe(0.12, () => ({
    kind: 'late',
    at: begin - random.below(30 * HOUR_MS),
    hours: 3 + random.below(40),
    delayHours: random.below(12),
  }));
  maybe(0.12, () => ({ kind: 'delete', at: anytime(), salt: random.below(1_000_000) }));
  maybe(0.08, () => storm(random, soon()));
  for (let faults = random.pick([0, 0, 1, 2, 4, 7]); faults > 0; faults--) events.push(fault(random, anytime()));
  return events;
}

const BAD = [
  '{"date":"2025-02-30"}',
  '{"date":"2031-01-01"}',
  '{"day":"2025-06-01"}',
  'last week',
  '{"from":"2025-06-02","to":"2025-06-01"}',
  '{"from":"2024-01-01","to":"2024-12-31"}',
];

function message(random: Random, at: number, data: string): Event & { kind: 'message' } {
  return {
    kind: 'message',
    at,
    data,
    isBad: false,
    doubledAfter: random.chance(0.2) ? random.below(30 * SECOND_MS) : null,
    delaySeconds: random.chance(0.1) ? random.below(7_200) : 0,
  };
}

function command(random: Random, dayOf: (age: number) => string): string[] {
  return random.pick([
    ['export', '--date', 'yesterday'],
    ['export', '--date', dayOf(2)],
    ['export', '--from', dayOf(4), '--to', dayOf(1)],
    ['export', '--from', dayOf(4), '--to', dayOf(1), '--resume'],
    ['gaps', '--fix'],
    ['gaps', '--fix', '--from', dayOf(3)],
    ['release', '--date', dayOf(40)],
    ['release', '--date', dayOf(32)],
    ['replay', '--run', '--project', 'test'],
  ]);
}

function storm(random: Random, at: number): Event {
  const outage: readonly Fate[] = random.pick([
    ['refused'],
    ['lost before'],
    ['never, before'],
    ['lost after', 'refused after'],
    requestFates.slice(0, 10),
  ]);
  return { kind: 'storm', at, seconds: 5 + random.below(400), share: random.pick([0.05, 0.3, 1]), fates: outage };
}

function fault(random: Random, at: number): Event {
  const skip = random.chance(0.5) ? random.below(4) : random.below(80);
  if (random.chance(0.25))
    return { kind: 'fault', at, on: random.pick(jobOperations), fate: random.pick(jobFates), skip: random.below(8) };
  return { kind: 'fault', at, on: random.pick(operations), fate: random.pick(requestFates), skip };
}
