import type { CalendarDate } from '../../shared/metrics/calendar';
import type { Note } from './annotations';
import { h } from './elements';
import { type History, periodsIn } from './history';
import { type Kinds, type Panel, panelsOf, sections } from './layout';
import { createPanel, type PanelOptions, type PanelView } from './panel';
import { renderRanking } from './ranking';
import { renderRetention } from './retention';

/** The sections of charts of one grain. As in panels, days identify periods. */
export interface ChartsView {
  elements: HTMLElement[];
  /** Shows the periods with these days, and their notes. */
  show(from: CalendarDate, to: CalendarDate, notes: readonly Note[]): void;
  /** Ranks the kinds of a period, compared with the period `before`. */
  rank(date: CalendarDate, before: CalendarDate | null): void;
  /** Points at a day, in all charts or only in the visible ones. */
  point(day: CalendarDate, dayBefore: CalendarDate | null, where: 'all' | 'seen'): void;
}

export interface ChartsOptions extends Pick<PanelOptions, 'onPoint' | 'onChoose'> {
  history: History;
  /** For panels that always show days. */
  days: History;
  /** The history with cohorts; undefined if there is none. */
  cohorts: History | undefined;
}

export function createCharts({ history, days, cohorts, onPoint, onChoose }: ChartsOptions): ChartsView {
  const panels: PanelView[] = [];
  const rankings: { kinds: Kinds; place: HTMLElement }[] = [];
  const retentions: { of: History; place: HTMLElement }[] = [];
  const grid = (specs: readonly Panel[]) => {
    const views = specs.flatMap(
      (panel) => createPanel({ panel, history: panel.ofDays ? days : history, onPoint, onChoose }) ?? [],
    );
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
  const retentionOf = (of: History | undefined) => {
    if (of === undefined) return [];
    const place = h('div');
    retentions.push({ of, place });
    return [place];
  };
  const elements = sections.flatMap(({ title, name, panels, kinds, retention }) => {
    const content = [...grid(panels), ...(kinds ? kindsOf(kinds) : []), ...(retention ? retentionOf(cohorts) : [])];
    return content.length === 0
      ? []
      : h('section', { class: name, 'aria-labelledby': name }, h('h2', { id: name }, title), content);
  });
  return {
    elements,
    show(from, to, notes) {
      for (const panel of panels) panel.show(from, to, notes);
      for (const { of, place } of retentions) place.replaceChildren(renderRetention(of, periodsIn(of, from, to)));
    },
    rank(date, before) {
      for (const { kinds, place } of rankings) place.replaceChildren(renderRanking(history, kinds, date, before));
    },
    point(day, dayBefore, where) {
      for (const panel of panels) if (where === 'all' || panel.isNear()) panel.point(day, dayBefore);
    },
  };
}
