import { Temporal } from 'temporal-polyfill';
import { createRandom, type RandomSourceOptions, randomSource, text } from './random-source';
import type { MeasurementRow, SourceRows, UserRow } from './source-rows';

export interface ComebackSourceOptions extends Omit<RandomSourceOptions, 'measurements'> {
  people: number;
}

/** Days until somebody comes back: around the borders of a week, of 28 days and of months, and long after. */
const GAPS = [0, 1, 1, 6, 7, 8, 13, 14, 26, 27, 27, 28, 28, 28, 29, 29, 30, 31, 32, 55, 56, 57, 92, 180];

/** Times at which visits begin. They go on for some minutes, so they cross midnights and the changes of clocks. */
const TIMES = ['00:00:00', '00:00:00.000001', '00:01', '01:30', '02:30', '12:00', '23:15', '23:58', '23:59:59.999999'];

/**
 * Few rows over many months, the same for the same seed: people come, and come back after 27, 28 and 29 days, after weeks and after
 * months. The first row of some is a rejected one, some have no account, and sessions go on when their user comes back the next day.
 */
export function comebackSource({ seed, timeZone, from, to, people, emptyText }: ComebackSourceOptions): SourceRows {
  const random = createRandom(seed);
  const first = Temporal.PlainDate.from(from);
  const days = first.until(to, { largestUnit: 'days' }).days;
  const kinds = ['no_period_history', 'camera_too_far', 'analysis_error', 'test_not_found', emptyText ? '' : 'test_not_found'];
  const users: UserRow[] = [];
  const measurements: MeasurementRow[] = [];
  const instantOf = (day: number): bigint => {
    const local = first.add({ days: day }).toZonedDateTime({ timeZone, plainTime: random.pick(TIMES) });
    return local.epochNanoseconds / 1000n;
  };
  for (let person = 0; person < people; person += 1) {
    const user_id = `comes back ${person}`;
    let day = random.below(days);
    let session = 0;
    if (random.chance(0.8)) users.push({ user_id, created_at: text(random, instantOf(day + random.below(4) - 1)) });
    for (let visit = 0; day <= days + 3; visit += 1) {
      const start = instantOf(day);
      const rejected = random.chance(visit === 0 ? 0.15 : 0.02);
      for (let attempt = 0; attempt <= random.below(4); attempt += 1) {
        measurements.push({
          measurement_id: rejected ? null : `${user_id}, ${visit}, ${attempt}`,
          user_id,
          session_id: `${user_id}, ${session}`,
          created_at: text(random, start + BigInt(attempt * random.below(100)) * 1_000_000n),
          error_type: random.chance(0.5) ? null : random.pick(kinds),
        });
      }
      const gap = random.pick(GAPS);
      if (gap > 1) session += 1;
      day += gap;
    }
  }
  return { users: random.shuffle(users), measurements: random.shuffle(measurements) };
}

/** People who come back over many months, and many awkward rows in the last weeks. */
export function longSource(options: ComebackSourceOptions): SourceRows {
  const long = comebackSource(options);
  const from = Temporal.PlainDate.from(options.to).subtract({ days: 40 }).toString();
  const dense = randomSource({ ...options, from, measurements: 200 });
  return { users: [...long.users, ...dense.users], measurements: [...long.measurements, ...dense.measurements] };
}
