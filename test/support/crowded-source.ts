import { createRandom, type Random, randomInstants, strangeId, text } from './random-source';
import type { MeasurementRow, SourceRows, UserRow } from './source-rows';

export interface CrowdedSourceOptions {
  seed: number;
  timeZone: string;
  /** Rows lie around these dates, both included. */
  from: string;
  to: string;
  people: number;
  sessions: number;
  /** Whether several may take part in one session. */
  sharedSessions: boolean;
  /** Days on end that go the same way; none: each moment goes its own. */
  moodDays?: number;
  /** Few fail, and hardly anybody tries twice. */
  isCalm?: boolean;
}

/** How the sessions of a stretch of time go. */
interface Mood {
  failures: number;
  furtherAttempts: number;
  /** Kinds of error that occur, the later ones more rarely. */
  kinds: string[];
}

const KINDS = [
  ...['no_period_history', 'camera_too_far', 'camera_too_close', 'analysis_error', 'test_lines_not_found', 'test_not_found'],
  'a kind that nobody knows',
];

/**
 * Rows for the release, the same for the same seed: days of few people and of many, the later the more; days on which nearly all fail or
 * succeed, nobody tries twice or all do; and sessions in which one person tests hundreds of times.
 */
export function crowdedSource({
  seed,
  timeZone,
  from,
  to,
  moodDays,
  isCalm = false,
  ...options
}: CrowdedSourceOptions): SourceRows {
  const random = createRandom(seed);
  const instants = randomInstants(random, { timeZone, from, to }).sort((one, other) => (one < other ? -1 : 1));
  const later = () => instants[Math.max(random.below(instants.length), random.below(instants.length))] ?? 0n;
  const people = Array.from({ length: options.people }, (_, index) => strangeId(random, 'user', index));
  const testers = people.slice(0, options.people / 2);
  const users: UserRow[] = people
    .filter(() => !random.chance(0.1)) // the others are guests
    .map((user_id) => ({ user_id: random.chance(0.01) ? null : user_id, created_at: text(random, later()) }));

  const stretchOf = (instant: bigint) => (moodDays === undefined ? instant : instant / (BigInt(moodDays) * 86_400_000_000n));
  const moods = new Map(instants.map((instant) => [stretchOf(instant), randomMood(random, isCalm)]));
  const measurements: MeasurementRow[] = [];
  for (let index = 0; index < options.sessions; index++) {
    const user_id = random.pick(testers);
    const session_id = strangeId(random, 'session', index);
    const start = later();
    const { failures, furtherAttempts, kinds } = moods.get(stretchOf(start)) ?? randomMood(random, isCalm);
    const isMarathon = random.chance(4 / options.sessions);
    let at = start;
    for (let left = isMarathon ? 300 : 12; left > 0; left--) {
      measurements.push({
        measurement_id: random.chance(0.01) ? null : strangeId(random, 'measurement', measurements.length),
        user_id: random.chance(0.01) ? null : options.sharedSessions && random.chance(0.05) ? random.pick(people) : user_id,
        session_id: random.chance(0.01) ? null : session_id,
        created_at: text(random, at),
        error_type: random.chance(failures) ? (kinds[Math.floor((random.below(50) ** 2 / 2500) * kinds.length)] ?? null) : null,
      });
      if (!isMarathon && !random.chance(furtherAttempts)) break;
      at += BigInt(random.below(3) * 1_000_000);
    }
  }
  return { users: random.shuffle(users), measurements: random.shuffle(measurements) };
}

function randomMood(random: Random, isCalm: boolean): Mood {
  return {
    failures: random.pick(isCalm ? [0.02, 0.05, 0.1, 0.15] : [0.03, 0.3, 0.5, 0.7, 0.97]),
    furtherAttempts: random.pick(isCalm ? [0, 0.05, 0.1] : [0, 0.1, 0.5, 0.8]),
    kinds: random.shuffle(KINDS).slice(0, 1 + random.below(KINDS.length)),
  };
}
