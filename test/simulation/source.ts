import { createRandom } from '../support/random-source';
import { dateReader } from '../support/reference';
import type { SourceRows } from '../support/source-rows';
import type { SourceEvent } from './schedule';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Days of rows before the schedule begins: there is something to report, compare and release from the first day on. */
const DAYS_BEFORE = 32;
const PEOPLE = 30;

/** A row of either table; instants in milliseconds since 1970. */
interface Row {
  createdAt: number;
  /** Local date of createdAt. */
  day: string;
  /** It can be read from this instant on, and no longer from that one. */
  from: number;
  until: number;
}
export interface User extends Row {
  user: string;
}
export interface Measurement extends Row {
  id: string;
  user: string;
  session: string;
  kind: string | null;
}

/** The source tables through all of a schedule: rows are written, some late, and some are deleted. */
export interface Source {
  timeZone: string;
  dateOf(instant: number): string;
  /** What can be read at an instant. */
  at(instant: number): { users: User[]; measurements: Measurement[] };
  /** A number for each state of the source: the same as long as nothing changes. */
  versionAt(instant: number): number;
  /** The same for the references of test/support. */
  rowsAt(instant: number): SourceRows;
}

export interface SourceOptions {
  seed: number;
  timeZone: string;
  start: number;
  days: number;
  daysBefore?: number;
  events: readonly SourceEvent[];
}

export function createSource({ seed, timeZone, start, days, daysBefore = DAYS_BEFORE, events }: SourceOptions): Source {
  const random = createRandom(seed);
  const read = dateReader(timeZone);
  const dateOf = (instant: number) => read(BigInt(instant) * 1000n);
  const late = events.filter((event) => event.kind === 'late');
  const place = (createdAt: number): Row => {
    const delay = late.find(({ at, hours }) => createdAt >= at && createdAt < at + hours * HOUR_MS);
    const from = delay === undefined ? createdAt : delay.at + (delay.hours + delay.delayHours) * HOUR_MS;
    return { createdAt, day: dateOf(createdAt), from, until: Number.POSITIVE_INFINITY };
  };
  const users: User[] = [];
  const measurements: Measurement[] = [];
  const kinds = ['camera_too_far', 'analysis_error', 'test_not_found', 'camera_too_far', 'something else'];
  for (let day = -daysBefore; day < days + 2; day++) {
    const within = () => start + day * DAY_MS + random.below(DAY_MS / 1000) * 1000;
    for (let index = 0; index < 4; index++) users.push({ user: `u${day}-${index}`, ...place(within()) });
    for (let sitting = 0; sitting < 6 + random.below(3); sitting++) {
      const fresh = random.chance(0.2) ? `u${day}-${random.below(4)}` : null;
      const user = fresh ?? `p${random.below(PEOPLE)}`;
      const begin = within();
      for (let attempt = 0; attempt < 1 + random.below(3); attempt++)
        measurements.push({
          id: `m${measurements.length}`,
          user,
          session: `s${day}-${sitting}`,
          kind: random.chance(0.6) ? null : random.pick(kinds),
          ...place(begin + attempt * 40_000),
        });
    }
  }
  for (const { at, salt } of events.filter((event) => event.kind === 'delete')) remove(at, salt, [users, measurements]);
  const changes = [...new Set([...users, ...measurements].flatMap(({ from, until }) => [from, until]))].sort((a, b) => a - b);
  const isThere = (instant: number) => (row: Row) => row.from <= instant && instant < row.until;
  const source: Source = {
    timeZone,
    dateOf,
    at: (instant) => ({ users: users.filter(isThere(instant)), measurements: measurements.filter(isThere(instant)) }),
    versionAt: (instant) => countUpTo(changes, instant),
    rowsAt: (instant) => {
      const there = source.at(instant);
      const textOf = ({ createdAt }: Row) => new Date(createdAt).toISOString();
      return {
        users: there.users.map((row) => ({ user_id: row.user, created_at: textOf(row) })),
        measurements: there.measurements.map((row) => ({
          measurement_id: row.id,
          user_id: row.user,
          session_id: row.session,
          created_at: textOf(row),
          error_type: row.kind,
        })),
      };
    },
  };
  return source;
}

/** One row of some of the days before today: fewer than half of a day's, which the gate would refuse. */
function remove(at: number, salt: number, tables: readonly Row[][]): void {
  const random = createRandom(salt);
  for (const table of tables) {
    const byDay = new Map<string, Row[]>();
    for (const row of table)
      if (row.from <= at - DAY_MS && row.until > at) byDay.set(row.day, [...(byDay.get(row.day) ?? []), row]);
    for (const rows of byDay.values()) if (rows.length > 3 && random.chance(0.3)) random.pick(rows).until = at;
  }
}

function countUpTo(sorted: readonly number[], instant: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? 0) <= instant) low = middle + 1;
    else high = middle;
  }
  return low;
}
