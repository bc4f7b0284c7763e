import { parseHTML } from 'linkedom';

export interface Point {
  way: string;
  growth: string;
  /** Rows, or dates. */
  amount: number;
  seconds: number;
}

/** Two panels, as one SVG file: time by rows and by dates. */
export async function drawGrowth(points: Point[]): Promise<string> {
  const Plot = await import('@observablehq/plot'); // an ES module
  const { document } = parseHTML('<html><body></body></html>');
  const panel = (growth: string, label: string) =>
    Plot.plot({
      document,
      width: 400,
      height: 300,
      marginLeft: 50,
      style: { background: 'white', fontFamily: 'sans-serif' },
      x: { label, nice: true, zero: true },
      y: { label: 'seconds', zero: true, grid: true, nice: true },
      color: { domain: ['program', 'hand-written'], range: ['#1b6ca8', '#e08214'] },
      marks: [
        Plot.ruleY([0]),
        Plot.lineY(points, {
          filter: (point: Point) => point.growth === growth,
          x: 'amount',
          y: 'seconds',
          stroke: 'way',
          marker: true,
        }),
      ],
    });
  const panels = [panel('one date, by rows', 'measurements, one date'), panel('by dates', 'dates')];
  const placed = panels.map((each, index) => {
    each.setAttribute('x', String(index * 410));
    each.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
    return each.outerHTML;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="820" height="300" viewBox="0 0 820 300">\n${placed.join('\n')}\n</svg>\n`;
}
