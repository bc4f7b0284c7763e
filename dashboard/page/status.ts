import { addDays, type CalendarDate, localDate, PERIODS } from '../../shared/metrics/calendar';
import { type Grain, grains } from '../../shared/metrics/grain';
import type { GrainFigures } from '../data';
import type { MetricName } from '../metrics';
import { h } from './elements';
import { capital, formatDate, formatDateWithYear, formatFigure, formatInstant } from './format';
import { daysLate, type History } from './history';

/** Most ranges of dates to name. */
const LISTED = 3;

/** The date whose report is the first with periods of a grain. */
const firstReport: Record<Grain, string> = { day: 'a day', week: 'a Sunday', month: 'the last day of a month' };

/** The id of the note that there are no periods of a grain. */
export const lackId = (grain: Grain) => `no-${grain}s`;

/** How fresh and complete the figures are, judged by days. */
export function renderStatus({ data, last, period, first }: History): HTMLElement {
  const { of, timeZone, readAt } = data;
  const days = data.grains.day.periods;
  const items: [term: string, text: string, id?: string][] =
    of.kind === 'release'
      ? [
          ['Figures', `released, rounded to ${of.roundTo}`],
          ['Hidden', `numbers from fewer than ${of.minPeople} people`],
          [
            `Released ${of.grain}s`,
            `${data.grains[of.grain]?.periods.length ?? 0}, ${of.grain === 'day' ? '' : 'beginning '}${formatDate(first)} to ${formatDate(last)}`,
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
            period(last)?.provisional ? list(days.filter(({ provisional }) => provisional).map(({ date }) => date)) : 'none',
          ],
          ...unknownKinds(data.grains.day),
          ...grains
            .filter((grain) => data.grains[grain] === undefined)
            .map((grain): [string, string, string] => [
              `${capital(grain)}s`,
              `none yet; they come with the report of ${firstReport[grain]}`,
              lackId(grain),
            ]),
        ];
  return h(
    'dl',
    { class: 'status' },
    items.map(([term, text, id]) => h('div', { id }, h('dt', {}, term), h('dd', {}, text))),
  );
}

/** The same in a sentence or two, for print. */
export function renderSentence({ data, last, period, first }: History): HTMLElement {
  const { of, timeZone, readAt } = data;
  const days = data.grains.day.periods;
  const read = `Read on ${formatInstant(readAt, timeZone)}, ${timeZone}.`;
  const open = days.filter(({ provisional }) => provisional).map(({ date }) => date);
  const text =
    of.kind === 'release'
      ? `Released figures of ${data.grains[of.grain]?.periods.length ?? 0} ${of.grain}s, ${of.grain === 'day' ? '' : 'beginning '}${formatDate(first)} to ${formatDateWithYear(last)}. ${read}`
      : of.newest === null
        ? `There is no complete report. ${read}`
        : [
            `The newest report is of ${formatDateWithYear(of.newest.date)}, made on ${formatInstant(of.newest.createdAt, timeZone)}.`,
            of.gaps.length === 0 ? 'No report is missing.' : `${of.gaps.length} reports are missing: ${list(of.gaps)}.`,
            period(last)?.provisional ? `Not over: ${list(open)}.` : 'All days were over.',
            `Days are of ${timeZone}.`,
          ].join(' ');
  return h('p', { class: 'sentence' }, text);
}

/** The number of failed tests of unknown kinds in the newest days; empty if there are none. */
export function unknownKinds({ metrics, periods }: Pick<GrainFigures, 'metrics' | 'periods'>): [term: string, text: string][] {
  const sumOf = (wanted: MetricName) => {
    const at = metrics.findIndex(({ name }) => name === wanted);
    return periods.slice(-PERIODS).reduce((total, { values }) => total + (values[at] ?? 0), 0);
  };
  const unknown = sumOf('other_errors');
  if (unknown === 0) return [];
  const failures = formatFigure(sumOf('total_errors'), 'count');
  return [
    ['Unknown kinds of error', `${formatFigure(unknown, 'count')} of ${failures} failed tests of the last ${PERIODS} days`],
  ];
}

/** A note if the newest report is older than yesterday at the moment of reading; otherwise null. */
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

/** Lists the newest of the dates, consecutive ones as a range. */
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
