import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { addDays, type CalendarDate, datesBetween } from '../../shared/metrics/calendar';
import type { SourceRows } from './source-rows';

/** Marks of what must not leave a source: of ids and texts, of numeric ids, and of instants, as text and as microseconds since 1970. */
const MARKS = [/canary/i, /770099001/, /:13:37\.424/, /\b1\d{9}424242\b/];

export const CANARY_DAY = '2025-12-23';

/** A numeric id that can be told. */
export const numericId = (index: number) => 770_099_001_000 + index;

/** Rows whose every id, text and instant can be told: of twelve days, some of them rejected. */
export function canarySource(lastDay: CalendarDate = CANARY_DAY): SourceRows {
  const at = (age: number, index: number) =>
    `${addDays(lastDay, -age)}T${String(8 + (index % 12)).padStart(2, '0')}:13:37.424242Z`;
  const days = Array.from({ length: 12 }, (_, age) => age);
  return {
    users: days.map((age) => ({ user_id: `CANARY-user-${age}`, created_at: at(age, 0) })),
    measurements: days.flatMap((age) =>
      Array.from({ length: 6 }, (_, index) => ({
        measurement_id: `CANARY-measurement-${age}-${index}`,
        user_id: age === 3 && index === 5 ? null : `CANARY-user-${(age + index) % 14}`,
        session_id: `CANARY-session-${age}-${index % 3}`,
        created_at: at(age, index),
        error_type: [null, 'camera_too_far', `CANARY of user ${index}, at "home"`][index % 3] ?? null,
      })),
    ),
  };
}

/** Alike, and each day so many people of whom each tests twice: enough that a release shows something of them. */
export function canaryCrowd(people: number, firstDay: CalendarDate, lastDay: CalendarDate): SourceRows {
  const everyone = datesBetween(firstDay, lastDay).flatMap((day) =>
    Array.from({ length: people }, (_, index) => ({
      user_id: `CANARY-user-${day}-${index}`,
      created_at: `${day}T10:13:37.424242Z`,
    })),
  );
  const measurements = everyone.flatMap(({ user_id, created_at }, index) =>
    [1, 2].map((test) => ({
      measurement_id: `CANARY-measurement-${index}-${test}`,
      session_id: `CANARY-session-${index}-${test}`,
      user_id,
      created_at,
      error_type: [null, null, 'camera_too_far', `CANARY of user ${index}`][(index + test) % 4] ?? null,
    })),
  );
  return { users: everyone, measurements };
}

/** Where the code lies, as lines of a stack say; it may be called as it likes. */
const root = resolve(__dirname, '../..');

/** Where a canary got out: the lines around it, or the file. */
export function leaks(texts: Record<string, string | Buffer>): string[] {
  return Object.entries(texts).flatMap(([name, text]) => {
    const latin = (typeof text === 'string' ? text : text.toString('latin1')).replaceAll(root, '');
    return MARKS.flatMap((mark) => {
      const at = latin.search(mark);
      return at < 0 ? [] : [`${name}: …${latin.slice(Math.max(0, at - 80), at + 80)}…`];
    });
  });
}

/** Every file below a folder, what is in `except` left out. A program that still runs may remove files meanwhile. */
export function filesBelow(folder: string, except: readonly string[] = []): Record<string, Buffer> {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (name) => !except.some((left) => name === left || name.startsWith(`${left}/`)),
  );
  return Object.fromEntries(names.flatMap((name) => readIfFile(join(folder, name)).map((content) => [name, content])));
}

function readIfFile(path: string): Buffer[] {
  try {
    return statSync(path).isFile() ? [readFileSync(path)] : [];
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw thrown;
  }
}
