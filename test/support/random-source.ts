import { Temporal } from 'temporal-polyfill';
import type { MeasurementRow, SourceRows, UserRow } from './source-rows';

export interface RandomSourceOptions {
  seed: number;
  timeZone: string;
  /** Rows lie around these dates, both included; a few long before, a few after. */
  from: string;
  to: string;
  measurements: number;
  /** Whether a kind of error may be the empty string, which CSV can't tell from NULL. */
  emptyText: boolean;
}

/**
 * Rows that are as awkward as the source contract allows, the same for the same seed: instants cluster around local midnights and clock
 * changes and are often equal, each column is NULL now and then, sessions cross midnight and are shared, ids hold whatever text can.
 */
export function randomSource(options: RandomSourceOptions): SourceRows {
  const random = createRandom(options.seed);
  const instants = randomInstants(random, options);
  const people = Array.from({ length: 40 + random.below(20) }, (_, index) => strangeId(random, 'user', index));
  const regulars = people.slice(0, 25); // of the others many test in one session only, near a clock change or midnight, or never
  const accounts = people.filter(() => !random.chance(0.25)); // the others are guests
  const users: UserRow[] = accounts.map((user_id) => ({
    user_id: random.chance(0.03) ? null : user_id,
    created_at: random.chance(0.03) ? null : text(random, random.pick(instants)),
  }));

  const known = [
    'no_period_history',
    'camera_too_far',
    'camera_too_close',
    'analysis_error',
    'test_lines_not_found',
    'test_not_found',
  ];
  const kinds = [
    ...[...known, ...known, ...known], // the gate refuses a source most of whose failures are of unknown kinds
    ...['success', 'rejected', 'CAMERA_TOO_FAR', 'a "quoted", long\nkind', options.emptyText ? '' : 'null'],
  ];
  const sitters = [
    ...Array.from({ length: Math.ceil(options.measurements / 5) }, () => random.pick(regulars)),
    ...people.slice(regulars.length).filter(() => random.chance(0.6)),
  ];
  const sessions = sitters.map((user_id, index) => ({
    session_id: strangeId(random, 'session', index),
    user_id,
    start: random.pick(instants),
  }));
  const measurements: MeasurementRow[] = Array.from({ length: options.measurements }, (_, index) => {
    const session = random.pick(sessions);
    const later = random.chance(0.3)
      ? 0n
      : BigInt(random.below(90) * 1_000_000 + random.below(3)) * (random.chance(0.2) ? 60n : 1n);
    return {
      measurement_id: random.chance(0.03) ? null : strangeId(random, 'measurement', index),
      user_id: random.chance(0.03) ? null : random.chance(0.07) ? random.pick(people) : session.user_id,
      session_id: random.chance(0.03) ? null : session.session_id,
      created_at: random.chance(0.03) ? null : text(random, random.chance(0.1) ? random.pick(instants) : session.start + later),
      error_type: random.chance(0.45) ? null : random.pick(kinds),
    };
  });
  return { users: random.shuffle(users), measurements: random.shuffle(measurements) };
}

export interface Random {
  /** A whole number from 0 up to, not including, `end`. */
  below(end: number): number;
  chance(probability: number): boolean;
  pick<Item>(items: readonly Item[]): Item;
  shuffle<Item>(items: readonly Item[]): Item[];
}

/** mulberry32 */
export function createRandom(seed: number): Random {
  let state = seed;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (end: number) => Math.floor(next() * end);
  return {
    below,
    chance: (probability) => next() < probability,
    pick: (items) => {
      if (items.length === 0) throw new RangeError('nothing to pick from');
      return items[below(items.length)] as (typeof items)[number];
    },
    shuffle: (items) =>
      items
        .map((item) => ({ item, key: next() }))
        .sort((one, other) => one.key - other.key)
        .map(({ item }) => item),
  };
}

