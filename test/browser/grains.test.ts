import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { addPeriods, type Grain, grainAdverbs } from '../../shared/metrics/grain';
import { furtherTableNames, isRetention, type PublishedTable, publishedTableDefinitions } from '../../shared/metrics/tables';
import { sample } from '../support/sample';
import { arrive, findings, folder, launchBrowser, makePage, makeWarehouse, query, visit, withDatabase } from './support';

/** Days, weeks and months of the page, and the retention; each figure is that of a query of the warehouse. */
let browser: Browser;
let warehouse: string;
const pages: Record<string, string> = {};

/** A copy of the warehouse, changed. */
async function changed(name: string, from: string, statements: readonly string[]): Promise<string> {
  const file = join(folder, `${name}.duckdb`);
  copyFileSync(from, file);
  await withDatabase(file, async (connection) => {
    for (const sql of statements) await connection.run(sql);
  });
  return file;
}

beforeAll(async () => {
  browser = await launchBrowser();
  warehouse = await makeWarehouse('grains', '2025-06-01', '2025-12-23');
  pages.grains = await makePage(warehouse);
  const ofWeeks = furtherTableNames.filter((table) => table.startsWith('weekly'));
  const holes = [
    // the newest week was not over, and three weeks in a row are in no report
    ...ofWeeks.map(
      (table) => `UPDATE kpi_metrics.${table} SET created_at = '2025-12-21 14:00:00Z' WHERE report_date = '2025-12-21'`,
    ),
    ...ofWeeks.map((table) => `DELETE FROM kpi_metrics.${table} WHERE report_date BETWEEN '2025-09-01' AND '2025-12-20'`),
  ];
  pages.holes = await makePage(await changed('holes', warehouse, holes));
  const single = await makeWarehouse('grains-single', '2025-12-23', '2025-12-23');
  pages.single = await makePage(single);
  pages.old = await makePage(
    await changed(
      'old',
      single,
      furtherTableNames.map((table) => `DROP TABLE IF EXISTS kpi_metrics.${table}`),
    ),
  );
});
afterAll(() => browser.close());

const open = (name: string, fragment = '', options: Parameters<typeof visit>[2] = {}) =>
  visit(browser, `${pages[name]}${fragment}`, options);
const plain = (text: string | null | undefined) => (text ?? '').replaceAll(/[\u00a0\u2009\u202f]/g, ' ');
const textOf = async (page: Page, selector: string) => plain(await page.locator(selector).first().textContent());
const button = (page: Page, name: string) => page.getByRole('group', { name: 'Period' }).getByRole('button', { name });

