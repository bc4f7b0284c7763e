import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import type { DashboardData } from '../../dashboard/data';
import { createHistory } from '../../dashboard/page/history';
import { arrive, findings, folder, kpi, launchBrowser, makePage, makeWarehouse, visit, withDatabase } from './support';

/** What is usual, and what is noted of days, as the page shows it: half a year with an incident. */
let browser: Browser;
const pages: Record<string, string> = {};
const INCIDENT = '2025-12-16';
const HOSTILE = '<img src=x onerror=alert(1)></script><script>document.title="hacked"</script>';

async function annotated(name: string, warehouse: string, lines: readonly string[]): Promise<string> {
  const file = join(folder, `${name}.csv`);
  writeFileSync(file, ['date,until,text,exclude', ...lines].join('\n'));
  await kpi('annotate', file, '--warehouse', warehouse, '--json');
  return makePage(warehouse);
}

beforeAll(async () => {
  browser = await launchBrowser();
  const whole = await makeWarehouse('usual', '2025-07-01', '2025-12-23');
  const copies = ['noted', 'many', 'released'].map((name) => join(folder, `${name}.duckdb`));
  const [noted = '', many = '', released = ''] = copies;
  for (const copy of copies) copyFileSync(whole, copy);
  await withDatabase(noted, (connection) =>
    connection.run(
      `UPDATE kpi_metrics.daily_errors SET total_errors = total_errors + 3 * camera_too_far, camera_too_far = 4 * camera_too_far WHERE period_start_date = '${INCIDENT}'`,
    ),
  );
  pages.noted = await annotated('noted', noted, [
    `2025-12-02,2025-12-04,"${HOSTILE.replaceAll('"', '""')}",true`,
    `${INCIDENT},,${'long '.repeat(39)}word,`,
    '2025-12-20,,Release 4.0,',
    '2020-01-01,,Long before,',
  ]);
  pages.many = await annotated(
    'many',
    many,
    Array.from({ length: 10_000 }, (_, index) => `2025-12-${String((index % 23) + 1).padStart(2, '0')},,Note ${index},`),
  );
  await kpi('release', '--source', 'demo', '--warehouse', released, '--from', '2025-12-01', '--to', '2025-12-12', '--json');
  await annotated('released', released, ['2025-12-02,,For us alone,']);
  pages.released = await makePage(released, '--release');
});
afterAll(() => browser.close());

const open = (name: string, fragment = '', options: Parameters<typeof visit>[2] = {}) =>
  visit(browser, `${pages[name]}${fragment}`, options);
const plain = (text: string | null | undefined) => (text ?? '').replaceAll(/[\u00a0\u2009\u202f]/g, ' ').trim();
const textOf = async (page: Page, selector: string) => plain(await page.locator(selector).first().textContent());
const card = (page: Page, metric: string) => page.locator(`.card[data-metric="${metric}"]`);

function dataOf(name: string): DashboardData {
  const html = readFileSync(fileURLToPath(pages[name] ?? ''), 'utf8');
  return JSON.parse(/<script type="application\/json" id="data">(.*?)<\/script>/s.exec(html)?.[1] ?? '');
}

