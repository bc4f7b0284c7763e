import { addDays, type CalendarDate } from '../../shared/metrics/calendar';
import type { ReportTable } from '../../shared/metrics/tables';
import type { DashboardData } from '../data';
import { renderCards } from './cards';
import { layOutForPrint } from './drawing';
import { h } from './elements';
import { formatLongDate } from './format';
import { createHistory, type History, windowOf, within } from './history';
import { type Kinds, type Panel, panelsOf, sections, tableTitles } from './layout';
import { createPanel, type PanelView } from './panel';
import { renderRanking } from './ranking';
import { compares, formatState, parseState, type State, spans, unknownIn } from './state';
import { renderLateness, renderSentence, renderStatus } from './status';
import { download, formatCsv, renderTable } from './table';
import './style.css';

const data = JSON.parse(document.getElementById('data')?.textContent ?? '') as DashboardData;
const history = createHistory(data);
const root = document.getElementById('page');
root?.append(...(history === null ? [emptyPage()] : page(history)));

function emptyPage(): HTMLElement {
  const [lack, command, remedy] =
    data.of.kind === 'release'
      ? ['Nothing is released yet. ', 'kpi release', ' releases periods that are complete.']
      : ['The warehouse holds no complete report. ', 'kpi export', ' makes the one of today.'];
  return h('main', { class: 'notice' }, h('h1', {}, 'No figures yet'), h('p', {}, lack, h('code', {}, command), remedy));
}

/** Builds the page once; what depends on the reader's choices is put in its places at each change. */
function page(history: History): HTMLElement[] {
  const tables = [...new Set(data.metrics.map(({ table }) => table as ReportTable))];
  const currentState = () => parseState(location.hash, tables);
  const choose = (change: Partial<State>) => {
    location.hash = formatState({ ...currentState(), ...change });
  };
  const chosenDate = (): CalendarDate => within(askedDate(), history.first, history.last);
  const askedDate = (): CalendarDate => currentState().date ?? data.date ?? history.newestOver;
  /** What the page shows instead of what it was asked for. */
  const excuses = (): string[] => {
    const [asked, shown, state] = [askedDate(), chosenDate(), currentState()];
    const instead = {
      date: `The address names a date that does not exist. Shown is ${formatLongDate(shown)}.`,
      compare: `The address names an unknown day to compare with. Compared is with ${compares[state.compare].title}.`,
      span: `The address names an unknown span. Shown: ${spans[state.span].title}.`,
      table: `The address names an unknown table. Shown is ${tableTitles[state.table]}.`,
    };
    return [
      ...unknownIn(location.hash, tables).map((name) => instead[name]),
      ...(asked === shown ? [] : [`No report has ${formatLongDate(asked)}. Shown is the nearest day that one has.`]),
      ...(history.day(shown) === undefined ? [`No report has ${formatLongDate(shown)}. Its place is left empty.`] : []),
    ];
  };

  const dateInput = h('input', {
    type: 'date',
    id: 'date',
    min: history.first,
    max: history.last,
    onchange: () => dateInput.value !== '' && choose({ date: dateInput.value }),
  });
  const step = (days: number, label: string, sign: string) =>
    h('button', { type: 'button', 'aria-label': label, onclick: () => choose({ date: addDays(chosenDate(), days) }) }, sign);
  const [earlier, later] = [step(-1, 'A day earlier', '‹'), step(1, 'A day later', '›')];
  const compareSelect = select('compare', compares, (compare) => choose({ compare }));
  const spanSelect = select('span', spans, (span) => choose({ span }));
  const heading = h('h2', { 'aria-live': 'polite' });
  const instead = h('div', { role: 'status' });
  const cards = h('div');
  const figures = h('div', { class: 'scroll', role: 'region', tabindex: 0, 'aria-label': 'Table of figures' });

  const panels: PanelView[] = [];
  let window: CalendarDate[] = [];
  let shownTable: ReportTable | null = null;
  const onPoint = (date: CalendarDate | null) => {
    const at = date ?? chosenDate();
    const { days } = compares[currentState().compare];
    // while the pointer moves, what the reader doesn't see stays at the chosen day
    for (const panel of panels) if (date === null || panel.isNear()) panel.point(at, days);
  };
  const rankings: { kinds: Kinds; place: HTMLElement }[] = [];
  const grid = (specs: readonly Panel[]) => {
    const views = specs.flatMap((panel) => createPanel({ panel, history, onPoint, onChoose: (date) => choose({ date }) }) ?? []);
    panels.push(...views);
    const elements = views.map(({ element }) => element);
    return elements.length === 0 ? [] : [h('div', { class: 'panels' }, elements)];
  };
  const kindsOf = (kinds: Kinds) => {
    if (!kinds.metrics.some((metric) => history.metrics.has(metric))) return [];
    const place = h('div');
    rankings.push({ kinds, place });
    return [place, ...grid(panelsOf(kinds))];
  };
  const charts = sections.flatMap(({ title, name, panels, kinds }) => {
    const content = [...grid(panels), ...(kinds ? kindsOf(kinds) : [])];
    return content.length === 0
      ? []
      : h('section', { class: name, 'aria-labelledby': name }, h('h2', { id: name }, title), content);
  });
  const tableButtons = tables.map((table) =>
    h('button', { type: 'button', onclick: () => choose({ table }) }, tableTitles[table]),
  );

  const update = () => {
    const { compare, span, table } = currentState();
    const date = chosenDate();
    dateInput.value = date;
    compareSelect.value = compare;
    spanSelect.value = span;
    earlier.disabled = date === history.first;
    later.disabled = date === history.last;
    heading.textContent = formatLongDate(date);
    instead.replaceChildren(...excuses().map((text) => h('p', { class: 'notice instead' }, text)));
    const { days } = compares[compare];
    cards.replaceChildren(renderCards(history, date, days));
    for (const { kinds, place } of rankings) place.replaceChildren(renderRanking(history, kinds, date, days));
    const next = windowOf(history, date, spans[span].days);
    const moved = next[0] !== window[0] || next.length !== window.length;
    window = next;
    if (moved) for (const panel of panels) panel.show(window);
    onPoint(null);
    for (const [index, button] of tableButtons.entries()) button.setAttribute('aria-pressed', String(tables[index] === table));
    if (moved || table !== shownTable) {
      figures.replaceChildren(renderTable(history, table, window, { chosen: chosenDate, atOnce: shownTable === null }));
    }
    shownTable = table;
    for (const row of figures.querySelectorAll('.chosen')) row.classList.remove('chosen');
    figures.querySelector(`[data-date="${date}"]`)?.classList.add('chosen');
  };
  addEventListener('hashchange', update);
  queueMicrotask(update);
  layOutForPrint();

  const main = h(
    'main',
    { id: 'main', tabindex: -1 },
    data.isDemo && h('p', { class: 'notice demo' }, 'Demo data: these figures are made up.'),
    renderLateness(history, new Date()),
    instead,
    h('div', { class: 'day' }, heading, renderStatus(history), renderSentence(history)),
    cards,
    legend(),
    charts,
    h(
      'section',
      { class: 'figures', 'aria-labelledby': 'figures' },
      h('h2', { id: 'figures' }, 'Figures by day'),
      h(
        'div',
        { class: 'toolbar' },
        h('div', { class: 'choices', role: 'group', 'aria-label': 'Table' }, tableButtons),
        h(
          'button',
          { type: 'button', onclick: () => download(`kpis-${window[0]}-${window.at(-1)}.csv`, formatCsv(history, window)) },
          'Download CSV',
        ),
      ),
      figures,
      definitions(tables),
    ),
  );
  const skip = h('a', { class: 'skip', href: '#main', onclick: (event: Event) => skipTo(event, main) }, 'Skip to the figures');
  const controls = h(
    'form',
    { class: 'controls', onsubmit: (event: Event) => event.preventDefault() },
    h('div', { class: 'date' }, h('label', { for: 'date' }, 'Day'), earlier, dateInput, later),
    h('div', {}, h('label', { for: 'compare' }, 'Compare with'), compareSelect),
    h('div', {}, h('label', { for: 'span' }, 'Show'), spanSelect),
  );
  const header = h('header', {}, h('h1', {}, 'Daily KPIs', data.of.kind === 'release' && ', released'));
  const narrow = matchMedia('(max-width: 40rem)');
  const placeControls = () => (narrow.matches ? cards.after(controls) : header.append(controls));
  narrow.addEventListener('change', placeControls);
  placeControls();
  return [skip, header, main];
}