describe('the switch', () => {
  test('a history of more than 26 weeks opens with the newest week; days and months are a press away', async () => {
    const { page, complaints } = await open('grains');
    const seen = async () => [
      await textOf(page, 'h1'),
      await textOf(page, '.day h2'),
      await textOf(page, '.change'),
      await textOf(page, '#figures'),
      await page.locator('.figures table').getAttribute('data-table'),
      await page.getByRole('slider').first().getAttribute('aria-label'),
      await page.getByRole('group', { name: 'Period' }).locator('[aria-pressed=true]').textContent(),
    ];
    expect(await seen()).toEqual([
      'Weekly KPIs',
      'Week of December 15 – 21, 2025',
      expect.stringMatching(/ in Dec 8–14$/),
      'Figures by week',
      'weekly_engagement',
      'Tests, by week',
      'Week',
    ]);
    await button(page, 'Month').click();
    await arrive(page, /#grain=month$/);
    expect(await seen()).toEqual([
      'Monthly KPIs',
      'November 2025',
      expect.stringMatching(/ in Oct 2025$/),
      'Figures by month',
      'monthly_engagement',
      'Tests, by month',
      'Month',
    ]);
    await button(page, 'Day').click();
    await arrive(page, /#grain=day$/);
    expect(await seen()).toEqual([
      'Daily KPIs',
      'Tuesday, December 23, 2025',
      expect.stringMatching(/ on Tue, Dec 16$/),
      'Figures by day',
      'daily_engagement',
      'Tests, by day',
      'Day',
    ]);
    await page.goBack();
    await page.goBack();
    await page.waitForFunction(() => document.title === 'Weekly KPIs');
    expect((await seen())[1]).toBe('Week of December 15 – 21, 2025');
    expect(complaints).toEqual([]);
  });

  test('by keyboard; the day, the table and what is compared stay', async () => {
    const { page, complaints } = await open('grains', '#grain=day&date=2025-11-12&compare=none&table=funnel');
    await button(page, 'Week').focus();
    await page.keyboard.press('Enter');
    await arrive(page, /#date=2025-11-12&compare=none&table=funnel$/);
    expect(await textOf(page, '.day h2')).toBe('Week of November 10 – 16, 2025');
    expect(await button(page, 'Week').evaluate((element) => element === document.activeElement)).toBe(true);
    expect(await page.locator('.change').count()).toBe(0);
    expect(await page.locator('.figures tr.chosen th').textContent()).toContain('10–16');
    await page.getByRole('button', { name: 'A week earlier' }).click();
    await arrive(page, /date=2025-11-03/);
    await page.getByLabel('Week of').fill('2025-10-15');
    await arrive(page, /date=2025-10-15/);
    expect(await textOf(page, '.day h2')).toBe('Week of October 13 – 19, 2025');
    expect(complaints).toEqual([]);
  });

  test('a day of a week that is not over shows the newest week, and says so', async () => {
    const { page } = await open('grains', '#date=2025-12-23');
    expect(
      await page
        .locator('.instead')
        .allTextContents()
        .then((all) => all.map(plain)),
    ).toEqual(['No report has the week of December 22 – 28, 2025. Shown is the nearest week that one has.']);
  });

  test.each([
    ['single', '#grain=week', ['No report has weeks yet. Shown are days.']],
    ['single', '#grain=decade', ['The address names an unknown kind of period. Shown are days.']],
    ['single', '', []],
    ['old', '', []],
  ])('%s%s without weeks shows days as before, and says what brings weeks', async (name, fragment, notices) => {
    const { page, complaints } = await open(name, fragment);
    expect(await page.locator('.instead').allTextContents()).toEqual(notices);
    expect(await textOf(page, '.day h2')).toBe('Tuesday, December 23, 2025');
    for (const [grain, id, report] of [
      ['Week', 'no-weeks', 'a Sunday'],
      ['Month', 'no-months', 'the last day of a month'],
    ] as const) {
      expect(await button(page, grain).isDisabled()).toBe(true);
      expect(await button(page, grain).getAttribute('aria-describedby')).toBe(id);
      expect(await textOf(page, `#${id}`)).toBe(`${grain}snone yet; they come with the report of ${report}`);
    }
    expect(await page.locator('.retention').count()).toBe(0);
    expect(await page.locator('.audience').count()).toBe(name === 'old' ? 0 : 1);
    expect(await page.locator('.figures tbody tr').count()).toBe(12);
    expect(complaints).toEqual([]);
  });
});

type Shown = Record<string, (number | null)[]>;

describe.each<[Grain]>([['week'], ['month']])('every figure of %ss', (grain) => {
  const tables = furtherTableNames.filter((table) => table.startsWith(grainAdverbs[grain]) && !isRetention(table));

  test.each(tables)('of %s is in the table', async (table) => {
    const name = table.replace(/^[a-z]+_/, '');
    const columns = publishedTableDefinitions[table as PublishedTable].columns
      .filter((column) => column.unit !== null && !(name === 'audience' && column.name === 'active_users'))
      .map((column) => column.name);
    const { page, complaints } = await open('grains', `#grain=${grain}&span=all&table=${name}`);
    const shown: Shown = await page.$$eval('.figures tbody tr', (rows) =>
      Object.fromEntries(
        rows.map((row) => [
          (row as HTMLElement).dataset.date,
          [...row.querySelectorAll('td')].map((cell) => {
            const data = cell.querySelector('data');
            return data === null ? null : Number(data.value);
          }),
        ]),
      ),
    );
    const rows = await query(
      warehouse,
      `SELECT *, CAST(period_start_date AS VARCHAR) AS period FROM kpi_metrics.${table}
       QUALIFY row_number() OVER (PARTITION BY period_start_date ORDER BY report_date DESC) = 1`,
    );
    const numbers = (row: Record<string, unknown>) =>
      columns.map((column) => (row[column] === null ? null : Number(row[column])));
    expect(rows.length).toBeGreaterThan(12);
    expect(Object.fromEntries(Object.entries(shown).map(([date, values]) => [date, values.slice(0, columns.length)]))).toEqual(
      Object.fromEntries(rows.map((row) => [row.period, numbers(row)])),
    );
    expect(complaints).toEqual([]);
  });
});

describe.each<[Grain, string]>([
  ['week', '#span=all'],
  ['month', '#grain=month'],
])('retention by %s', (grain, fragment) => {
  test('each cell is the rate of the newest report; one that no report has yet is empty and says so', async () => {
    const { page, complaints } = await open('grains', fragment);
    const rows = await query(
      warehouse,
      `SELECT CAST(cohort_start_date AS VARCHAR) AS cohort, age, cohort_users, retention_rate FROM kpi_metrics.${grainAdverbs[grain]}_retention
       QUALIFY report_date = max(report_date) OVER (PARTITION BY cohort_start_date) ORDER BY cohort DESC, age`,
    );
    const first = rows.findLast((row) => Number(row.cohort_users) > 0)?.cohort ?? '';
    const expected: Record<string, (number | string)[]> = {};
    for (const { cohort, cohort_users, retention_rate } of rows.filter((row) => String(row.cohort) >= String(first))) {
      expected[String(cohort)] ??= [Number(cohort_users)];
      expected[String(cohort)]?.push(retention_rate === null ? '–' : Number(retention_rate));
    }
    const shown = await page.$$eval('.retention tbody tr', (all) =>
      all.map((row): [string, (number | string)[], string[]] => {
        const cells = [...row.querySelectorAll('td')];
        const known = cells.filter((cell) => !cell.classList.contains('later'));
        const values = known.slice(1).map((cell) => {
          const data = cell.querySelector('data');
          return data === null ? (cell.firstChild?.textContent ?? '') : Number(data.value);
        });
        const users = Number(known[0]?.textContent?.replace(',', ''));
        const empty = cells.slice(known.length).map((cell) => cell.textContent ?? '');
        return [(row as HTMLElement).dataset.date ?? '', [users, ...values], empty];
      }),
    );
    expect(shown.length).toBeGreaterThan(4);
    expect(shown.map(([cohort, values]) => [cohort, values])).toEqual(Object.entries(expected));
    const columns = Math.max(...Object.values(expected).map((values) => values.length));
    for (const [cohort, values, empty] of shown) {
      expect([cohort, empty.length]).toEqual([cohort, columns - values.length]);
      expect(empty.filter((text) => !/^no report has .* yet$/.test(text))).toEqual([]);
    }
    expect(complaints).toEqual([]);
  });

  test('one sentence reads the cell with the frame, from the warehouse’s figures', async () => {
    const { page } = await open('grains', fragment);
    const example = page.locator('.retention td.example');
    expect(await example.count()).toBe(1);
    const [cohort, age] = await example.evaluate((cell) => [
      (cell.parentElement as HTMLElement).dataset.date ?? '',
      (cell as HTMLTableCellElement).cellIndex - 2,
    ]);
    const [row] = await query(
      warehouse,
      `SELECT * FROM kpi_metrics.${grainAdverbs[grain]}_retention WHERE cohort_start_date = '${cohort}' AND age = ${age} ORDER BY report_date DESC LIMIT 1`,
    );
    const text = await textOf(page, '.retention p b');
    expect(age).toBe(4);
    expect(text).toMatch(
      new RegExp(`^Of the ${row?.cohort_users} people whose first test was in .*, ${row?.retained_users} \\(`),
    );
    expect(text).toContain(`(${Number(row?.retention_rate).toFixed(1)} %) took a test 4 ${grain}s later, in `);
  });

  test.each(['light', 'dark'] as const)('numbers stand out from each colour: %s', async (colorScheme) => {
    const { page } = await open('grains', fragment, { colorScheme });
    const { contrasts, colours } = await page.evaluate(() => {
      const context = document.createElement('canvas').getContext('2d') as CanvasRenderingContext2D;
      const luminance = (colour: string) => {
        context.fillStyle = colour;
        context.fillRect(0, 0, 1, 1);
        const [red = 0, green = 0, blue = 0] = [...context.getImageData(0, 0, 1, 1).data].map((part) => {
          const share = part / 255;
          return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
      };
      const cells = [...document.querySelectorAll('.retention .heat')].map((cell) => getComputedStyle(cell));
      return {
        colours: new Set(cells.map(({ backgroundColor }) => backgroundColor)).size,
        contrasts: cells.map(({ color, backgroundColor }) => {
          const [low = 0, high = 0] = [luminance(color), luminance(backgroundColor)].sort((one, other) => one - other);
          return (high + 0.05) / (low + 0.05);
        }),
      };
    });
    expect(colours).toBeGreaterThan(5);
    expect(Math.min(...contrasts)).toBeGreaterThan(4.5);
  });
});

test('the table of retention is reached and scrolled by keyboard, its heads are heads, and its numbers need no colour', async () => {
  const { page, complaints } = await open('grains', '', { viewport: { width: 360, height: 780 }, forcedColors: 'active' });
  const region = page.getByRole('region', { name: 'Table of retention by week' });
  await page.locator('.retention .scroll').focus();
  expect(await region.evaluate((element) => element === document.activeElement)).toBe(true);
  await page.keyboard.press('ArrowRight');
  await page.waitForFunction(() => (document.querySelector('.retention .scroll')?.scrollLeft ?? 0) > 0);
  expect(await region.getByRole('columnheader', { name: '3 weeks later' }).count()).toBe(1);
  expect(await region.getByRole('columnheader').first().textContent()).toBe('First test');
  const row = region.getByRole('row', { name: /^Dec 8–14/ });
  expect(await row.getByRole('rowheader').count()).toBe(1);
  expect(await row.locator('data').allInnerTexts()).toEqual([
    expect.stringMatching(/^\d+\.\d$/),
    expect.stringMatching(/^\d+\.\d$/),
  ]);
  expect(complaints).toEqual([]);
});

describe('in weeks', () => {
  test('people over 1, 7 and 28 days and stickiness stay figures of days, and follow the week pointed at', async () => {
    const { page, complaints } = await open('grains', '#date=2025-12-10');
    const people = page.getByRole('slider', { name: 'People over 1, 7 and 28 days, by day' });
    const stacked = page.getByRole('slider', { name: 'New, returning and reactivated people, by week' });
    const [row] = await query(
      warehouse,
      `SELECT * FROM kpi_metrics.daily_audience WHERE period_start_date = '2025-12-14' ORDER BY report_date DESC LIMIT 1`,
    );
    const at = async (slider: typeof people) => plain(await slider.getAttribute('aria-valuetext')).replace(/; usual .*/, '');
    const figure = (name: string) => Number(row?.[name]).toLocaleString('en');
    expect(await at(people)).toBe(
      `Sun, Dec 14: Active users in 28 days ${figure('active_users_28d')}, Active users in 7 days ${figure('active_users_7d')}, Active users ${figure('active_users')}`,
    );
    const [week] = await query(
      warehouse,
      `SELECT * FROM kpi_metrics.weekly_audience WHERE period_start_date = '2025-12-08' ORDER BY report_date DESC LIMIT 1`,
    );
    expect(await at(stacked)).toBe(
      `Dec 8–14: Returning users ${week?.returning_users}, New users ${week?.new_users}, Reactivated users ${week?.reactivated_users}, Active users ${week?.active_users}`,
    );
    await stacked.focus();
    // the browser tells the page what is seen in the frame after the one that scrolled
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done)))));
    await page.keyboard.press('ArrowLeft');
    expect(await at(stacked)).toMatch(/^Dec 1–7: /);
    expect(await at(people)).toMatch(/^Sun, Dec 7: /);
    await people.focus();
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('ArrowLeft');
    expect(await at(people)).toMatch(/^Fri, Dec 12: /);
    expect(await at(stacked)).toMatch(/^Dec 8–14: /);
    await page.keyboard.press('Home');
    await page.keyboard.press('Enter');
    await arrive(page, (url) => !url.hash.includes('2025-12-10'));
    expect(complaints).toEqual([]);
  });

  test('new, returning and reactivated people are stacked, and add up to the active users', async () => {
    const { page } = await open('grains', '#date=2025-12-10');
    const stacked = page.getByRole('slider', { name: 'New, returning and reactivated people, by week' });
    expect(await stacked.locator('svg path[fill^="var(--series"]').count()).toBe(3);
    const text = (await stacked.getAttribute('aria-valuetext'))?.replace(/^.*?: /, '') ?? '';
    const [returning = 0, fresh = 0, reactivated = 0, all] = Array.from(text.matchAll(/users ([\d,]+)/g), ([, count = '']) =>
      Number(count.replace(',', '')),
    );
    expect(all).toBeGreaterThan(0);
    expect(returning + fresh + reactivated).toBe(all);
  });

  test('a week that was not over and weeks in no report look and read so', async () => {
    const { page, complaints } = await open('holes', '#date=2025-12-21');
    expect(await page.locator('.card .tag').allTextContents()).toEqual(Array(6).fill('so far'));
    expect(await textOf(page, '.change')).toBe('– not compared: the week was not over');
    expect(await page.locator('.retention td.open').count()).toBe(12);
    expect(await page.locator('.retention td.open .spoken').first().textContent()).toBe(' so far');
    expect(await textOf(page, '.retention .note')).toMatch(/Dashed: the week was not over when it was reported\.$/);
    expect(await page.locator('.retention td.example.open').count()).toBe(0);
    await page.getByLabel('Week of').fill('2025-09-15');
    await arrive(page, /date=2025-09-15/);
    expect(await textOf(page, '.figure')).toBe('no report ');
    expect(plain(await page.locator('.instead').textContent())).toBe(
      'No report has the week of September 15 – 21, 2025. Its place is left empty.',
    );
    // cohorts of summer: their later weeks are in no report
    const missing = page.locator('.retention tr[data-date="2025-08-18"] td.none');
    expect(await missing.count()).toBeGreaterThan(0);
    expect(await missing.first().textContent()).toBe('–no report');
    expect(complaints).toEqual([]);
  });
});

