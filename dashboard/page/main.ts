import type { CalendarDate } from '../../shared/metrics/calendar';
import { addPeriods, type Grain, grainAdverbs, grains, periodEnd, periodStart } from '../../shared/metrics/grain';
import type { DashboardData } from '../data';
import { notesIn, renderNotes } from './annotations';
import { renderCards } from './cards';
import { type ChartsView, createCharts } from './charts';
import { layOutForPrint } from './drawing';
import { h } from './elements';
import { capital, formatLongPeriod } from './format';
import { createHistory, dayBefore, type History, windowOf, within } from './history';
import { tableTitles } from './layout';
import {
  type Choices,
  compares,
  formatState,
  inGrain,
  lackingGrain,
  openingGrain,
  parseState,
  type State,
  spans,
  type TableName,
  unknownIn,
} from './state';
import { lackId, renderLateness, renderSentence, renderStatus } from './status';
import { download, formatCsv, renderTable } from './table';
import './style.css';

const data = JSON.parse(document.getElementById('data')?.textContent ?? '') as DashboardData;
const histories = new Map(
  grains.flatMap((grain): [Grain, History][] => {
    const history = createHistory(data, grain);
    return history === null ? [] : [[grain, history]];
  }),
);
/** Days; for a release, periods of its grain. */
const days = histories.get('day') ?? [...histories.values()][0];
const root = document.getElementById('page');
root?.append(...(days === undefined ? [emptyPage()] : page(days)));

function emptyPage(): HTMLElement {
  const [lack, command, remedy] =
    data.of.kind === 'release'
      ? ['Nothing is released yet. ', 'kpi release', ' releases periods that are complete.']
      : ['The warehouse holds no complete report. ', 'kpi export', ' makes the one of today.'];
  return h('main', { class: 'notice' }, h('h1', {}, 'No figures yet'), h('p', {}, lack, h('code', {}, command), remedy));
}

