import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { sections } from '../../dashboard/page/layout';
import { reportTableNames } from '../../shared/metrics/tables';
import { sample } from '../support/sample';
import { findings, folder, launchBrowser, makePage, makeWarehouse, query, visit, withDatabase } from './support';

/** What the charts draw, read off the rendered page. */
let browser: Browser;
let warehouse: string;
let url: string;
let single: string;

beforeAll(async () => {
  browser = await launchBrowser();
  warehouse = await makeWarehouse('charts', '2025-10-01', '2025-12-23');
  url = await makePage(warehouse);
  single = await makePage(await makeWarehouse('charts-single', '2025-12-23', '2025-12-23'));
});
afterAll(() => browser.close());

const tests = (page: Page) => page.getByRole('slider', { name: 'Tests, by day', exact: true });

/** Middles of the names of days, and of the days themselves as pointing finds them. */
async function namedDays(page: Page, chart: string): Promise<{ label: string; middle: number }[]> {
  return page.$$eval(`${chart} [aria-label="x-axis tick label"] text`, (labels) =>
    labels.map((label) => {
      const { left, right } = label.getBoundingClientRect();
      return { label: label.firstChild?.textContent ?? '', middle: (left + right) / 2 };
    }),
  );
}

test.each(sample([360, 1280, 1920], 2))(
  'with 12 days each name stands below its day, the newest too, at %s pixels',
  async (width) => {
    const { page } = await visit(browser, single, { viewport: { width, height: 900 } });
    const chart = tests(page);
    await chart.scrollIntoViewIfNeeded();
    const named = await namedDays(page, '.overview .panel:first-child .chart');
    expect(named.at(-1)?.label.replace('\u00a0', ' ')).toBe('Dec 23');
    const y = ((await chart.boundingBox())?.y ?? 0) + 60;
    for (const { label, middle } of named) {
      await page.mouse.move(middle, y);
      expect((await chart.getAttribute('aria-valuetext'))?.replaceAll('\u00a0', ' ')).toContain(label.replaceAll('\u00a0', ' '));
      const [line] = await page.$$eval('.panel .marks .chosen', (lines) => lines.map((one) => one.getBoundingClientRect().left));
      expect(Math.abs((line ?? 0) - middle)).toBeLessThan(1.5);
    }
  },
);

test.each(sample([360, 1280, 768], 2))(
  'no name of a day or of a value is there twice in a row, none touches the next, at %s pixels',
  async (width) => {
    for (const target of [single, url, `${url}#span=all`]) {
      const { page } = await visit(browser, target, { viewport: { width, height: 900 } });
      await page.locator('.panel .chart svg').last().waitFor();
      const faults = await page.$$eval('.panel .chart', (charts) =>
        charts.flatMap((chart) =>
          ['x-axis tick label', 'y-axis tick label'].flatMap((axis) => {
            const labels = [...chart.querySelectorAll(`[aria-label="${axis}"] text`)];
            return labels.slice(1).flatMap((label, index) => {
              const [one, other] = [labels[index]?.getBoundingClientRect(), label.getBoundingClientRect()];
              const touches = axis.startsWith('x') && one !== undefined && one.right > other.left - 2;
              return touches || labels[index]?.textContent === label.textContent
                ? [`${chart.ariaLabel}: ${label.textContent}`]
                : [];
            });
          }),
        ),
      );
      expect(faults).toEqual([]);
    }
  },
);

test('small rates have values at their axis that differ', async () => {
  const file = join(folder, 'small.duckdb');
  copyFileSync(warehouse, file);
  await withDatabase(file, (connection) =>
    connection.run('UPDATE kpi_metrics.daily_engagement SET active_percentage = active_percentage / 40'),
  );
  const { page } = await visit(browser, await makePage(file));
  const values = await page
    .getByRole('slider', { name: 'Active percentage, by day' })
    .locator('[aria-label="y-axis tick label"] text')
    .allTextContents();
  expect(values.length).toBeGreaterThan(2);
  expect(new Set(values).size).toBe(values.length);
});

test('each line has its name at its end, a dot where the pointer is, and the value compared with beside the day’s', async () => {
  const { page, complaints } = await visit(browser, `${url}#date=2025-12-10`);
  const panel = page.locator('.panel').first();
  expect(
    await panel
      .locator('.end')
      .evaluateAll((all) => all.map((one) => [...one.children].map((line) => line.textContent).join(' '))),
  ).toEqual(expect.arrayContaining(['All tests', 'Successful tests']));
  const ends = await panel
    .locator('.end')
    .evaluateAll((all) => all.map((one) => one.getBoundingClientRect().toJSON() as DOMRect));
  const [upper, lower] = ends.sort((one, other) => one.top - other.top);
  expect(lower?.top).toBeGreaterThanOrEqual((upper?.bottom ?? 0) - 3);
  expect(await panel.locator('.marks circle').count()).toBe(4); // of the day, and of the days together, on each line
  const [now, before] = await query(
    warehouse,
    `SELECT all_tests FROM kpi_metrics.daily_engagement WHERE period_start_date IN ('2025-12-10', '2025-12-03')
     QUALIFY row_number() OVER (PARTITION BY period_start_date ORDER BY report_date DESC) = 1 ORDER BY period_start_date DESC`,
  );
  const text = (await panel.locator('.readout li').first().textContent())?.replaceAll(/[\u00a0\u202f]/g, ' ');
  expect(text).toBe(`All tests ${now?.all_tests} vs ${before?.all_tests}`);
  expect((await panel.locator('.panel-day').textContent())?.replaceAll('\u00a0', ' ')).toBe('Wed, Dec 10 vs Wed, Dec 3');
  expect(complaints).toEqual([]);
});

