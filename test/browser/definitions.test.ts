import type { Browser, Page } from 'playwright-core';
import { metricsOfGrain } from '../../dashboard/history';
import { panelsOf, sections } from '../../dashboard/page/layout';
import { sample } from '../support/sample';
import { launchBrowser, makePage, makeWarehouse, visit } from './support';

/** Pairs are read off the places of the rendered texts, not off the markup. */
const metrics = metricsOfGrain('day');
let browser: Browser;
let url: string;

beforeAll(async () => {
  browser = await launchBrowser();
  url = await makePage(await makeWarehouse('definitions', '2025-12-23', '2025-12-23'));
});
afterAll(() => browser.close());

/** Each definition, with the term right above it that begins at the same left edge. */
async function pairsIn(page: Page, list: string): Promise<[string | undefined, string][]> {
  return page.$$eval(list, (lists) =>
    lists.flatMap((element) => {
      const textsOf = (selector: string) =>
        [...element.querySelectorAll(selector)].map((found) => {
          const range = document.createRange();
          range.selectNodeContents(found);
          return { text: found.textContent ?? '', ...range.getBoundingClientRect().toJSON() } as DOMRect & { text: string };
        });
      const terms = textsOf('dt');
      return textsOf('dd').map((definition): [string | undefined, string] => {
        const above = terms
          .filter(({ left, bottom }) => Math.abs(left - definition.left) < 1 && bottom <= definition.top + 2)
          .sort((a, b) => b.bottom - a.bottom)[0];
        return [above !== undefined && definition.top - above.bottom < 12 ? above.text : undefined, definition.text];
      });
    }),
  );
}

test.each(sample([360, 1280, 768, 1440, 1920, 2560], 2))('at %s pixels each definition stands under its term', async (width) => {
  const { page, complaints } = await visit(browser, url, { viewport: { width, height: 900 } });
  await page.$$eval('.dictionary details, details.definitions', (all) => {
    for (const details of all) details.setAttribute('open', '');
  });
  expect(await pairsIn(page, '.dictionary dl')).toEqual(
    [...new Set(metrics.map(({ table }) => table))].flatMap((table) =>
      metrics.filter((metric) => metric.table === table).map(({ name, label, definition }) => [`${label} ${name}`, definition]),
    ),
  );
  expect(await pairsIn(page, '.panel dl')).toEqual(
    sections.flatMap(({ panels, kinds }) =>
      [...panels, ...(kinds ? panelsOf(kinds) : [])].flatMap(({ series, total }) =>
        [...series, ...(total ? [total] : [])].flatMap((metric) => {
          const { label, definition } = metrics.find(({ name }) => name === metric) ?? {};
          return label === undefined ? [] : [[label, definition]];
        }),
      ),
    ),
  );
  expect(complaints).toEqual([]);
});

describe('opening a definition', () => {
  const boxes = (page: Page, selector: string) =>
    page.$$eval(selector, (all) =>
      all.map((element) => {
        const { top, bottom, left, right } = element.getBoundingClientRect();
        return { top: top + scrollY, bottom: bottom + scrollY, left, right };
      }),
    );

  test.each(sample([360, 1280, 1920], 2))('of a chart moves no chart beside it, at %s pixels', async (width) => {
    const { page } = await visit(browser, url, { viewport: { width, height: 900 } });
    await page.locator('.panel .chart svg').last().waitFor();
    const before = await boxes(page, '.panel .chart');
    const opened = page.locator('.panel details.definitions').first();
    await opened.locator('summary').click();
    expect(await opened.locator('dd').first().isVisible()).toBe(true);
    const after = await boxes(page, '.panel .chart');
    const row = before.filter(({ top }) => Math.abs(top - (before[0]?.top ?? 0)) < 2).length;
    expect(row).toBe(width === 360 ? 1 : 2);
    expect(after.slice(0, row)).toEqual(before.slice(0, row));
  });

  test.each(sample([360, 1280, 768, 1920], 2))('of a card covers no figure and no chart, at %s pixels', async (width) => {
    const { page } = await visit(browser, url, { viewport: { width, height: 900 } });
    for (const hint of await page.locator('.hint summary').all()) {
      await hint.click();
      await page.locator('.hint[open] p:last-child').waitFor();
      const [text] = await boxes(page, '.hint[open] p:last-child');
      const others = await boxes(page, '.figure, .change, .card .usual, .spark, .card h3, .panel, .legend');
      const covered = others.filter(
        (other) =>
          text &&
          other.top < text.bottom - 1 &&
          text.top < other.bottom - 1 &&
          other.left < text.right - 1 &&
          text.left < other.right - 1,
      );
      expect(covered).toEqual([]);
      await hint.click();
    }
  });
});