/** Builds the page once. Parts that depend on the reader's choices are replaced at each change. */
function page(days: History): HTMLElement[] {
  const known = [...histories.keys()];
  const choices: Choices = {
    grains: known,
    grain: data.of.kind === 'release' ? days.grain : openingGrain(days.first, days.last, data.date, known),
    tables: [...new Set([...histories.values()].flatMap(tablesOf))],
  };
  const currentState = () => parseState(location.hash, choices);
  const goTo = (state: State) => {
    location.hash = formatState(state, choices);
  };
  const choose = (change: Partial<State>) => goTo({ ...currentState(), ...change });
  const currentHistory = (): History => histories.get(currentState().grain) ?? days;
  const askedDate = (): CalendarDate => {
    const { grain, newestOver } = currentHistory();
    return periodStart(currentState().date ?? data.date ?? newestOver, grain);
  };
  const chosenDate = (): CalendarDate => within(askedDate(), currentHistory().first, currentHistory().last);
  /** Number of periods back to the compared period; null: no comparison. */
  const comparedPeriods = (): number | null => {
    const { grain, compare } = currentState();
    return compares[grain][compare]?.periods ?? null;
  };
  /** Says what the page shows instead of the requested view. */
  const excuses = (): string[] => {
    const state = currentState();
    const isRelease = data.of.kind === 'release';
    const [asked, shown, { grain }] = [askedDate(), chosenDate(), state];
    const name = (date: CalendarDate) => formatLongPeriod(date, grain).replace(/^Week/, 'the week');
    const lacking = lackingGrain(location.hash, choices);
    const instead = {
      grain:
        lacking === null
          ? `The address names an unknown kind of period. Shown are ${grain}s.`
          : data.of.kind === 'release'
            ? `Only ${grain}s are released.`
            : `No report has ${lacking}s yet. Shown are ${grain}s.`,
      date: `The address names a date that does not exist. Shown is ${name(shown)}.`,
      compare: `The address names an unknown ${grain} to compare with. Compared is with ${compares[grain][state.compare]?.title}.`,
      span: `The address names an unknown span. Shown: ${spans[grain][state.span]?.title}.`,
      table: `The address names an unknown table. Shown is ${tableTitles[state.table]}.`,
    };
    return [
      ...unknownIn(location.hash, choices).map((name) => instead[name]),
      ...(asked === shown
        ? []
        : [
            isRelease
              ? `${capital(name(asked))} is not released. Shown is the nearest released ${grain}.`
              : `No report has ${name(asked)}. Shown is the nearest ${grain} that one has.`,
          ]),
      ...(currentHistory().period(shown) === undefined
        ? [
            isRelease
              ? `${capital(name(shown))} is not released. Its place is left empty.`
              : `No report has ${name(shown)}. Its place is left empty.`,
          ]
        : []),
    ];
  };

  const grainButtons = grains.map((grain) =>
    h(
      'button',
      {
        type: 'button',
        disabled: !histories.has(grain),
        'aria-describedby': histories.has(grain) ? null : lackId(grain),
        onclick: () => goTo(inGrain(currentState(), grain)),
      },
      capital(grain),
    ),
  );
  const dateLabel = h('label', { for: 'date' });
  const dateInput = h('input', {
    type: 'date',
    id: 'date',
    onchange: () => dateInput.value !== '' && choose({ date: dateInput.value }),
  });
  const step = (periods: number, sign: string) =>
    h(
      'button',
      { type: 'button', onclick: () => choose({ date: addPeriods(chosenDate(), periods, currentHistory().grain) }) },
      sign,
    );
  const [earlier, later] = [step(-1, '‹'), step(1, '›')];
  const compareSelect = select('compare', (compare) => choose({ compare }));
  const spanSelect = select('span', (span) => choose({ span }));
  const title = h('h1');
  const heading = h('h2', { 'aria-live': 'polite' });
  const sentence = h('p', { class: 'told', 'aria-live': 'polite' });
  const instead = h('div', { role: 'status' });
  const cards = h('div');
  const explanation = h('p', { class: 'legend' });
  const chartsPlace = h('div');
  const notesPlace = h('div');
  const notes = h(
    'section',
    { class: 'annotations', 'aria-labelledby': 'annotations', hidden: true },
    h('h2', { id: 'annotations' }, 'Annotations'),
    notesPlace,
  );
  const figuresTitle = h('h2', { id: 'figures' });
  const tableButtons = h('div', { class: 'choices', role: 'group', 'aria-label': 'Table' });
  const figures = h('div', { class: 'scroll', role: 'region', tabindex: 0, 'aria-label': 'Table of figures' });
  const dictionary = h('div', { class: 'dictionary' });

  let charts: ChartsView | null = null;
  let shownGrain: Grain | null = null;
  let shownTable: TableName | null = null;
  let window: CalendarDate[] = [];
  const onPoint = (pointed: CalendarDate | null) => {
    const { grain } = currentState();
    const day = pointed ?? periodEnd(chosenDate(), grain);
    const periods = comparedPeriods();
    // while the pointer moves, charts that aren't visible stay at the chosen period
    charts?.point(day, periods === null ? null : dayBefore(day, periods, grain), pointed === null ? 'all' : 'seen');
  };

  /** Replaces the parts that depend on the grain alone. */
  const showGrain = (history: History) => {
    const { grain, first, last } = history;
    charts = createCharts({
      history,
      days,
      cohorts: data.of.kind === 'release' ? undefined : histories.get(grain === 'month' ? 'month' : 'week'),
      onPoint,
      onChoose: (date) => choose({ date }),
    });
    chartsPlace.replaceChildren(...charts.elements);
    for (const [index, button] of grainButtons.entries()) button.setAttribute('aria-pressed', String(grains[index] === grain));
    title.textContent = titleOf(grain);
    document.title = titleOf(grain);
    dateLabel.textContent = { day: 'Day', week: 'Week of', month: 'Month of' }[grain];
    dateInput.min = first;
    dateInput.max = periodEnd(last, grain);
    earlier.ariaLabel = `A ${grain} earlier`;
    later.ariaLabel = `A ${grain} later`;
    offer(compareSelect, compares[grain]);
    offer(spanSelect, spans[grain]);
    explanation.replaceChildren(...legend(history));
    figuresTitle.textContent = `Figures by ${grain}`;
    tableButtons.replaceChildren(
      ...tablesOf(history).map((table) =>
        h('button', { type: 'button', 'data-name': table, onclick: () => choose({ table }) }, tableTitles[table]),
      ),
    );
    dictionary.replaceChildren(...definitions(history));
    window = [];
  };

  const update = () => {
    const { grain, compare, span, table } = currentState();
    const history = currentHistory();
    if (grain !== shownGrain) showGrain(history);
    const date = chosenDate();
    const periods = comparedPeriods();
    const before = periods === null ? null : addPeriods(date, -periods, grain);
    dateInput.value = date;
    compareSelect.value = compare;
    spanSelect.value = span;
    earlier.disabled = date === history.first;
    later.disabled = date === history.last;
    heading.textContent = formatLongPeriod(date, grain);
    sentence.textContent = history.sentence(date) ?? '';
    instead.replaceChildren(...excuses().map((text) => h('p', { class: 'notice instead' }, text)));
    cards.replaceChildren(renderCards(history, date, before));
    charts?.rank(date, before);
    const next = windowOf(history, date, spans[grain][span]?.periods ?? 1);
    const moved = next[0] !== window[0] || next.length !== window.length;
    window = next;
    if (moved) {
      const [from, to] = [window[0] ?? date, periodEnd(window.at(-1) ?? date, grain)];
      const shown = data.of.kind === 'reports' ? notesIn(data.of.annotations, from, to) : [];
      notes.hidden = shown.length === 0;
      notesPlace.replaceChildren(renderNotes(shown, (day) => choose({ date: day })));
      charts?.show(from, to, shown);
    }
    onPoint(null);
    for (const button of tableButtons.querySelectorAll('button'))
      button.setAttribute('aria-pressed', String(button.dataset.name === table));
    if (moved || table !== shownTable) {
      const options = { chosen: chosenDate, atOnce: shownTable === null };
      figures.replaceChildren(renderTable(history, tableName(table, grain), window, options));
    }
    shownGrain = grain;
    shownTable = table;
    for (const row of figures.querySelectorAll('.chosen')) row.classList.remove('chosen');
    figures.querySelector(`[data-date="${date}"]`)?.classList.add('chosen');
  };
  addEventListener('hashchange', update);
  queueMicrotask(update);
  layOutForPrint();

  const downloadCsv = () => {
    if (data.of.kind === 'release') return download('metrics.csv', data.of.csv);
    const last = periodEnd(window.at(-1) ?? days.last, currentState().grain);
    download(`kpis-${window[0]}-${last}.csv`, formatCsv(currentHistory(), window));
  };
  const main = h(
    'main',
    { id: 'main', tabindex: -1 },
    data.isDemo && h('p', { class: 'notice demo' }, 'Demo data: these figures are made up.'),
    renderLateness(days, new Date()),
    instead,
    h('div', { class: 'day' }, heading, sentence, renderStatus(days), renderSentence(days)),
    cards,
    explanation,
    data.of.kind === 'release' && renderHidden(data.of),
    chartsPlace,
    notes,
    h(
      'section',
      { class: 'figures', 'aria-labelledby': 'figures' },
      figuresTitle,
      h('div', { class: 'toolbar' }, tableButtons, h('button', { type: 'button', onclick: downloadCsv }, 'Download CSV')),
      figures,
      dictionary,
    ),
  );
  const skip = h('a', { class: 'skip', href: '#main', onclick: (event: Event) => skipTo(event, main) }, 'Skip to the figures');
  const controls = h(
    'form',
    { class: 'controls', onsubmit: (event: Event) => event.preventDefault() },
    data.of.kind === 'reports' && h('div', { class: 'choices grains', role: 'group', 'aria-label': 'Period' }, grainButtons),
    h('div', { class: 'date' }, dateLabel, earlier, dateInput, later),
    h('div', {}, h('label', { for: 'compare' }, 'Compare with'), compareSelect),
    h('div', {}, h('label', { for: 'span' }, 'Show'), spanSelect),
  );
  const header = h('header', {}, title);
  const narrow = matchMedia('(max-width: 40rem)');
  const placeControls = () => (narrow.matches ? cards.after(controls) : header.append(controls));
  narrow.addEventListener('change', placeControls);
  placeControls();
  return [skip, header, main];
}

