import { once } from 'node:events';
import { copyFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { addDays, datesBetween } from '../../shared/metrics/calendar';
import { reportTableNames } from '../../shared/metrics/tables';
import { sample } from '../support/sample';
import {
  arrive,
  findings,
  folder,
  kpi,
  launchBrowser,
  makePage,
  makeWarehouse,
  query,
  start,
  visit,
  withDatabase,
  writeLongSource,
} from './support';

let browser: Browser;
let whole: string;
const pages: Record<string, string> = {};

/** A copy of the warehouse, changed. */
async function changed(name: string, statements: (table: string) => string[]): Promise<string> {
  const file = join(folder, `${name}.duckdb`);
  copyFileSync(whole, file);
  await withDatabase(file, async (connection) => {
    for (const table of reportTableNames) for (const sql of statements(`kpi_metrics.${table}`)) await connection.run(sql);
  });
  return file;
}

beforeAll(async () => {
  browser = await launchBrowser();
  whole = await makeWarehouse('whole', '2025-09-01', '2025-12-23');
  pages.whole = await makePage(whole);
  pages.holes = await makePage(
    await changed('holes', (table) => [
      `DELETE FROM ${table} WHERE report_date BETWEEN '2025-11-10' AND '2025-11-24'`,
      `UPDATE ${table} SET created_at = '2025-12-23 14:00:00Z' WHERE report_date = '2025-12-23'`,
    ]),
  );
  pages.hostile = await makePage(
    await changed('hostile', (table) => [
      `UPDATE ${table} SET period_label = '</script><script>document.title = "hacked"</script><img src=x onerror=alert(1)><!--' || chr(8232)`,
    ]),
  );
  pages.single = await makePage(await makeWarehouse('single', '2025-12-23', '2025-12-23'));
  const released = await changed('released', () => []);
  await kpi('release', '--source', 'demo', '--warehouse', released, '--from', '2025-12-01', '--to', '2025-12-12', '--json');
  pages.release = await makePage(released, '--release');
  const empty = join(folder, 'empty.duckdb');
  await withDatabase(empty, (connection) => connection.run('CREATE SCHEMA nothing'));
  pages.empty = await makePage(empty);
});
afterAll(() => browser.close());

/** The page of 730 reports. */
async function long(): Promise<string> {
  const [from, to] = ['2023-12-25', '2025-12-23'];
  pages.long ??= await makePage(await makeWarehouse('long', from, to, writeLongSource(datesBetween(addDays(from, -11), to))));
  return pages.long;
}

const open = (name: string, fragment = '', options: Parameters<typeof visit>[2] = {}) =>
  visit(browser, `${pages[name]}${fragment}`, options);
const textOf = async (page: Page, selector: string) =>
  (await page.locator(selector).first().textContent())?.replaceAll(/[\u00a0\u202f]/g, ' ');

describe('accessibility', () => {
  const sizes = { wide: { width: 1440, height: 900 }, narrow: { width: 360, height: 780 } };

  test.each(
    sample(
      [
        ['whole', 'light', 'wide', undefined],
        ['single', 'dark', 'narrow', undefined],
        ['empty', 'dark', 'wide', undefined],
        ['holes', 'light', 'wide', 'color-contrast'],
        ['whole', 'dark', 'wide', undefined],
        ['whole', 'light', 'narrow', undefined],
        ['whole', 'dark', 'narrow', undefined],
        ['holes', 'light', 'wide', undefined],
        ['holes', 'dark', 'narrow', undefined],
        ['single', 'light', 'narrow', undefined],
        ['release', 'light', 'wide', undefined],
      ] as const,
      4,
    ),
  )('axe finds nothing on %s, %s, %s', async (name, colorScheme, size, rule) => {
    const { page, complaints } = await open(name, '', { colorScheme, viewport: sizes[size], now: '2025-12-27T08:00:00Z' });
    for (const details of await page.locator('details').all())
      await details.evaluate((element) => element.setAttribute('open', ''));
    expect(await findings(page, rule)).toEqual([]);
    expect(complaints).toEqual([]);
  });

  test.each(sample([320, 3840, 360, 768, 1280], 2))('at %s pixels nothing is cut off at the side', async (width) => {
    const { page } = await open('holes', '#date=2025-11-12', { viewport: { width, height: 900 } });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
  });

  test('every chart has a name, and its value at the day as text', async () => {
    const { page } = await open('whole');
    const sliders = await page.getByRole('slider').all();
    expect(sliders).toHaveLength(21);
    for (const slider of sliders) {
      expect(await slider.getAttribute('aria-label')).toMatch(/., by day$/);
      expect(await slider.getAttribute('aria-valuetext')).toMatch(/^Tue,\sDec\s23.*: .*\d/);
    }
  });
});

describe('by keyboard', () => {
  test('the first stop leads past the controls', async () => {
    const { page } = await open('whole');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('main');
    expect(new URL(page.url()).hash).toBe('');
  });

  test('arrows move through a chart, and Enter chooses a day', async () => {
    const { page, complaints } = await open('whole');
    const chart = page.getByRole('slider', { name: 'Tests, by day', exact: true });
    await chart.focus();
    const at = async () => (await chart.getAttribute('aria-valuetext'))?.replaceAll('\u00a0', ' ').slice(0, 11);
    const seen: Record<string, string | undefined> = {};
    for (const key of ['ArrowLeft', 'PageDown', 'ArrowRight', 'Home', 'ArrowLeft', 'End', 'ArrowRight', 'PageUp', 'ArrowLeft']) {
      await page.keyboard.press(key);
      seen[`${Object.keys(seen).length} ${key}`] = await at();
    }
    expect(Object.values(seen)).toEqual([
      'Mon, Dec 22',
      'Mon, Dec 15',
      'Tue, Dec 16',
      'Wed, Oct 1:',
      'Wed, Oct 1:',
      'Tue, Dec 23',
      'Tue, Dec 23',
      'Tue, Dec 23',
      'Mon, Dec 22',
    ]);
    await page.keyboard.press('Enter');
    await arrive(page, /#date=2025-12-22$/);
    expect(await textOf(page, '.day h2')).toBe('Monday, December 22, 2025');
    expect(await chart.evaluate((element) => element === document.activeElement)).toBe(true);
    expect(complaints).toEqual([]);
  });

  test('definitions open by the space bar', async () => {
    const { page } = await open('whole');
    const hint = page.locator('.hint').first();
    await hint.locator('summary').focus();
    await page.keyboard.press('Space');
    expect(await hint.locator('p').isVisible()).toBe(true);
    expect(await hint.locator('p').textContent()).toBe('Distinct users with a measurement');
  });
});

describe('the state of the page', () => {
  test('is in the URL, and the back button takes it back', async () => {
    const { page, complaints } = await open('whole');
    const heading = () => textOf(page, '.day h2');
    const change = () => textOf(page, '.change');
    expect(await change()).toMatch(/on Tue, Dec 16$/);
    await page.getByLabel('Day', { exact: true }).fill('2025-12-10');
    await arrive(page, /#date=2025-12-10$/);
    expect(await heading()).toBe('Wednesday, December 10, 2025');
    await page.getByLabel('Compare with').selectOption('day');
    await arrive(page, /#date=2025-12-10&compare=day$/);
    expect(await change()).toMatch(/on Tue, Dec 9$/);
    await page.getByLabel('Compare with').selectOption('none');
    await arrive(page, /compare=none$/);
    expect(await page.locator('.change').count()).toBe(0);
    await page.getByRole('button', { name: 'A day later' }).click();
    await arrive(page, /#date=2025-12-11&compare=none$/);
    for (const date of ['10', '10', '10', '23']) {
      await page.goBack();
      await page.waitForFunction((day) => document.querySelector('.day h2')?.textContent?.includes(` ${day},`), date);
    }
    expect(await change()).toMatch(/on Tue, Dec 16$/);
    expect(complaints).toEqual([]);
  });

  test('a link opens it, and a reload keeps it', async () => {
    const { page } = await open('whole', '#date=2025-10-05&span=all&table=daily_errors');
    await page.reload();
    expect(await textOf(page, '.day h2')).toBe('Sunday, October 5, 2025');
    expect(await page.getByRole('button', { name: 'Errors', exact: true }).getAttribute('aria-pressed')).toBe('true');
    expect(await page.locator('.figures tbody tr').count()).toBe(125);
  });

  test('a day chosen in a chart', async () => {
    const { page } = await open('whole');
    await page.getByRole('slider', { name: 'People, by day', exact: true }).click({ position: { x: 300, y: 60 } });
    await arrive(page, /#date=2025-1\d-\d\d$/);
  });

  test('stays within the existing days', async () => {
    const { page } = await open('whole', '#date=1999-01-01');
    expect(await textOf(page, '.day h2')).toBe('Thursday, August 21, 2025');
  });
});

describe('what is shown instead of what was asked for', () => {
  test.each([
    [
      '#date=2025-13-45',
      ['The address names a date that does not exist. Shown is Monday, December 22, 2025.'],
      'Monday, December 22, 2025',
    ],
    ['#span=decade', ['The address names an unknown span. Shown: 12 weeks.'], 'Monday, December 22, 2025'],
    [
      '#compare=month&table=users',
      [
        'The address names an unknown day to compare with. Compared is with a week before.',
        'The address names an unknown table. Shown is Engagement.',
      ],
      'Monday, December 22, 2025',
    ],
    [
      '#date=1999-01-01',
      ['No report has Friday, January 1, 1999. Shown is the nearest day that one has.'],
      'Thursday, August 21, 2025',
    ],
    [
      '#date=2025-11-12',
      ['No report has Wednesday, November 12, 2025. Its place is left empty.'],
      'Wednesday, November 12, 2025',
    ],
    ['#date=2025-12-01', [], 'Monday, December 1, 2025'],
    ['', [], 'Monday, December 22, 2025'],
  ])('%s: %s', async (fragment, notices, day) => {
    const { page, complaints } = await open('holes', fragment);
    expect(await page.locator('.instead').allTextContents()).toEqual(notices);
    expect(await textOf(page, '.day h2')).toBe(day);
    expect(complaints).toEqual([]);
  });

  test('goes away with the next choice', async () => {
    const { page } = await open('holes', '#date=2025-13-45');
    await page.getByRole('button', { name: 'A day earlier' }).click();
    await arrive(page, /#date=2025-12-21$/);
    expect(await page.locator('.instead').count()).toBe(0);
  });
});

test.each([
  [360, true],
  [1280, false],
])('at %s pixels the cards come before the controls: %s', async (width, first) => {
  const { page } = await open('whole', '', { viewport: { width, height: 780 } });
  const place = async (selector: string) => (await page.locator(selector).boundingBox())?.y ?? 0;
  expect((await place('.cards')) < (await place('.controls'))).toBe(first);
  const stops: string[] = [];
  for (let stop = 0; stop < 12; stop++) {
    await page.keyboard.press('Tab');
    stops.push(await page.evaluate(() => document.activeElement?.closest('.controls, .cards')?.className ?? ''));
  }
  expect(stops.indexOf('cards') < stops.indexOf('controls')).toBe(first);
});

test('years of days: a move of the pointer lays out and paints what is seen, and a choice is soon on the screen', async () => {
  const { page, complaints } = await visit(browser, `${await long()}#grain=day&span=all`);
  await page.getByLabel('Show').selectOption('4-weeks');
  await arrive(page, /span=4-weeks/);
  await page.getByLabel('Show').selectOption('all');
  await arrive(page, /span=all/);
  // what comes later is there in the end, and the chosen day is marked in it
  await page.waitForFunction(() => document.querySelectorAll('.figures tbody tr').length === 741);
  await page.goto(`${page.url().replace(/#.*/, '')}#grain=day&span=all&date=2024-01-05`);
  await page.locator('tr.chosen[data-date="2024-01-05"]').waitFor({ state: 'attached' });
  expect(await page.locator('tr.chosen').count()).toBe(1);

  const charts = page.locator('.panel .chart');
  await charts.first().scrollIntoViewIfNeeded();
  const before = await charts.evaluateAll((all) => all.map((one) => one.getAttribute('aria-valuetext')));
  const box = await charts.first().boundingBox();
  await page.mouse.move((box?.x ?? 0) + 200, (box?.y ?? 0) + 60);
  const during = await charts.evaluateAll((all) => all.map((one) => one.getAttribute('aria-valuetext')));
  expect(during[0]).not.toBe(before[0]);
  expect(during.at(-1)).toBe(before.at(-1));
  await page.mouse.move(2, 2);
  expect(await charts.evaluateAll((all) => all.map((one) => one.getAttribute('aria-valuetext')))).toEqual(before);
  expect(complaints).toEqual([]);
});

describe('what is missing, and what may still change', () => {
  test('days without a report are gaps: no bar, no line, no figure', async () => {
    const { page, complaints } = await open('holes', '#date=2025-11-12');
    expect(await textOf(page, '.figure')).toBe('no report ');
    expect(await page.locator('.figures tr[data-date="2025-11-12"] td').allTextContents()).toEqual(['no report']);
    const { page: other } = await open('whole', '#date=2025-11-12');
    const segments = (of: Page) =>
      of.$eval('.panel .chart [aria-label="line"] path', (path) => path.getAttribute('d')?.match(/M/g)?.length);
    expect(await segments(other)).toBe(1);
    expect(await segments(page)).toBe(2);
    expect(complaints).toEqual([]);
  });

  test('the status line names gaps and the day that was not over', async () => {
    const { page } = await open('holes');
    const items = await page.locator('.status div').allTextContents();
    expect(items.map((text) => text.replaceAll('\u00a0', ' '))).toEqual([
      'Newest reportTue, Dec 23, 2025',
      'ExportedDec 23, 2025, 14:00',
      'Time zoneUTC',
      'Gaps16: Mon, Nov 10 to Mon, Nov 24; Tue, Dec 23',
      'Days not overTue, Dec 23',
    ]);
  });

  test('the page opens with the newest day that is over; the one that is not looks and reads so', async () => {
    const { page } = await open('holes');
    expect(await textOf(page, '.day h2')).toBe('Monday, December 22, 2025');
    await page.getByRole('button', { name: 'A day later' }).click();
    await arrive(page, /#date=2025-12-23$/);
    expect(await page.locator('.card .tag').allTextContents()).toEqual(Array(6).fill('so far'));
    expect(await textOf(page, '.change')).toBe('– not compared: the day was not over');
    expect(
      await page.locator('.panel .stack, .panel.stack').locator('rect[stroke-dasharray], g[stroke-dasharray] rect').count(),
    ).toBeGreaterThan(0);
  });

  test('conversion is marked while it grows', async () => {
    const { page } = await open('whole', '#date=2025-12-20');
    expect(
      await page
        .locator('.card:has(.tag)')
        .evaluateAll((elements) => elements.map((card) => (card as HTMLElement).dataset.metric)),
    ).toEqual(['conversion_rate']);
    expect(await textOf(page, '.card[data-metric=conversion_rate] .change')).toMatch(/, both after 3 days$/);
    const { page: mature } = await open('whole', '#date=2025-12-12');
    expect(await mature.locator('.card .tag').count()).toBe(0);
  });

  test.each([
    ['2025-12-24T23:59:00Z', null],
    ['2025-12-25T00:00:00Z', 'the day since then'],
    ['2025-12-27T08:00:00Z', 'the 3 days since then'],
  ])('read at %s, late: %s', async (now, text) => {
    const { page } = await open('whole', '', { now });
    const notice = page.locator('.late');
    if (text === null) expect(await notice.count()).toBe(0);
    else expect(await notice.textContent()).toContain(text);
  });
});

describe('the release', () => {
  test('is of days, and says so to whoever asks for weeks', async () => {
    const { page, complaints } = await open('release', '#grain=week');
    expect(await page.locator('.instead').allTextContents()).toEqual(['Only days are released.']);
    expect(await page.getByRole('group', { name: 'Period' }).count()).toBe(0);
    expect(await page.locator('.audience').count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  test('every figure is the released one, and what is hidden says so', async () => {
    const { page, complaints } = await open('release');
    const rows = await query(
      join(folder, 'released.duckdb'),
      'SELECT *, CAST(period_start_date AS VARCHAR) AS day FROM kpi_release.daily_metrics ORDER BY day DESC',
    );
    const names = ['all_tests', 'successful_tests', 'successful_test_users', 'active_users', 'avg_tests_per_active_user'];
    const shown = await page.$$eval('.figures tbody tr', (elements) =>
      elements.map((row) => [
        (row as HTMLElement).dataset.date,
        ...[...row.querySelectorAll('td')].map((cell) => cell.querySelector('data')?.value ?? cell.textContent),
      ]),
    );
    expect(rows).toHaveLength(12);
    expect(shown).toEqual(
      rows.map((row) => [row.day, ...names.map((name) => (row[name] === null ? 'hidden' : String(row[name])))]),
    );
    expect(shown.flat()).toContain('hidden');
    expect((await page.locator('.status').textContent()) ?? '').toMatch(/rounded to 10.*fewer than 20 people/);
    expect(complaints).toEqual([]);
  });

  test('nothing but the release is in the page', async () => {
    const { page } = await open('release');
    const { grains } = JSON.parse((await page.locator('#data').textContent()) ?? '');
    expect(Object.keys(grains)).toEqual(['day']);
    const { periods: days, metrics } = grains.day;
    expect(days).toHaveLength(12);
    expect(metrics.map(({ name }: { name: string }) => name)).not.toContain('total_users_to_date');
    expect(
      days
        .flatMap(({ values }: { values: (number | null)[] }) => values.slice(0, 4))
        .filter((count: number | null) => count !== null && count % 10 !== 0),
    ).toEqual([]);
  });
});

describe('odd warehouses', () => {
  test('an empty one', async () => {
    const { page, complaints } = await open('empty');
    expect(await textOf(page, 'h1')).toBe('No figures yet');
    expect(complaints).toEqual([]);
  });

  test('one report', async () => {
    const { page, complaints } = await open('single');
    expect(await page.locator('.figures tbody tr').count()).toBe(12);
    expect(complaints).toEqual([]);
  });

  test('texts that try to be markup', async () => {
    const { page, complaints } = await open('hostile');
    expect(await page.title()).toBe('Daily KPIs');
    expect(await page.locator('.card').count()).toBe(6);
    expect(await page.locator('img, script:not(#data) ~ script').count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  test('730 reports: all days in the charts and the table', async () => {
    const { page, complaints } = await visit(browser, `${await long()}#grain=day&span=all`);
    expect(statSync(fileURLToPath(await long())).size).toBeLessThan(1_100_000);
    expect(await page.locator('.figures tbody tr').count()).toBe(741);
    expect(complaints).toEqual([]);
  });
});

describe('the policy', () => {
  test('no script, style or request gets in, not even by what runs in the page', async () => {
    const { page, complaints } = await open('whole');
    await page.evaluate(() => {
      const script = document.createElement('script');
      script.append('document.title = "hacked"');
      try {
        document.body.append(script);
      } catch {} // Trusted Types throw
      const style = document.createElement('style');
      style.textContent = 'body { display: none }';
      document.head.append(style);
      return fetch('http://127.0.0.1:9/').catch(() => {});
    });
    expect(await page.title()).toBe('Daily KPIs');
    expect(await page.locator('body').isVisible()).toBe(true);
    expect(complaints.filter((complaint) => complaint.startsWith('error')).length).toBeGreaterThanOrEqual(3);
  });

  test('licences of what is bundled are in the page', async () => {
    const { page } = await open('whole');
    const licences = await page.locator('.licences pre').textContent();
    for (const name of ['@observablehq/plot', 'd3-scale', 'temporal-polyfill', '@fontsource-variable/inter'])
      expect(licences).toContain(`${name} `);
    expect(licences).toContain('Permission to use, copy, modify');
  });
});

test('a served page reads the warehouse at each request, and says if an export has it open', async () => {
  const file = await changed('served', () => []);
  const server = start('dashboard', '--serve', '--port', '0', '--warehouse', file);
  try {
    if (server.stdout === null) throw new Error('no output');
    const [line] = (await once(createInterface(server.stdout), 'line')) as [string];
    const url = /http:\S+/.exec(line)?.[0] ?? '';
    const { page, complaints } = await visit(browser, url);
    expect(await page.locator('.status dd').first().textContent()).toContain('23');
    await withDatabase(file, async (connection) => {
      const busy = await page.goto(url);
      expect(busy?.status()).toBe(503);
      expect(await textOf(page, 'h1')).toBe('One moment: an export is writing');
      for (const table of reportTableNames)
        await connection.run(`DELETE FROM kpi_metrics.${table} WHERE report_date > '2025-12-20'`);
    });
    expect((await page.goto(url))?.status()).toBe(200);
    expect(await page.locator('.status dd').first().textContent()).toContain('20');
    expect(complaints.filter((complaint) => !complaint.includes('503'))).toEqual([]);
  } finally {
    server.kill('SIGINT');
    const [code] = await once(server, 'exit');
    expect(code).toBe(0);
  }
});
