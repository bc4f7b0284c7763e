export interface Drawing {
  /** Draws again: at once if it is visible, otherwise after the visible drawings. */
  redraw(): void;
  /** Whether it is visible or nearly visible. */
  isNear(): boolean;
}

/**
 * Draws into an element whose width the layout sets: when it is first laid out, when its width changes, and before printing. Waits if the
 * element isn't laid out.
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

/** Pending work, done one item per turn, so that the page stays responsive. */
const waiting = new Set<() => void>();

/** Runs `work` soon after the next paint, at the latest before printing. */
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

/** The class that lays the page out for paper while it is still on screen, because drawings can only be measured there. */
const PRINTING = 'printing';

/** Lays the page out for paper before printing, with all definitions open, and restores it afterwards. */
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
