import { addDays, type CalendarDate, localDate, PERIODS } from '../../shared/metrics/calendar';
import type { DashboardData } from '../data';
import type { MetricName } from '../metrics';
import { h } from './elements';
import { formatDate, formatDateWithYear, formatFigure, formatInstant } from './format';
import { daysLate, type History } from './history';

/** So many stretches of dates are named. */
const LISTED = 3;

/** How fresh and how whole the figures are. */
export function renderStatus({ data, last, day, first }: History): HTMLElement {
  const { of, timeZone, readAt, days } = data;
  const items: [term: string, text: string][] =
    of.kind === 'release'
      ? [
          ['Figures', `released, rounded to ${of.roundTo}`],
          ['Hidden', `where fewer than ${of.minPeople} people stand behind`],
          [
            `Released ${of.grain}s`,
            `${days.length}, ${of.grain === 'day' ? '' : 'beginning '}${formatDate(first)} to ${formatDate(last)}`,
          ],
          ['Time zone', timeZone],
          ['Read', formatInstant(readAt, timeZone)],
        ]
      : [
          ['Newest report', of.newest === null ? '–' : formatDateWithYear(of.newest.date)],
          ['Exported', of.newest === null ? '–' : formatInstant(of.newest.createdAt, timeZone)],
          ['Time zone', timeZone],
          ['Gaps', of.gaps.length === 0 ? 'none' : `${of.gaps.length}: ${list(of.gaps)}`],
          [
            'Days not over',
            day(last)?.provisional ? list(days.filter(({ provisional }) => provisional).map(({ date }) => date)) : 'none',
          ],
          ...unknownKinds(data),
        ];
  return h(
    'dl',
    { class: 'status' },
    items.map(([term, text]) => h('div', {}, h('dt', {}, term), h('dd', {}, text))),
  );
}

/** The same in a sentence or two, for print. */
export function renderSentence({ data, last, day, first }: History): HTMLElement {
  const { of, timeZone, readAt, days } = data;
  const read = `Read on ${formatInstant(readAt, timeZone)}, ${timeZone}.`;
  const open = days.filter(({ provisional }) => provisional).map(({ date }) => date);
  const text =
    of.kind === 'release'
      ? `Released figures of ${days.length} ${of.grain}s, ${of.grain === 'day' ? '' : 'beginning '}${formatDate(first)} to ${formatDateWithYear(last)}. ${read}`
      : of.newest === null
        ? `There is no complete report. ${read}`
        : [
            `The newest report is of ${formatDateWithYear(of.newest.date)}, made on ${formatInstant(of.newest.createdAt, timeZone)}.`,
            of.gaps.length === 0 ? 'No report is missing.' : `${of.gaps.length} reports are missing: ${list(of.gaps)}.`,
            day(last)?.provisional ? `Not over: ${list(open)}.` : 'All days were over.',
            `Days are of ${timeZone}.`,
          ].join(' ');
  return h('p', { class: 'sentence' }, text);
}

/** Of the newest days, how many failed tests no kind of error that is known explains; nothing if there is none. */
export function unknownKinds({ metrics, days }: DashboardData): [term: string, text: string][] {
  const sumOf = (wanted: MetricName) => {
    const at = metrics.findIndex(({ name }) => name === wanted);
    return days.slice(-PERIODS).reduce((total, { values }) => total + (values[at] ?? 0), 0);
  };
  const unknown = sumOf('other_errors');
  if (unknown === 0) return [];
  const failures = formatFigure(sumOf('total_errors'), 'count');
  return [
    ['Unknown kinds of error', `${formatFigure(unknown, 'count')} of ${failures} failed tests of the last ${PERIODS} days`],
  ];
}

/** Says so where the newest report is older than yesterday at the moment of reading; null where all is well. */
export function renderLateness({ data }: History, now: Date): HTMLElement | null {
  if (data.of.kind !== 'reports' || data.of.newest === null) return null;
  const { date } = data.of.newest;
  const late = daysLate(date, localDate(now, data.timeZone));
  if (late === 0) return null;
  return h(
    'p',
    { class: 'notice late', role: 'status' },
    h('b', {}, `The newest report is of ${formatDateWithYear(date)}. `),
    `Reports of the ${late === 1 ? 'day' : `${late} days`} since then are not here: the export did not run, or this page was made before it did.`,
  );
}

/** The newest of the dates; those that follow each other as one stretch. */
function list(dates: readonly CalendarDate[]): string {
  const stretches: [first: CalendarDate, last: CalendarDate][] = [];
  for (const date of dates) {
    const open = stretches.at(-1);
    if (open !== undefined && addDays(open[1], 1) === date) open[1] = date;
    else stretches.push([date, date]);
  }
  const named = stretches
    .slice(-LISTED)
    .map(([first, last]) => (first === last ? formatDate(first) : `${formatDate(first)} to ${formatDate(last)}`));
  return `${stretches.length > LISTED ? '…; ' : ''}${named.join('; ')}`;
}