const titles: Record<Grain, string> = { day: 'Daily KPIs', week: 'Weekly KPIs', month: 'Monthly KPIs' };

function titleOf(grain: Grain): string {
  if (data.of.kind === 'reports') return titles[grain];
  return data.of.title ?? `${titles[grain]}, released`;
}

/** The tables of a grain, in the order of their figures. */
function tablesOf({ metrics }: History): TableName[] {
  return [...new Set(Array.from(metrics.values(), ({ table }) => table.replace(/^[a-z]+_/, '') as TableName))];
}

function tableName(table: TableName, grain: Grain): string {
  return `${grainAdverbs[grain]}_${table}`;
}

function select(id: string, onChoose: (name: string) => void): HTMLSelectElement {
  const element = h('select', { id, onchange: () => onChoose(element.value) });
  return element;
}

function offer(element: HTMLSelectElement, choices: Record<string, { title: string }>): void {
  element.replaceChildren(...Object.entries(choices).map(([name, { title }]) => h('option', { value: name }, title)));
}

/** Skips to an element without a link, because the fragment holds the state. */
function skipTo(event: Event, target: HTMLElement): void {
  event.preventDefault();
  target.focus();
}

function legend({ grain, metrics }: History): (Node | string)[] {
  const lines =
    grain === 'day'
      ? 'In the charts, a thin line shows days, and a bold line the last 7 days together (conversion rate: 28 days). '
      : metrics.has('new_users')
        ? 'People over 1, 7 and 28 days and the stickiness are figures of days. A bold line shows the last 7 days together. '
        : '';
  return [
    lines,
    ...(data.of.kind === 'release' ? releaseLegend(data.of) : reportsLegend(grain)),
    ' A change in ',
    h('b', { class: 'better' }, 'blue'),
    ' is an improvement, one in ',
    h('b', { class: 'worse' }, 'orange'),
    ' is not.',
  ];
}

