import { readFileSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import { metricsOfGrain } from '../../dashboard/history';
import { cards, panelsOf, sections } from '../../dashboard/page/layout';
import { addDays } from '../../shared/metrics/calendar';
import { publishedTableDefinitions, reportTableNames } from '../../shared/metrics/tables';
import { glossaryNames } from '../support/glossary';
import { sample } from '../support/sample';
import { launchBrowser, makePage, makeWarehouse, query, visit } from './support';

/** Each figure on the page is that of a query of the warehouse. */
const FROM = '2025-09-01';
const TO = '2025-12-23';
const FIRST_DAY = addDays(FROM, -11);

let browser: Browser;
let warehouse: string;
let url: string;

beforeAll(async () => {
  browser = await launchBrowser();
  warehouse = await makeWarehouse('figures', FROM, TO);
  url = await makePage(warehouse);
});
afterAll(() => browser.close());

const tables = [...reportTableNames, 'daily_audience'] as const;
const metrics = metricsOfGrain('day');
/** Active users are shown among the engagement alone. */
const metricsOf = (table: (typeof tables)[number]) =>
  publishedTableDefinitions[table].columns
    .filter(({ name, unit }) => unit !== null && !(table === 'daily_audience' && name === 'active_users'))
    .map(({ name }) => name);

/** Thirty days of the range, in no order. */
function scatteredDays(): string[] {
  const all = Array.from({ length: 125 }, (_, day) => addDays(FIRST_DAY, day)).filter((day) => day <= TO);
  return Array.from({ length: 30 }, (_, index) => all[(index * 37) % all.length] ?? TO); // 37 is a prime: no day twice
}

/** The newest report's row of each day, and the two figures that the page makes of several. */
async function newestRows(table: string): Promise<Map<string, Record<string, unknown>>> {
  const rows = await query(
    warehouse,
    `SELECT *, CAST(period_start_date AS VARCHAR) AS day
     FROM kpi_metrics.${table} QUALIFY row_number() OVER (PARTITION BY period_start_date ORDER BY report_date DESC) = 1`,
  );
  return new Map(rows.map((row) => [String(row.day), row]));
}

const plain = (value: unknown) => (typeof value === 'bigint' ? Number(value) : value);

/** The cells of the table shown: by day, the exact values and the texts. */
async function cellsOf(page: Page): Promise<Record<string, { value: number | null; text: string }[]>> {
  return page.$$eval('.figures tbody tr', (rows) =>
    Object.fromEntries(
      rows.map((row) => [
        (row as HTMLElement).dataset.date ?? '',
        [...row.querySelectorAll('td')].map((cell) => {
          const data = cell.querySelector('data');
          return { value: data === null ? null : Number(data.value), text: cell.textContent ?? '' };
        }),
      ]),
    ),
  );
}

/** To so many decimals, halves away from 0 as in school; toFixed rounds the binary number. */
function rounded(value: number, decimals: number): string {
  const steps = Math.round(Number(`${Math.abs(value).toFixed(12)}e${decimals}`));
  return ((Math.sign(value) * steps) / 10 ** decimals).toFixed(decimals);
}

/** As the page should write it, by rules of its own. */
function written(value: unknown, unit: string | null): string {
  if (typeof value !== 'number') return '–';
  if (unit === 'count') return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
  const text = rounded(value, unit === 'percent' ? 1 : 2);
  const signed = unit === 'points' && Number(text) > 0 ? `+${text}` : text;
  return signed.replace('-', '−') + ({ percent: '\u202f%', points: '\u202fpp' }[unit ?? ''] ?? '');
}

test.each(tables)('30 scattered days of %s, all metrics, in the table', async (table) => {
  const rows = await newestRows(table);
  const { page, complaints } = await visit(browser, `${url}#span=all&table=${table}`);
  const cells = await cellsOf(page);
  const units = new Map(publishedTableDefinitions[table].columns.map(({ name, unit }) => [name, unit]));
  const days = scatteredDays();
  const expected = days.map((day) => [
    day,
    metricsOf(table).map((name) => {
      const value = plain(rows.get(day)?.[name]);
      return { value, text: written(value, units.get(name) ?? null) };
    }),
  ]);
  expect(days.map((day) => [day, cells[day]?.slice(0, metricsOf(table).length)])).toEqual(expected);
  expect(Object.keys(cells)).toHaveLength(rows.size);
  expect(complaints).toEqual([]);
});

test('scattered days on the cards, with their change against a week before', async () => {
  const of: Record<string, Map<string, Record<string, unknown>>> = {};
  for (const table of tables) of[table] = await newestRows(table);
  const figure = (name: string, day: string): number | null | undefined => {
    if (name === 'failure_rate') {
      const [failed, all] = [figure('total_errors', day), figure('all_tests', day)];
      return failed === undefined ? undefined : all === 0 ? null : (100 * Number(failed)) / Number(all);
    }
    const table = tables.find((table) => metricsOf(table).includes(name)) ?? '';
    return plain(of[table]?.get(day)?.[name]) as number | null | undefined;
  };
  const { page, complaints } = await visit(browser, url);
  const shown = async () =>
    page.$$eval('.card', (elements) =>
      elements.map((card) => ({
        metric: (card as HTMLElement).dataset.metric,
        figure: card.querySelector('.figure > span:first-child')?.textContent?.replace(/[\s\u202f]/g, '') ?? null,
        change: card.querySelector('.change')?.textContent?.replaceAll('\u00a0', ' ') ?? '',
      })),
    );
  for (const day of sample(scatteredDays(), 8)) {
    await page.evaluate((hash) => {
      location.hash = hash;
    }, `#date=${day}`);
    await page.waitForFunction((date) => (document.querySelector('#date') as HTMLInputElement).value === date, day);
    const before = addDays(day, -7);
    for (const { metric, figure: text, change } of await shown()) {
      const name = metric ?? '';
      const percent = /rate/.test(name);
      const value = figure(name, day);
      const context = `${name} of ${day}`;
      expect([context, text]).toEqual([
        context,
        typeof value === 'number' ? (percent ? `${rounded(value, 1)}%` : String(value)) : null,
      ]);

      // conversion is compared as both days stood at the same age
      const age = Math.min(11, Math.round((Date.parse(TO) - Date.parse(day)) / 86_400_000));
      const [now, then] =
        name === 'conversion_rate'
          ? await Promise.all([day, before].map((date) => conversionAt(date, addDays(date, age))))
          : [value, figure(name, before)];
      if (typeof now !== 'number' || typeof then !== 'number') {
        expect([context, change]).toEqual([context, expect.stringContaining('not compared')]);
        continue;
      }
      const amount = percent
        ? `${rounded(Math.abs(now - then), 1)} pp`
        : then === 0
          ? String(Math.abs(now - then))
          : `${rounded((100 * Math.abs(now - then)) / then, 1)} %`;
      const isSame = Number.parseFloat(amount) === 0;
      const size = now === then ? 'unchanged' : isSame ? 'about the same' : amount;
      const sign = now === then ? '=' : isSame ? '≈' : now > then ? '↑' : '↓';
      expect([context, change]).toEqual([context, expect.stringContaining(sign)]);
      expect([context, change]).toEqual([context, expect.stringContaining(size)]);
      expect([context, change]).toEqual([
        context,
        expect.stringContaining(` ${isSame ? 'as' : 'from'} ${percent ? `${rounded(then, 1)}\u202f%` : then} on `),
      ]);
    }
  }
  expect(complaints).toEqual([]);
});

async function conversionAt(day: string, report: string): Promise<number | null | undefined> {
  const [row] = await query(
    warehouse,
    `SELECT conversion_rate FROM kpi_metrics.daily_funnel WHERE period_start_date = '${day}' AND report_date = '${report}'`,
  );
  return row?.conversion_rate as number | null | undefined;
}

test('what the charts read at a day', async () => {
  const { page } = await visit(browser, `${url}#date=2025-12-10`);
  const [row] = [(await newestRows('daily_engagement')).get('2025-12-10')];
  const text = await page.getByRole('slider', { name: 'Tests, by day', exact: true }).getAttribute('aria-valuetext');
  const [figures, usual] = text?.replaceAll('\u00a0', ' ').split('; ') ?? [];
  expect(figures).toBe(`Wed, Dec 10: All tests ${row?.all_tests}, Successful tests ${row?.successful_tests}`);
  expect(usual).toMatch(/^usual all tests \d+ to \d+(: a little (high|low))?$/);
});

test('a metric has the name of the glossary on cards, charts and tables, and its column in the CSV', async () => {
  const names = glossaryNames();
  const { page } = await visit(browser, url);
  expect(await page.locator('.card h3').allTextContents()).toEqual(cards.map((metric) => names.get(metric)));
  const series = sections.flatMap(({ panels, kinds }) =>
    [...panels, ...(kinds ? panelsOf(kinds) : [])].flatMap(({ series, total }) => [...series, ...(total ? [total] : [])]),
  );
  const readings = await page.$$eval('.readout li:not(.usual)', (items) =>
    items.map((item) => item.firstChild?.textContent?.trim()),
  );
  expect(readings).toEqual(series.filter((metric) => placeOf(metric) !== -1).map((metric) => names.get(metric)));
  for (const table of tables) {
    await page.goto(`${url}#table=${table}`);
    await page.locator(`table[data-table=${table}]`).waitFor();
    const heads = await page.$$eval('.figures thead th', (cells) => cells.slice(1).map((cell) => cell.firstChild?.textContent));
    const columns = metrics.filter((metric) => metric.table === table).map(({ name }) => name);
    expect(heads).toEqual(columns.map((name) => names.get(name)));
  }
  expect((await csvOf(page))[0]?.slice(4)).toEqual(metrics.map(({ name }) => name));
});

const placeOf = (name: string) => metrics.findIndex((metric) => metric.name === name);

async function csvOf(page: Page): Promise<string[][]> {
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Download CSV' }).click(),
  ]);
  expect(download.suggestedFilename()).toMatch(/^kpis-[\d-]{10}-[\d-]{10}\.csv$/);
  return readFileSync(await download.path(), 'utf8')
    .trimEnd()
    .split('\r\n')
    .map((line) => line.split(','));
}

