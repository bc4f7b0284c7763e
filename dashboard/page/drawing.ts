/**
 * Draws into an element that is as wide as the layout makes it: when it is first laid out, when its width changes, and before it is
 * printed. A drawing that isn't laid out is left for later.
 */
export function keepDrawn(element: HTMLElement, draw: (width: number) => void): void {
  let drawn = 0;
  const update = ({ force = false } = {}) => {
    const width = element.clientWidth;
    if (width === 0 || (width === drawn && !force)) return;
    drawn = width;
    draw(width);
  };
  new ResizeObserver(() => update()).observe(element);
  element.classList.add(DRAWN);
  element.addEventListener(REDRAW, () => update({ force: true }));
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
    for (const element of document.querySelectorAll(`.${DRAWN}`)) element.dispatchEvent(new Event(REDRAW));
  };
  addEventListener('beforeprint', () => print(true));
  addEventListener('afterprint', () => print(false));
  matchMedia('print').addEventListener('change', ({ matches }) => print(matches));
}
