import { errorKinds } from './facts/facts';

/** Rows of the two source tables, instants as ISO 8601. */
export interface DemoData {
  users: { user_id: string; created_at: string }[];
  measurements: { measurement_id: string; user_id: string; session_id: string; created_at: string; error_type: string | null }[];
}

const DAY_MS = 86_400_000;
const LAUNCH = Date.UTC(2025, 5, 1);

/** After so many days an account is no longer used. */
const LIFETIME_DAYS = 150;

/** Sunday to Saturday: how busy a day is. */
const WEEKDAY = [0.62, 1.16, 1.2, 1.12, 1.08, 0.94, 0.7];

/** How often each kind of error comes up, in the order of errorKinds. */
const KIND_WEIGHTS = [0.08, 0.24, 0.2, 0.12, 0.26, 0.1];

/**
 * A product since its launch in June 2025: accounts that come faster as it grows, test on most working days at first and less later, fail
 * more often while they are new, and try again; a few guests test without an account. Each calendar day (UTC) is generated from its date
 * alone, so reports of different dates agree about the days they share. Nothing lies after `now`.
 */
export function generateDemo(now: Date): DemoData {
  const data: DemoData = { users: [], measurements: [] };
  const lastDay = Math.floor((now.getTime() - LAUNCH) / DAY_MS);
  for (let day = 0; day <= lastDay; day++) generateDay(data, day);
  const end = now.toISOString();
  return {
    users: data.users.filter((row) => row.created_at <= end),
    measurements: data.measurements.filter((row) => row.created_at <= end),
  };
}

/** `day` counts from the launch. */
function generateDay(data: DemoData, day: number): void {
  for (let account = 0; account < accountsOf(day); account++) {
    const user_id = `demo-${day}-${account}`;
    data.users.push({ user_id, created_at: instant(day, timeOfDay(createRandom(1, day, account))) });
  }
  for (let created = Math.max(0, day - LIFETIME_DAYS); created <= day; created++) {
    for (let account = 0; account < accountsOf(created); account++) {
      generateSessions(
        data,
        `demo-${created}-${account}`,
        day,
        day - created,
        createRandom(2, created, account),
        createRandom(3, created, account, day),
      );
    }
  }
  for (let guest = 0; guest < 2; guest++)
    generateSessions(data, `guest-${day}-${guest}`, day, 0, createRandom(4, day, guest), createRandom(5, day, guest));
}

/** Accounts created on a day: one or two at launch, about five a day two years later, with the weekly rhythm. */
function accountsOf(day: number): number {
  const expected = (1.6 + 3.4 * (1 - Math.exp(-day / 300))) * weekday(day);
  return Math.floor(expected + createRandom(6, day)());
}

/** `person` gives what stays with somebody, `random` what happens that day. */
function generateSessions(
  data: DemoData,
  user_id: string,
  day: number,
  age: number,
  person: () => number,
  random: () => number,
): void {
  const habit = 0.15 + 0.6 * person();
  const staying = 10 + LIFETIME_DAYS * person() ** 2;
  const convinced = person() < 0.72;
  const appetite = age === 0 ? (convinced ? 0.55 : 0) : habit * Math.exp(-age / staying) * (convinced ? 1 : 0.08);
  if (random() >= appetite * weekday(day)) return;
  const sessions = random() < 0.18 ? 2 : 1;
  for (let session = 0; session < sessions; session++) {
    let seconds = timeOfDay(random) + session * 5400;
    const failing = 0.22 + 0.26 * Math.exp(-age / 12);
    for (let attempt = 0; attempt < 5; attempt++) {
      const failed = random() < failing * 0.92 ** attempt;
      data.measurements.push({
        measurement_id: `${user_id}-${day}-${session}-${attempt}`,
        user_id,
        session_id: `${user_id}-${day}-${session}`,
        created_at: instant(day, seconds),
        error_type: failed ? pickKind(random()) : null,
      });
      if (!failed || random() < 0.25) break;
      seconds += 25 + 90 * random();
    }
  }
}

function weekday(day: number): number {
  return WEEKDAY[day % 7] ?? 1; // the launch was on a Sunday
}

/** Seconds since midnight, mostly between morning and late evening. */
function timeOfDay(random: () => number): number {
  return Math.floor((7 + 16 * ((random() + random()) / 2) + random()) * 3600);
}

function instant(day: number, seconds: number): string {
  return new Date(LAUNCH + day * DAY_MS + Math.floor(seconds * 1000)).toISOString();
}

function pickKind(point: number): string {
  let left = point;
  for (const [index, kind] of errorKinds.entries()) {
    left -= KIND_WEIGHTS[index] ?? 0;
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