test('a rate stands with its parts', async () => {
  const { page } = await visit(browser, `${url}#date=2025-12-10`);
  const [row] = await query(
    warehouse,
    `SELECT * FROM kpi_metrics.daily_funnel WHERE period_start_date = '2025-12-10' ORDER BY report_date DESC LIMIT 1`,
  );
  expect(await page.locator('.card[data-metric=conversion_rate] .parts').textContent()).toBe(
    `${row?.accounts_with_tests} of ${row?.accounts_created} accounts`,
  );
  expect(await page.locator('.funnel .panel').first().locator('.readout').textContent()).toContain(
    `% (${row?.accounts_with_tests} of ${row?.accounts_created} accounts)`,
  );
});

test('a change too small to be shown is no change for the better or the worse', async () => {
  const file = join(folder, 'same.duckdb');
  copyFileSync(warehouse, file);
  await withDatabase(file, (connection) =>
    connection.run(
      `UPDATE kpi_metrics.daily_advanced_metrics SET adjusted_success_rate = 90 + CASE period_start_date WHEN DATE '2025-12-23' THEN 0.04 ELSE 0 END`,
    ),
  );
  const { page } = await visit(browser, await makePage(file));
  const change = page.locator('.card[data-metric=adjusted_success_rate] .change');
  expect((await change.textContent())?.replaceAll(/[\u00a0\u202f]/g, ' ')).toBe('≈ about the same as 90.0 % on Tue, Dec 16');
  expect(await change.getAttribute('class')).toBe('change neutral');
  expect(await page.locator('.legend').textContent()).toMatch(/blue is an improvement, one in orange is not/);
});

describe('kinds of error', () => {
  const kinds = sections.flatMap(({ kinds }) => kinds ?? []);

  test('are ranked by the count of the day, each with its share and its change', async () => {
    const { page, complaints } = await visit(browser, `${url}#date=2025-12-10`);
    const [row = {}] = await query(
      warehouse,
      `SELECT * FROM kpi_metrics.daily_errors WHERE period_start_date = '2025-12-10' ORDER BY report_date DESC LIMIT 1`,
    );
    const columns = kinds.flatMap(({ metrics }) => metrics).filter((metric) => metric in row);
    const total = Number(row.total_errors);
    const counts: [string, number][] = columns.map((column) => [column, Number(row[column])]);
    const other = counts.reduce((rest, [, count]) => rest - count, total);
    const expected = [...counts, ['other_errors', other] as [string, number]];
    const shown = await page.$$eval('.ranking li', (items) =>
      items.map((item) => ({
        metric: (item as HTMLElement).dataset.metric ?? '',
        count: Number(item.querySelector('b')?.textContent),
        share: item.querySelector('.share')?.textContent?.replace(/\s/g, '') ?? '',
        hasChange: item.querySelector('.change') !== null,
      })),
    );
    expect(new Map(shown.map(({ metric, count }) => [metric, count]))).toEqual(new Map(expected));
    expect(shown.map(({ count }) => count)).toEqual(expected.map(([, count]) => count).sort((one, next) => next - one));
    for (const { count, share, hasChange } of shown) {
      expect(Math.abs(Number.parseFloat(share) - (100 * count) / total)).toBeLessThanOrEqual(0.0501);
      expect(hasChange).toBe(true);
    }
    expect(complaints).toEqual([]);
  });

  test('have small charts on one scale', async () => {
    const { page } = await visit(browser, url);
    await page.locator('.panel .chart svg').last().waitFor();
    const axes = await page.$$eval('.columns-3 .chart', (charts) =>
      charts.map((chart) =>
        [...chart.querySelectorAll('[aria-label="y-axis tick label"] text')].map((label) => label.textContent),
      ),
    );
    expect(axes).toHaveLength(7);
    expect(new Set(axes.map((labels) => labels.join())).size).toBe(1);
    expect(axes[0]?.length).toBeGreaterThan(1);
  });

  test('a day without a report ranks nothing', async () => {
    const file = join(folder, 'gap.duckdb');
    copyFileSync(warehouse, file);
    await withDatabase(file, async (connection) => {
      for (const table of reportTableNames)
        await connection.run(`DELETE FROM kpi_metrics.${table} WHERE report_date BETWEEN '2025-11-10' AND '2025-11-24'`);
    });
    const { page, complaints } = await visit(browser, `${await makePage(file)}#date=2025-11-12`);
    expect(new Set(await page.locator('.ranking li > b').allTextContents())).toEqual(new Set(['no report']));
    expect(complaints).toEqual([]);
  });
});

test('a contrast theme keeps the swatches, and what is chosen stands out', async () => {
  const { page, complaints } = await visit(browser, url, { forcedColors: 'active' });
  const swatches = await page.$$eval('.overview .panel:first-child .readout li', (items) =>
    items.map((item) => getComputedStyle(item, '::before').backgroundColor),
  );
  expect(new Set(swatches).size).toBe(3); // two series, and what is usual
  const backgrounds = await page.evaluate(() => {
    const of = (selector: string) => {
      const element = document.querySelector(selector);
      return element === null ? null : getComputedStyle(element).backgroundColor;
    };
    return {
      tab: [of('[aria-pressed=true]'), of('[aria-pressed=false]')],
      row: [of('tbody .chosen td'), of('tbody tr:not(.chosen) td')],
    };
  });
  expect(backgrounds.tab[0]).not.toBe(backgrounds.tab[1]);
  expect(backgrounds.row[0]).not.toBe(backgrounds.row[1]);
  expect(await findings(page)).toEqual([]);
  expect(complaints).toEqual([]);
});
