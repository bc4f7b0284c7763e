import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { reportMetrics } from '../../dashboard/history';
import { cards, sections } from '../../dashboard/page/layout';
import { sample } from '../support/sample';
import { findings, folder, launchBrowser, makePage, makeWarehouse, visit } from './support';

/** The page on A4, as a reader prints it. Texts are read off the PDF with pdftotext, of poppler-utils. */
let browser: Browser;
let url: string;

beforeAll(async () => {
  browser = await launchBrowser();
  url = await makePage(await makeWarehouse('print', '2025-10-01', '2025-12-23'));
});
afterAll(() => browser.close());

/** Without it the pages are printed and not read. */
const canRead = spawnSync('pdftotext', ['-v']).error === undefined;
const testOfText = canRead ? test : test.skip;

async function printed(page: Page): Promise<string[]> {
  const file = join(folder, 'print.pdf');
  writeFileSync(file, await page.pdf({ preferCSSPageSize: true, printBackground: true }));
  const text = execFileSync('pdftotext', ['-layout', file, '-'], { encoding: 'utf8' });
  return text.split('\f').slice(0, -1);
}

const labelOf = (name: string) => reportMetrics.find((metric) => metric.name === name)?.label ?? '';

describe.each(
  sample(
    [
      [360, 'light'],
      [1280, 'dark'],
      [2560, 'light'],
    ] as const,
    2,
  ),
)('from a window of %s pixels, %s', (width, colorScheme) => {
  let pages: string[];
  let page: Page;
  let complaints: string[];

  beforeAll(async () => {
    ({ page, complaints } = await visit(browser, `${url}#table=daily_funnel`, { viewport: { width, height: 900 }, colorScheme }));
    await page.locator('.panel .chart svg').last().waitFor();
    if (canRead) pages = await printed(page);
    else await page.pdf();
  });

  testOfText('the first page has the day, its state, the cards and the charts of the overview, and no more', () => {
    const [first = ''] = pages;
    const titles = sections[0]?.panels.map(({ title }) => title) ?? [];
    expect(titles).toHaveLength(4);
    for (const text of ['Tuesday, December 23, 2025', 'The newest report is of', ...cards.map(labelOf), ...titles])
      expect(first).toContain(text);
    expect(first).not.toContain(sections[1]?.title);
  });

  testOfText('no page is empty, each page of the table has its heads, and all definitions are open', () => {
    expect(pages.filter((text) => text.trim() === '')).toEqual([]);
    const days = pages.filter((text) => /\w{3}, (Oct|Nov) \d+, 2025/.test(text));
    expect(days.length).toBeGreaterThan(1);
    expect(days.filter((text) => !/Accounts created +Accounts with tests +Conversion rate/.test(text))).toEqual([]);
    const all = pages.join('\n').replaceAll(/\s+/g, '');
    const definitions = reportMetrics.map(({ name }) => name);
    expect(definitions.filter((name) => !all.includes(name))).toEqual([]);
  });

  test('afterwards the page is as before', async () => {
    expect(await page.evaluate(() => document.documentElement.className)).toBe('');
    expect(await page.locator('details[open]').count()).toBe(0);
    const [chart] = await page.$$eval('.panel .chart', (all) =>
      all.map((one) => [one.clientWidth, one.firstElementChild?.clientWidth]),
    );
    expect(chart?.[1]).toBe(chart?.[0]);
    expect(complaints).toEqual([]);
  });
});

test('each chart on paper is drawn as wide as its place, and its axes are within it', async () => {
  const { page } = await visit(browser, url, { viewport: { width: 1920, height: 900 } });
  await page.locator('.panel .chart svg').last().waitFor();
  await page.emulateMedia({ media: 'print' });
  await page.waitForFunction(() => document.documentElement.classList.contains('printing'));
  const cut = await page.$$eval('.panel', (panels) =>
    panels.flatMap((panel) => {
      const edge = panel.getBoundingClientRect();
      return [...panel.querySelectorAll('.chart, .chart svg, .chart text')].flatMap((part) => {
        const { left, right, width } = part.getBoundingClientRect();
        return width === 0 || (left >= edge.left && right <= edge.right) ? [] : [`${panel.ariaLabel}: ${part.textContent}`];
      });
    }),
  );
  expect(cut).toEqual([]);
  expect(await findings(page)).toEqual([]);
});
