import type { CalendarDate } from '../../shared/metrics/calendar';
import { addPeriods, periodEnd } from '../../shared/metrics/grain';
import type { Cohort } from '../data';
import { h, spoken } from './elements';
import { capital, formatFigure, formatMany, formatNumber, formatPeriod, formatPeriodWithYear } from './format';
import type { History } from './history';

/** Preferred age of the cell that is explained in words. */
const EXAMPLE_AGE = 4;

/** A cohort at an age. `rate` is in per cent; null if nobody is in the cohort. */
export type Cell =
  | { kind: 'known'; retained: number; rate: number | null; provisional: boolean }
  | { kind: 'later' }
  | { kind: 'missing' };

/** The cell of a cohort at an age: `later` is beyond the newest report, `missing` is in no report. */
export function cellOf(history: History, { date, users, retained: counts }: Cohort, age: number): Cell {
  const period = addPeriods(date, age, history.grain);
  const retained = counts[age];
  if (retained === undefined) return { kind: period > history.last ? 'later' : 'missing' };
  const rate = users === 0 ? null : (100 * retained) / users;
  return { kind: 'known', retained, rate, provisional: history.period(period)?.provisional ?? false };
}

/** A cell with a rate as an example: of the newest cohort that is old enough, or nearly; null if there is none. */
export function exampleOf(history: History, cohorts: readonly Cohort[]): { cohort: Cohort; age: number } | null {
  for (let age = EXAMPLE_AGE; age > 0; age--) {
    const cohort = cohorts.findLast((cohort) => {
      const cell = cellOf(history, cohort, age);
      return cell.kind === 'known' && cell.rate !== null && !cell.provisional;
    });
    if (cohort !== undefined) return { cohort, age };
  }
  return null;
}

/** `Of the 27 people whose first test was in Nov 10–16, 9 (33.3 %) took a test 4 weeks later, in Dec 8–14.` */
export function readAloud(history: History, cohort: Cohort, age: number): string {
  const { grain } = history;
  const cell = cellOf(history, cohort, age);
  if (cell.kind !== 'known' || cell.rate === null) return '';
  const people = cohort.users === 1 ? 'person' : 'people';
  const [first, then] = [cohort.date, addPeriods(cohort.date, age, grain)].map((date) => formatPeriod(date, grain));
  const share = `${formatNumber(cell.retained, 'count')} (${formatFigure(cell.rate, 'percent')})`;
  const later = `${formatMany(age, grain)} later`;
  return `Of the ${formatNumber(cohort.users, 'count')} ${people} whose first test was in ${first}, ${share} took a test ${later}, in ${then}.`;
}

/**
 * How many people with a first test in one period take tests in later ones: one row per cohort, newest first. Each cell has its number, so
 * that it can be read without colour.
 */
export function renderRetention(history: History, window: readonly CalendarDate[]): HTMLElement {
  const { grain } = history;
  const [first = '', last = ''] = [window[0], window.at(-1)];
  const shown = history.cohorts.filter(({ date }) => date >= first && date <= last);
  // leaves out the empty cohorts before the first test
  const oldest = shown.findIndex(({ users }) => users > 0);
  const cohorts = oldest === -1 ? [] : shown.slice(oldest);
  const title = `Retention by ${grain}`;
  if (cohorts.length === 0) {
    const text =
      shown.length === 0 ? `No report has retention of these ${grain}s.` : `Nobody took a first test in these ${grain}s.`;
    return h('section', { class: 'retention', 'aria-label': title }, h('h3', {}, title), h('p', {}, text));
  }
  // shows the year if it differs from that of the newest cohort
  const newest = yearOf(periodEnd(cohorts.at(-1)?.date ?? last, grain));
  const nameOf = (date: CalendarDate) =>
    (yearOf(periodEnd(date, grain)) === newest ? formatPeriod : formatPeriodWithYear)(date, grain);
  const ages = Array.from({ length: Math.max(...cohorts.map(({ retained }) => retained.length)) }, (_, age) => age);
  const example = exampleOf(history, cohorts);
  // at age 0 nearly all are active, so the colour scale is for later ages
  const rates = cohorts.flatMap((cohort) => ages.slice(1).flatMap((age) => rateOf(cellOf(history, cohort, age)) ?? []));
  const top = Math.max(1, ...rates);
  const row = (cohort: Cohort) =>
    h(
      'tr',
      { 'data-date': cohort.date },
      h('th', { scope: 'row' }, nameOf(cohort.date)),
      h('td', {}, formatNumber(cohort.users, 'count')),
      ages.map((age) => {
        const cell = renderCell(history, cohort, age, age === 0 ? null : top);
        if (example?.cohort === cohort && example.age === age) cell.classList.add('example');
        return cell;
      }),
    );
  return h(
    'section',
    { class: 'retention', 'aria-label': title },
    h('h3', {}, title),
    example && h('p', {}, 'The cell with a frame reads: ', h('b', {}, readAloud(history, example.cohort, example.age))),
    h(
      'div',
      { class: 'scroll', role: 'region', tabindex: 0, 'aria-label': `Table of ${title.toLowerCase()}` },
      h(
        'table',
        {},
        h('caption', {}, `Retention rate in %, by ${grain}s after the first test`),
        h(
          'thead',
          {},
          h(
            'tr',
            {},
            h('th', { scope: 'col' }, 'First test'),
            h('th', { scope: 'col' }, 'Cohort users'),
            ages.map((age) => h('th', { scope: 'col' }, String(age), spoken(age === 1 ? ` ${grain} later` : ` ${grain}s later`))),
          ),
        ),
        h('tbody', {}, cohorts.toReversed().map(row)),
      ),
    ),
    h(
      'p',
      { class: 'note' },
      `The more of a cohort take tests, the stronger the colour. An empty cell: no report has that ${grain} yet. A dash: its report is missing, or nobody is in the cohort.`,
      cohorts.some((cohort) => ages.some((age) => isProvisional(cellOf(history, cohort, age)))) &&
        ` Dashed: the ${grain} was not over when it was reported.`,
    ),
  );
}

/** `top` is the rate with the strongest colour; null: no colour. */
function renderCell(history: History, cohort: Cohort, age: number, top: number | null): HTMLElement {
  const { grain } = history;
  const cell = cellOf(history, cohort, age);
  const period = formatPeriod(addPeriods(cohort.date, age, grain), grain);
  if (cell.kind === 'later') {
    const reason = `no report has ${period} yet`;
    return h('td', { class: 'later', title: capital(reason) }, spoken(reason));
  }
  if (cell.kind === 'missing') return h('td', { class: 'none', title: `No report has ${period}` }, '–', spoken('no report'));
  if (cell.rate === null) return h('td', { class: 'none', title: 'Nobody is in this cohort' }, '–', spoken('nobody'));
  const people = `${formatNumber(cell.retained, 'count')} of ${formatNumber(cohort.users, 'count')} people in ${period}`;
  const element = h(
    'td',
    { class: cell.provisional ? 'heat open' : 'heat', title: `${people}${cell.provisional ? ', so far' : ''}` },
    h('data', { value: cell.rate }, formatNumber(cell.rate, 'percent')),
    cell.provisional && spoken(' so far'),
  );
  element.style.setProperty('--heat', `${top === null ? 0 : Math.round((100 * cell.rate) / top)}%`);
  return element;
}

function yearOf(date: CalendarDate): string {
  return date.slice(0, 4);
}

function rateOf(cell: Cell): number | null {
  return cell.kind === 'known' ? cell.rate : null;
}

function isProvisional(cell: Cell): boolean {
  return cell.kind === 'known' && cell.provisional;
}
