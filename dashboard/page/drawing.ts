export interface Drawing {
  /** Draws anew: at once if the reader sees it, otherwise as soon as what the reader sees is drawn. */
  redraw(): void;
  /** The reader sees it, or nearly. */
  isNear(): boolean;
}

/**
 * Draws into an element that is as wide as the layout makes it: when it is first laid out, when its width changes, and before it is
 * printed. A drawing that isn't laid out is left for later.
 */
export function keepDrawn(element: HTMLElement, draw: (width: number) => void): Drawing {
  let drawn = 0;
  let near = true;
  const update = () => {
    waiting.delete(update);
    drawn = element.clientWidth;
    if (drawn !== 0) draw(drawn);
  };
  new ResizeObserver(() => element.clientWidth !== drawn && update()).observe(element);
  new IntersectionObserver(
    (entries) => {
      near = entries.at(-1)?.isIntersecting ?? near;
      if (near && waiting.has(update)) update();
    },
    { rootMargin: '25%' },
  ).observe(element);
  element.classList.add(DRAWN);
  element.addEventListener(REDRAW, update);
  return { redraw: () => (near ? update() : later(update)), isNear: () => near };
}

/** What is yet to be done: one thing a turn, so that none holds up what the reader does. */
const waiting = new Set<() => void>();

/** Does something soon, when the reader's choice is on the screen; before a print at the latest. */
export function later(work: () => void): void {
  if (waiting.size === 0) setTimeout(workNext);
  waiting.add(work);
}

function workNext(): void {
  for (const work of [...waiting].slice(0, 1)) {
    waiting.delete(work);
    work();
  }
  if (waiting.size > 0) setTimeout(workNext);
}

const DRAWN = 'drawn';
const REDRAW = 'redraw';

/** The class that lays the page out for paper, while it is still on the screen: only then can what is drawn be measured. */
const PRINTING = 'printing';

/** Lays the page out for paper before it is printed, with all definitions open, and back afterwards. */
export function layOutForPrint(): void {
  const { classList } = document.documentElement;
  let opened: HTMLDetailsElement[] = [];
  const print = (on: boolean) => {
    if (on === classList.contains(PRINTING)) return;
    classList.toggle(PRINTING, on);
    if (on) opened = [...document.querySelectorAll<HTMLDetailsElement>('.dictionary details:not([open])')];
    for (const details of opened) details.open = on;
    for (const work of waiting) work();
    waiting.clear();
    for (const element of document.querySelectorAll(`.${DRAWN}`)) element.dispatchEvent(new Event(REDRAW));
  };
  addEventListener('beforeprint', () => print(true));
  addEventListener('afterprint', () => print(false));
  matchMedia('print').addEventListener('change', ({ matches }) => print(matches));
}