test.each(
  sample(
    [
      ['week', 'light', 1280, undefined],
      ['month', 'dark', 360, 'color-contrast'],
      ['month', 'light', 360, undefined],
      ['week', 'dark', 360, undefined],
      ['month', 'dark', 1280, undefined],
    ] as const,
    2,
  ),
)('axe finds nothing in %ss, %s, at %s pixels', async (grain, colorScheme, width, rule) => {
  const { page, complaints } = await open('grains', `#grain=${grain}&span=${grain === 'week' ? '12-weeks' : 'year'}`, {
    colorScheme,
    viewport: { width, height: 900 },
  });
  await page.locator('.panel .chart svg').last().waitFor();
  expect(await findings(page, rule)).toEqual([]);
  expect(complaints).toEqual([]);
});

test.each(sample([320, 1280, 360, 768], 2))(
  'at %s pixels nothing is cut off at the side, in days, weeks and months',
  async (width) => {
    for (const grain of ['day', 'week', 'month']) {
      const { page } = await open('grains', `#grain=${grain}`, { viewport: { width, height: 900 } });
      expect([grain, await page.evaluate(() => document.documentElement.scrollWidth)]).toEqual([grain, width]);
    }
  },
);

test.each([
  ['week', 'Week of December'],
  ['month', 'November 2025'],
])('on paper the table of retention by %s is whole', async (grain, heading) => {
  const { page, complaints } = await open('grains', `#grain=${grain}`);
  await page.locator('.panel .chart svg').last().waitFor();
  await page.emulateMedia({ media: 'print' });
  await page.waitForFunction(() => document.documentElement.classList.contains('printing'));
  expect(await textOf(page, '.day h2')).toContain(heading);
  const outside = await page.$$eval('.retention', ([section]) => {
    const edge = section?.getBoundingClientRect();
    return [...(section?.querySelectorAll('td, th') ?? [])].filter((cell) => {
      const { right, bottom } = cell.getBoundingClientRect();
      return right > (edge?.right ?? 0) || bottom > (edge?.bottom ?? 0);
    }).length;
  });
  expect(outside).toBe(0);
  expect(complaints).toEqual([]);
});

test('the CSV of weeks has their first and last days', async () => {
  const { page } = await open('grains', '#span=12-weeks');
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Download CSV' }).click(),
  ]);
  expect(download.suggestedFilename()).toBe(`kpis-${addPeriods('2025-12-15', -11, 'week')}-2025-12-21.csv`);
  const chunks: Buffer[] = [];
  for await (const chunk of await download.createReadStream()) chunks.push(chunk as Buffer);
  const [head, ...lines] = Buffer.concat(chunks).toString().trimEnd().split('\r\n');
  expect(head).toMatch(/^period_start_date,period_end_date,report_date,provisional,growing,all_tests,/);
  expect(lines).toHaveLength(12);
  expect(lines.at(-1)).toMatch(/^2025-12-15,2025-12-21,2025-12-21,false,true,\d+,/);
});