describe('what is usual', () => {
  test('the sentence is that of the chosen day, and cards say what is usual for its weekday, and what is not', async () => {
    const { page, complaints } = await open('noted', `#grain=day&date=${INCIDENT}`);
    const history = createHistory(dataOf('noted'), 'day');
    expect(await textOf(page, '.told')).toBe(history?.sentence(INCIDENT));
    expect(await textOf(page, '.told')).toMatch(/^Tuesday was .*Failures were high: .*mostly camera too far/);
    expect(await card(page, 'failure_rate').locator('.outside').textContent()).toBe('high');
    expect(plain(await card(page, 'failure_rate').locator('.usual').textContent())).toMatch(
      /^usual for a Tuesday: \d+\.\d to \d+\.\d %$/,
    );
    const range = history?.usual(INCIDENT, 'active_users')?.range;
    expect(plain(await card(page, 'active_users').locator('.usual').textContent())).toBe(
      `usual for a Tuesday: ${range?.low} to ${range?.high}`,
    );
    await page.getByRole('button', { name: 'A day earlier' }).click();
    await arrive(page, /2025-12-15/);
    expect(await textOf(page, '.told')).toBe(history?.sentence('2025-12-15'));
    expect(await card(page, 'failure_rate').locator('.outside.noticed').count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  test('weeks have ranges of weeks, and a reason if they are not judged', async () => {
    const { page } = await open('noted', '#grain=week&date=2025-11-12');
    expect(plain(await card(page, 'active_users').locator('.usual').textContent())).toMatch(/^usual: [\d,]+ to [\d,]+$/);
    await page.goto(`${pages.noted}#grain=day&date=2025-12-03`);
    await page.waitForFunction(() => document.querySelector('h1')?.textContent === 'Daily KPIs');
    expect(await textOf(page, '.told')).toMatch(/not judged: the day is marked as exceptional/);
    expect(plain(await card(page, 'all_tests').locator('.usual').textContent())).toMatch(
      /^not judged; usual for a Wednesday: \d/,
    );
    expect(await card(page, 'all_tests').locator('.hint p').last().textContent()).toBe(
      'It is not judged: the day is marked as exceptional.',
    );
  });

  test.each(['light', 'dark'] as const)('a grey band lies behind the line, and can be seen: %s', async (colorScheme) => {
    const { page } = await open('noted', `#grain=day&date=${INCIDENT}`, { colorScheme });
    const bands = await page.$$eval('.panel', (panels) =>
      panels.map((panel) => {
        const band = panel.querySelector<SVGPathElement>('.chart .band');
        const line = panel.querySelector('.chart [aria-label="line"]');
        const isBehind =
          line !== null && band !== null && band.compareDocumentPosition(line) === Node.DOCUMENT_POSITION_FOLLOWING;
        return [panel.ariaLabel, (band?.getAttribute('d') ?? '') !== '', band?.classList.contains('over') || isBehind];
      }),
    );
    const drawn = bands.filter(([, isDrawn]) => isDrawn);
    expect(drawn.map(([name]) => name)).toEqual(
      expect.arrayContaining(['Tests', 'People', 'Failure rate', 'Camera too far', 'New accounts, and those that have tested']),
    );
    expect(drawn.every(([, , isSeen]) => isSeen)).toBe(true);
    expect(drawn.map(([name]) => name)).not.toContain('Conversion rate');
    const rate = page.getByRole('slider', { name: 'Failure rate, by day' });
    expect(plain(await rate.getAttribute('aria-valuetext'))).toMatch(/; usual \d+\.\d to \d+\.\d %: high; noted 2: long/);
    const colours = await page.evaluate(() => {
      const style = getComputedStyle(document.documentElement);
      return ['--band', '--panel'].map((name) => style.getPropertyValue(name));
    });
    expect(colours[0]).not.toBe(colours[1]);
  });

  test('a release has no ranges, no sentence and no annotations', async () => {
    const { page, complaints } = await open('released');
    await page.locator('.panel .chart svg').last().waitFor();
    expect(await page.locator('.told').textContent()).toBe('');
    expect(await page.locator('.usual, .outside, .flag').count()).toBe(0);
    expect(await page.$$eval('.band', (all) => all.filter((band) => band.getAttribute('d') !== '').length)).toBe(0);
    expect(await page.locator('.annotations').isVisible()).toBe(false);
    expect(await page.content()).not.toContain('For us alone');
    expect(complaints).toEqual([]);
  });
});

describe('annotations', () => {
  test('each is at its day in every chart, in the list and in what is read out; its text stays text', async () => {
    const { page, complaints } = await open('noted', '#grain=day&date=2025-12-03');
    await page.locator('.panel .chart svg').last().waitFor();
    await page.locator('.annotations').scrollIntoViewIfNeeded();
    const charts = await page.locator('.panel .chart').count();
    await page.waitForFunction((count) => document.querySelectorAll('.chart .flags').length === count, charts);
    const flags = await page.$$eval('.chart .flags', (all) =>
      all.map((one) => [one.querySelectorAll('line.flag:not(.until)').length, one.querySelectorAll('.until').length]),
    );
    expect(flags).toEqual(Array(charts).fill([3, 1]));
    const rows = page.locator('.notes li');
    expect(await rows.count()).toBe(3);
    expect((await rows.last().locator('> *').allTextContents()).map(plain)).toEqual([
      '1',
      'Tue, Dec 2 to Thu, Dec 4, 2025',
      HOSTILE,
      'left out of comparisons',
    ]);
    const tests = page.getByRole('slider', { name: 'Tests, by day', exact: true });
    expect(await tests.getAttribute('aria-valuetext')).toContain(`noted 1: ${HOSTILE}`);
    expect(await page.title()).toBe('Daily KPIs');
    expect(complaints).toEqual([]);
  });

  test('by keyboard: the chart reads a note at its day, the list chooses the day', async () => {
    const { page } = await open('noted', '#grain=day&date=2025-12-19');
    const tests = page.getByRole('slider', { name: 'Tests, by day', exact: true });
    await tests.focus();
    expect(await tests.locator('.noted').isVisible()).toBe(false);
    await page.keyboard.press('ArrowRight');
    expect(await tests.getAttribute('aria-valuetext')).toContain('noted 3: Release 4.0');
    expect(await tests.locator('.noted').isVisible()).toBe(true);
    expect(await tests.locator('.noted').textContent()).toBe('3: Release 4.0');
    const button = page.locator('.notes li', { hasText: 'Release 4.0' }).getByRole('button');
    await button.focus();
    await page.keyboard.press('Enter');
    await arrive(page, /date=2025-12-20/);
  });

  test('in weeks they are at the week, and a long text wraps', async () => {
    const { page } = await open('noted', '#grain=week&date=2025-12-16', { viewport: { width: 360, height: 800 } });
    const tests = page.getByRole('slider', { name: 'Tests, by week', exact: true });
    expect(await tests.getAttribute('aria-valuetext')).toMatch(/noted 2: long .*; 3: Release 4\.0/);
    expect(await tests.locator('text.flag').allTextContents()).toContain('1');
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
  });

  test('ten thousand: the page stays usable, and all are in the list at the press of a button', async () => {
    const { page, complaints } = await open('many', '#grain=day');
    await page.locator('.panel .chart svg').last().waitFor();
    expect(await page.locator('.notes li').count()).toBe(200);
    expect(await page.locator('.overview .panel:first-child .flags line.flag').count()).toBe(23);
    await page.getByRole('button', { name: 'A day earlier' }).click();
    await arrive(page, /2025-12-22/);
    expect(await textOf(page, '.day h2')).toBe('Monday, December 22, 2025');
    await page.getByRole('button', { name: 'Show 9,800 more' }).click();
    expect(await page.locator('.notes li').count()).toBe(10_000);
    expect(complaints).toEqual([]);
  });
});

test.each([
  ['light', 1280, undefined],
  ['dark', 360, 'color-contrast'],
] as const)('axe finds nothing where days are noted and noticed, %s, at %s pixels', async (colorScheme, width, rule) => {
  const { page, complaints } = await open('noted', `#grain=day&date=${INCIDENT}`, {
    colorScheme,
    viewport: { width, height: 900 },
  });
  await page.locator('.panel .chart svg').last().waitFor();
  const tests = page.getByRole('slider', { name: 'Tests, by day', exact: true });
  await tests.focus();
  await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('ArrowRight');
  expect(await findings(page, rule)).toEqual([]);
  expect(complaints).toEqual([]);
});
