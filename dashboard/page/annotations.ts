import type { CalendarDate } from '../../shared/metrics/calendar';
import { type Grain, periodEnd, periodStart } from '../../shared/metrics/grain';
import type { Annotation } from '../../shared/metrics/tables/annotations';
import { h } from './elements';
import { formatDate, formatDateWithYear, formatNumber } from './format';
import { within } from './history';

/** An annotation with its number among the shown ones, from 1, oldest first. */
export interface Note extends Annotation {
  number: number;
}

/** Marks in a chart the period where notes begin. */
export interface Flag {
  /** First day of the period. */
  date: CalendarDate;
  /** The last period of these notes. */
  until: CalendarDate;
  /** `3`, `3–5` */
  label: string;
}

/** Most notes in a text for screen readers. The others are counted. */
const MOST_READ = 3;
/** Rows rendered at first, because thousands are slow. */
const FIRST_ROWS = 200;

const lastDayOf = ({ date, until }: Annotation) => until ?? date;

/** The annotations with a day from `from` to `to`. */
export function notesIn(annotations: readonly Annotation[], from: CalendarDate, to: CalendarDate): Note[] {
  return annotations
    .filter((one) => one.date <= to && lastDayOf(one) >= from)
    .toSorted((one, other) => (one.date === other.date ? 0 : one.date < other.date ? -1 : 1))
    .map((one, index) => ({ ...one, number: index + 1 }));
}

/** The flags for a chart of these periods: one in each period where notes begin, or in the first period if they began earlier. */
export function flagsOf(notes: readonly Note[], periods: readonly CalendarDate[], grain: Grain): Flag[] {
  const [first, last] = [periods[0], periods.at(-1)];
  const flags = new Map<CalendarDate, Flag & { of: Note[] }>();
  if (first === undefined || last === undefined) return [];
  for (const note of notes) {
    const [begin, end] = [periodStart(note.date, grain), periodStart(lastDayOf(note), grain)];
    if (begin > last || end < first) continue;
    const [date, until] = [within(begin, first, last), within(end, first, last)];
    const flag = flags.get(date);
    if (flag === undefined) flags.set(date, { date, until, label: String(note.number), of: [note] });
    else {
      flag.of.push(note);
      flag.label = `${flag.of[0]?.number}–${note.number}`;
      if (until > flag.until) flag.until = until;
    }
  }
  return Array.from(flags.values(), ({ date, until, label }) => ({ date, until, label }));
}

/** The notes with a day in the period. */
export function notesAt(notes: readonly Note[], date: CalendarDate, grain: Grain): Note[] {
  const end = periodEnd(date, grain);
  return notes.filter((note) => note.date <= end && lastDayOf(note) >= date);
}

/** `2: Release 4.0; 3: Outage; and 5 more`; empty without notes. */
export function readNotes(notes: readonly Note[]): string {
  const read = notes.slice(0, MOST_READ).map(({ number, text }) => `${number}: ${text}`);
  const left = notes.length - read.length;
  return [...read, ...(left === 0 ? [] : [`and ${formatNumber(left, 'count')} more`])].join('; ');
}

/** The notes as a list, newest first. A button adds those beyond the first rows. */
export function renderNotes(notes: readonly Note[], onChoose: (day: CalendarDate) => void): HTMLElement {
  const rowOf = ({ number, date, until, text, exclude }: Note) =>
    h(
      'li',
      {},
      h('span', { class: 'number' }, String(number)),
      h(
        'button',
        { type: 'button', onclick: () => onChoose(date) },
        until === null ? formatDateWithYear(date) : `${formatDate(date)} to ${formatDateWithYear(until)}`,
      ),
      h('span', { class: 'text', dir: 'auto' }, text),
      exclude && h('span', { class: 'tag' }, 'left out of comparisons'),
    );
  const [first, others] = [notes.slice(-FIRST_ROWS).toReversed(), notes.slice(0, -FIRST_ROWS).toReversed()];
  const list = h('ul', {}, first.map(rowOf));
  const showOthers = () => {
    list.append(...others.map(rowOf));
    more.remove();
  };
  const more = h(
    'button',
    { type: 'button', class: 'more', onclick: showOthers },
    `Show ${formatNumber(others.length, 'count')} more`,
  );
  return h(
    'div',
    { class: 'notes', role: 'region', tabindex: 0, 'aria-label': 'List of annotations' },
    list,
    others.length > 0 && more,
  );
}
