import { flagsOf, notesAt, notesIn, readNotes } from '../../dashboard/page/annotations';
import { periodsFrom } from '../../dashboard/page/history';
import { addDays } from '../../shared/metrics/calendar';
import type { Grain } from '../../shared/metrics/grain';

const of = (date: string, until: string | null = null, text = '') => ({ date, until, text, exclude: false });
const annotations = [
  of('2025-12-20', '2025-12-22', 'outage'),
  of('2025-11-28', '2025-12-01', 'campaign'),
  of('2025-12-20', null, 'release'),
  of('2025-11-01', null, 'long before'),
  of('2026-01-01', null, 'later'),
];
const notes = notesIn(annotations, '2025-12-01', '2025-12-31');

test('those with a day of the span are numbered, the oldest first', () => {
  expect(notes.map(({ number, text }) => [number, text])).toEqual([
    [1, 'campaign'],
    [2, 'outage'],
    [3, 'release'],
  ]);
  expect(notesIn(annotations, '2025-12-02', '2025-12-19')).toEqual([]);
});

test.each<[Grain, string, string, object[]]>([
  [
    'day',
    '2025-12-01',
    '2025-12-31',
    [
      { date: '2025-12-01', until: '2025-12-01', label: '1' },
      { date: '2025-12-20', until: '2025-12-22', label: '2–3' },
    ],
  ],
  [
    'week',
    '2025-11-24',
    '2025-12-29',
    [
      { date: '2025-11-24', until: '2025-12-01', label: '1' },
      { date: '2025-12-15', until: '2025-12-22', label: '2–3' },
    ],
  ],
  ['month', '2025-12-01', '2025-12-01', [{ date: '2025-12-01', until: '2025-12-01', label: '1–3' }]],
  ['day', '2025-12-21', '2025-12-21', [{ date: '2025-12-21', until: '2025-12-21', label: '2' }]],
])('flags of a chart of %ss from %s to %s', (grain, first, last, flags) => {
  expect(flagsOf(notes, periodsFrom(first, last, grain), grain)).toEqual(flags);
});

test.each<[Grain, string, number[]]>([
  ['day', '2025-12-01', [1]],
  ['day', '2025-12-02', []],
  ['day', '2025-12-21', [2]],
  ['week', '2025-12-15', [2, 3]],
  ['week', '2025-12-22', [2]],
  ['month', '2025-12-01', [1, 2, 3]],
])('what is noted of the %s of %s', (grain, date, numbers) => {
  expect(notesAt(notes, date, grain).map(({ number }) => number)).toEqual(numbers);
});

test('three are read out, the others counted', () => {
  expect(readNotes([])).toBe('');
  expect(readNotes(notes)).toBe('1: campaign; 2: outage; 3: release');
  const many = notesIn(Array(1204).fill(of('2025-12-20', null, 'one')), '2025-12-01', '2025-12-31');
  expect(readNotes(many)).toBe('1: one; 2: one; 3: one; and 1,201 more');
});

test('ten thousand make no more flags than there are periods', () => {
  const many = Array.from({ length: 10_000 }, (_, index) => of(addDays('2025-01-01', index % 365)));
  const shown = notesIn(many, '2025-01-01', '2025-12-31');
  const flags = flagsOf(shown, periodsFrom('2025-01-01', '2025-12-31', 'day'), 'day');
  expect(flags).toHaveLength(365);
  expect(flags.at(-1)).toEqual({ date: '2025-12-31', until: '2025-12-31', label: '9974–10000' });
});