function select<Name extends string>(
  id: string,
  choices: Record<Name, { title: string }>,
  onChoose: (name: Name) => void,
): HTMLSelectElement {
  const element = h(
    'select',
    { id, onchange: () => onChoose(element.value as Name) },
    Object.entries<{ title: string }>(choices).map(([name, { title }]) => h('option', { value: name }, title)),
  );
  return element;
}

/** The fragment holds the state, so the link must not change it. */
function skipTo(event: Event, target: HTMLElement): void {
  event.preventDefault();
  target.focus();
}

function legend(): HTMLElement {
  return h(
    'p',
    { class: 'legend' },
    'In the charts a thin line is of days, and a bold one takes the last 7 days together (the conversion rate, 28 days). ',
    ...(data.of.kind === 'release' ? releaseLegend(data.of) : reportsLegend()),
    ' A change in ',
    h('b', { class: 'better' }, 'blue'),
    ' is for the better, one in ',
    h('b', { class: 'worse' }, 'orange'),
    ' for the worse.',
  );
}

function releaseLegend({ minPeople, roundTo }: { minPeople: number; roundTo: number }): (Node | string)[] {
  return [
    `Counts are rounded to ${roundTo}, and rates are made of the rounded counts. `,
    h('b', {}, 'Hidden'),
    ` is what fewer than ${minPeople} people stand behind, and what would give such a group away. What is hidden is left empty in the charts.`,
  ];
}

function reportsLegend(): (Node | string)[] {
  return [
    h('b', {}, 'Dashed and hollow'),
    ' may still change: a day that was not over when it was reported, or new accounts in the eleven days in which their first test is still awaited. A day without a report is left empty.',
  ];
}

function definitions(tables: ReportTable[]): HTMLElement {
  return h(
    'div',
    { class: 'dictionary' },
    h('h3', {}, 'Columns, and how each is counted'),
    tables.map((table) =>
      h(
        'details',
        {},
        h('summary', {}, tableTitles[table]),
        h(
          'dl',
          {},
          data.metrics
            .filter((metric) => metric.table === table)
            .map(({ name, label, definition }) =>
              h('div', {}, h('dt', {}, label, ' ', h('code', {}, name)), h('dd', {}, definition)),
            ),
        ),
      ),
    ),
  );
}
