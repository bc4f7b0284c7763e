import { type ErrorKind, errorKinds } from '../metrics/error-kinds';

/** The two source tables, column by column, which is several times faster than a row at a time. */
export interface DemoData {
  /** created_at in seconds since 1970. */
  users: { user_id: string[]; created_at: number[] };
  /** error_type is empty for a success. */
  measurements: { measurement_id: string[]; user_id: string[]; session_id: string[]; created_at: number[]; error_type: string[] };
}

interface Test {
  measurement_id: string;
  user_id: string;
  session_id: string;
  created_at: number;
  error_type: string;
}

/** Adds a test, if it lies before the end of the data. */
type AddTest = (test: Test) => void;

const DAY_SECONDS = 86_400;
const LAUNCH = Date.UTC(2025, 5, 1) / 1000;

/** Longest time that an account tests, in days. */
const LIFETIME_DAYS = 150;

/** Activity of each weekday, Sunday to Saturday. */
const WEEKDAY = [0.62, 1.16, 1.2, 1.12, 1.08, 0.94, 0.7];

/** Share of each kind of error. */
const KIND_WEIGHTS: Record<ErrorKind, number> = {
  no_period_history: 0.08,
  camera_too_far: 0.24,
  camera_too_close: 0.2,
  analysis_error: 0.12,
  test_lines_not_found: 0.26,
  test_not_found: 0.1,
};

/**
 * Generates a product since its launch in June 2025. Accounts come faster as it grows. Most accounts test on working days, less as they get
 * older; they fail more often while they are new, and retry. Some never test. One guest a day tests without an account. The rows of an account
 * depend on the account alone, so reports of different dates agree about the days they share. No row is later than `now`.
 */
export function generateDemo(now: Date): DemoData {
  const users: DemoData['users'] = { user_id: [], created_at: [] };
  const measurements: DemoData['measurements'] = {
    measurement_id: [],
    user_id: [],
    session_id: [],
    created_at: [],
    error_type: [],
  };
  const end = now.getTime() / 1000;
  const addTest: AddTest = ({ measurement_id, user_id, session_id, created_at, error_type }) => {
    if (created_at > end) return;
    measurements.measurement_id.push(measurement_id);
    measurements.user_id.push(user_id);
    measurements.session_id.push(session_id);
    measurements.created_at.push(created_at);
    measurements.error_type.push(error_type);
  };
  const lastDay = Math.floor((end - LAUNCH) / DAY_SECONDS);
  for (let day = 0; day <= lastDay; day++) {
    for (let account = 0; account < accountsOf(day); account++) {
      const random = createRandom(1, day, account);
      const created_at = instant(day, timeOfDay(random));
      if (created_at > end) continue;
      const user_id = `demo-${day}-${account}`;
      users.user_id.push(user_id);
      users.created_at.push(created_at);
      generateTests(addTest, { user_id, day, lastDay, random });
    }
    generateTests(addTest, { user_id: `guest-${day}`, day, lastDay: day, random: createRandom(2, day) });
  }
  return { users, measurements };
}

/** Accounts created on a day: about nine at launch and twenty-four a year later, times the weekday's activity. */
function accountsOf(day: number): number {
  const expected = (9 + 18 * (1 - Math.exp(-day / 200))) * weekday(day);
  return Math.floor(expected + createRandom(3, day)());
}

interface Person {
  user_id: string;
  /** Day of the first test, counted from the launch. */
  day: number;
  lastDay: number;
  random: () => number;
}

/** All tests of a person, from the first day on. */
function generateTests(addTest: AddTest, { user_id, day: firstDay, lastDay, random }: Person): void {
  const habit = 0.15 + 0.6 * random();
  const staying = 10 + LIFETIME_DAYS * random() ** 2;
  const isConvinced = random() < 0.72;
  for (let day = firstDay; day <= Math.min(lastDay, firstDay + LIFETIME_DAYS); day++) {
    const age = day - firstDay;
    const appetite = age === 0 ? 0.55 : habit * Math.exp(-age / staying);
    if (!isConvinced || random() >= appetite * weekday(day)) continue;
    const sessions = random() < 0.18 ? 2 : 1;
    for (let session = 0; session < sessions; session++) {
      const session_id = `${user_id}-${day}-${session}`;
      generateAttempts(addTest, { user_id, session_id, day, session, failing: 0.22 + 0.26 * Math.exp(-age / 12), random });
    }
  }
}

interface Session {
  user_id: string;
  session_id: string;
  day: number;
  /** 0 for the first session of the day. */
  session: number;
  /** Probability that the first attempt fails. */
  failing: number;
  random: () => number;
}

/** Up to five attempts, until one succeeds or the person gives up. */
function generateAttempts(addTest: AddTest, { user_id, session_id, day, session, failing, random }: Session): void {
  let seconds = timeOfDay(random) + session * 5400;
  for (let attempt = 0; attempt < 5; attempt++) {
    const hasFailed = random() < failing * 0.92 ** attempt;
    addTest({
      measurement_id: `${session_id}-${attempt}`,
      user_id,
      session_id,
      created_at: instant(day, seconds),
      error_type: hasFailed ? pickKind(random()) : '',
    });
    if (!hasFailed || random() < 0.25) return;
    seconds += 25 + 90 * random();
  }
}

function weekday(day: number): number {
  return WEEKDAY[day % 7] ?? 1; // the launch was on a Sunday
}

/** Seconds since midnight, mostly between morning and late evening. */
function timeOfDay(random: () => number): number {
  return Math.floor((7 + 16 * ((random() + random()) / 2) + random()) * 3600);
}

function instant(day: number, seconds: number): number {
  return LAUNCH + day * DAY_SECONDS + Math.floor(seconds);
}

function pickKind(point: number): string {
  let left = point;
  for (const kind of errorKinds) {
    left -= KIND_WEIGHTS[kind];
    if (left < 0) return kind;
  }
  return errorKinds[0];
}

/** mulberry32, seeded by all of `seeds`: numbers from 0 to below 1, the same on every machine. */
function createRandom(...seeds: number[]): () => number {
  let state = seeds.reduce((hash, seed) => Math.imul(hash ^ (seed + 0x9e3779b9), 0x85ebca6b) ^ (hash >>> 13), 0x811c9dc5);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