type Release = Extract<DashboardData['of'], { kind: 'release' }>;

function releaseLegend({ minPeople, roundTo }: Release): (Node | string)[] {
  return [
    aboutLink(),
    ` Counts are rounded to ${roundTo}, and rates are made of the rounded counts. `,
    h('b', {}, 'Hidden'),
    ` numbers come from fewer than ${minPeople} people, or such numbers could be calculated from them. Their places in the charts are empty.`,
  ];
}

/** A link to the explanation that document.ts puts below the page. */
function aboutLink(): HTMLElement {
  const go = (event: Event) => {
    const about = document.getElementById('about');
    if (about !== null) skipTo(event, about);
  };
  return h('a', { href: '#about', onclick: go }, 'What these figures are, and how they may be used.');
}

/** One line that names all figures that are hidden in every period. */
function renderHidden({ grain, hidden, minPeople }: Release): HTMLElement | null {
  if (hidden.length === 0) return null;
  const text = ` in every ${grain}, so not shown below: ${hidden.join(', ')}. These numbers come from fewer than ${minPeople} people, or such numbers could be calculated from them.`;
  return h('p', { class: 'legend' }, h('b', {}, 'Hidden'), text);
}

function reportsLegend(grain: Grain): (Node | string)[] {
  return [
    h('b', {}, 'Dashed or hollow'),
    ` figures may still change: the ${grain} was not over when its report was made, or its new accounts may still take their first test. The place of a ${grain} without a report is empty. `,
    h('b', {}, 'Grey'),
    ` shows the usual range of each ${grain}: behind lines, and above bars. Conversion is judged by its value at the end of the ${grain}, so its chart has no range.`,
  ];
}

function definitions(history: History): HTMLElement[] {
  return [
    h('h3', {}, 'Columns, and how each is counted'),
    ...tablesOf(history).map((table) =>
      h(
        'details',
        {},
        h('summary', {}, tableTitles[table]),
        h(
          'dl',
          {},
          [...history.metrics.values()]
            .filter((metric) => metric.table === tableName(table, history.grain))
            .map(({ name, label, definition }) =>
              h('div', {}, h('dt', {}, label, ' ', h('code', {}, name)), h('dd', {}, definition)),
            ),
        ),
      ),
    ),
  ];
}