/** Microseconds since 1970, a small pool of them, so that many rows share one. */
export function randomInstants(
  random: Random,
  { timeZone, from, to }: Pick<RandomSourceOptions, 'timeZone' | 'from' | 'to'>,
): bigint[] {
  const edges: Temporal.ZonedDateTime[] = [];
  const last = Temporal.PlainDate.from(to).add({ days: 2 });
  // the day before the earliest period of the first report counts too
  for (
    let day = Temporal.PlainDate.from(from).subtract({ days: 13 });
    Temporal.PlainDate.compare(day, last) <= 0;
    day = day.add({ days: 1 })
  ) {
    const midnight = day.toZonedDateTime(timeZone);
    const change = midnight.getTimeZoneTransition('next');
    const changes =
      change !== null && change.until(midnight).abs().total('hours') < 36 ? Array.from({ length: 8 }, () => change) : [];
    edges.push(midnight, ...changes);
  }
  const second = 1_000_000;
  const distances = [
    0,
    -1,
    1,
    -second,
    second,
    29 * second,
    61 * second,
    -1800 * second,
    1800 * second,
    -3600 * second,
    3600 * second,
  ];
  const near = edges.flatMap((edge) =>
    Array.from({ length: 3 }, () => micros(edge.epochMilliseconds) + BigInt(random.pick(distances))),
  );
  const anywhere = edges.map((edge) => micros(edge.epochMilliseconds) + BigInt(random.below(86_400)) * 1_000_000n);
  const longBefore = [micros(Date.UTC(2001, 1, 3)), micros(Date.UTC(1969, 11, 31, 23, 59, 59)) + 999_999n];
  return [...near, ...anywhere, ...longBefore];
}

function micros(milliseconds: number): bigint {
  return BigInt(milliseconds) * 1000n;
}

const OFFSETS = [
  { written: 'Z', minutes: 0 },
  { written: '', minutes: 0 },
  { written: '+00:00', minutes: 0 },
  { written: '+05:45', minutes: 345 },
  { written: '-09:30', minutes: -570 },
];

/** The instant in one of the ways to write it; without an offset it is UTC. */
export function text(random: Random, instant: bigint): string {
  const { written, minutes } = random.pick(OFFSETS);
  const local = instant + BigInt(minutes) * 60_000_000n;
  const fraction = ((local % 1_000_000n) + 1_000_000n) % 1_000_000n;
  const seconds = new Date(Number((local - fraction) / 1000n)).toISOString().slice(0, 19);
  const digits = fraction === 0n && random.chance(0.5) ? '' : `.${String(fraction).padStart(6, '0')}`;
  return `${random.chance(0.3) ? seconds.replace('T', ' ') : seconds}${digits}${written}`;
}

/** Text that a reader of files might take for something else, or for less than it is. None is empty: CSV has no empty text. */
const STRANGE = [
  ...['007', '7', '1e3', '1000', '-0', '0x1F', 'NULL', 'null', '\\N', 'NaN', 'true', '2025-01-01', '#', '-- ;', '{"a":1}', '[1]'],
  ...['a', 'A', 'ä', 'a\u0308', 'ß', 'SS', 'Z', 'é', '日本', '～', '😀', '\u{10ffff}', '\u00a0', '\ufeff'],
  ...[
    ' ',
    ' a',
    'a ',
    '\ta',
    'a\nb',
    'a\r\nb',
    ',',
    ',,',
    '"',
    '""',
    '"a"',
    "'",
    "''",
    ';',
    '|',
    '\\',
    '\\n',
    '%',
    '_',
    '$1',
    '@x',
    '?',
  ],
];

/** Each (kind, index) gives another id; half of them are strange ones. */
export function strangeId(random: Random, kind: string, index: number): string {
  const strange = STRANGE[index];
  if (strange !== undefined && kind !== 'measurement') return strange;
  // unique by the number; what comes first decides the order of ties
  return random.chance(0.5) ? `${random.pick(STRANGE)}${index}` : `${kind[0]}${index}`;
}