test('the CSV has every figure of the days shown', async () => {
  const { page } = await visit(browser, `${url}#span=all`);
  const [head = [], ...lines] = await csvOf(page);
  for (const table of tables) {
    const rows = await newestRows(table);
    const names = metricsOf(table);
    expect(lines).toHaveLength(rows.size);
    for (const line of lines) {
      const cell = (name: string) => line[head.indexOf(name)];
      const row = rows.get(cell('date') ?? '');
      const figures = names.map((name) => (cell(name) === '' ? null : Number(cell(name))));
      expect([cell('date'), figures]).toEqual([cell('date'), names.map((name) => plain(row?.[name]))]);
    }
  }
});

test.each(sample([360, 1280, 768, 1440, 1920, 2560], 2))(
  'at %s pixels cards and table have names and figures of the day',
  async (width) => {
    const names = glossaryNames();
    const { page, complaints } = await visit(browser, `${url}#date=2025-12-10`, { viewport: { width, height: 900 } });
    const row: Record<string, unknown> = {};
    for (const table of tables) Object.assign(row, (await newestRows(table)).get('2025-12-10'));
    const units = new Map(metrics.map(({ name, unit }) => [name, unit]));
    const expected = cards.map((metric) => {
      const value = metric === 'failure_rate' ? (100 * Number(row.total_errors)) / Number(row.all_tests) : plain(row[metric]);
      return [names.get(metric), written(value, units.get(metric) ?? null).replaceAll(/\s/g, '')];
    });
    const shown = page.locator('.card');
    expect(await shown.locator('h3').allInnerTexts()).toEqual(expected.map(([name]) => name));
    const figures = await shown.locator('.figure > span:first-child').allInnerTexts();
    expect(figures.map((text) => text.replaceAll(/\s/g, ''))).toEqual(expected.map(([, figure]) => figure));
    const columns = metricsOf('daily_engagement');
    const cells = await page.locator('.figures tr[data-date="2025-12-10"] td').allInnerTexts();
    expect(cells).toEqual(columns.map((name) => written(plain(row[name]), units.get(name) ?? null)));
    expect(complaints).toEqual([]);
  },
);
