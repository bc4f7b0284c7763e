import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser } from 'playwright-core';
import type { ReleasedRow } from '../../shared/metrics/tables/released';
import { metricsCsv } from '../../shared/release/package/table';
import { folderWithRelease, publication } from '../support/release-package';
import { releasedRows } from '../support/released-rows';
import { findings, folder, kpi, launchBrowser, settings, visit } from './support';

/** The page of 60 released weeks with a licence, in which two figures are hidden throughout. */
const rows: ReleasedRow[] = releasedRows(60).map((row) => ({ ...row, no_period_history: null, error_gini_coefficient: null }));
const file = join(folder, 'release.html');
let browser: Browser;

beforeAll(async () => {
  await folderWithRelease(folder, rows);
  settings.KPI_RELEASE_GRAIN = 'week';
  await kpi('dashboard', '--release', '--out', file);
  browser = await launchBrowser();
});
afterAll(() => browser.close());

const open = (options: Parameters<typeof visit>[2] = {}) => visit(browser, pathToFileURL(file).href, options);

test.each([
  ['light', 1440, undefined],
  ['dark', 360, 'color-contrast'],
] as const)('axe finds nothing, %s, %s pixels wide, and nothing is cut off at the side', async (colorScheme, width, rule) => {
  const { page, complaints } = await open({ colorScheme, viewport: { width, height: 900 } });
  for (const details of await page.locator('details').all())
    await details.evaluate((element) => element.setAttribute('open', ''));
  expect(await findings(page, rule)).toEqual([]);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
  expect(complaints).toEqual([]);
});

test('figures that are hidden in every week are named in one line, and are nowhere else', async () => {
  const { page } = await open();
  expect(await page.getByText('in every week, so not shown below').textContent()).toMatch(
    /^Hidden in every week, so not shown below: Error Gini coefficient, No period history\. These numbers come from fewer than 20 people/,
  );
  const main = (await page.locator('main').textContent()) ?? '';
  expect(main.split('No period history')).toHaveLength(2);
});

test('the table has the released values of each week', async () => {
  const { page } = await open();
  const shown = await page.$$eval('.figures tbody tr', (elements) =>
    elements.map((row) => [
      (row as HTMLElement).dataset.date,
      ...[...row.querySelectorAll('td')].map((cell) => cell.querySelector('data')?.value ?? cell.textContent),
    ]),
  );
  const cell = (value: number | null) => (value === null ? 'hidden' : String(value));
  const expected = rows.map((row) => [
    row.period_start_date,
    ...[row.all_tests, row.successful_tests, row.successful_test_users, row.active_users, row.avg_tests_per_active_user].map(
      cell,
    ),
  ]);
  expect(shown).toEqual(expected.toReversed().slice(0, shown.length));
  expect(shown.length).toBeGreaterThan(20);
});

test('the file that is downloaded is the one of the package', async () => {
  const { page } = await open();
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Download CSV' }).click(),
  ]);
  expect(download.suggestedFilename()).toBe('metrics.csv');
  expect(readFileSync(await download.path(), 'utf8')).toBe(metricsCsv({ grain: 'week', rows }));
});

test('its title is the one of the settings, and a link leads to what the figures are', async () => {
  const { page } = await open();
  expect([await page.title(), await page.locator('h1').textContent()]).toEqual([publication.title, publication.title]);
  await page.getByRole('link', { name: 'What these figures are' }).click();
  expect(await page.evaluate(() => document.activeElement?.id)).toBe('about');
  expect(new URL(page.url()).hash).toBe('');
});

test('licence, citation and contact are there without a script, too', async () => {
  const { page } = await open({ javaScriptEnabled: false });
  const about = page.locator('#about');
  expect(await about.getByRole('link', { name: 'Creative Commons Attribution 4.0' }).getAttribute('href')).toBe(
    'https://creativecommons.org/licenses/by/4.0/',
  );
  expect(await about.textContent()).toMatch(/Example Inc\., data team \(\d{4}\)\. Weekly metrics of Example/);
});
