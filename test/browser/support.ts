import type { ChildProcess } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { AxeBuilder } from '@axe-core/playwright';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { runKpi, startKpi } from '../support/kpi-command';

export const folder = mkdtempSync(join(tmpdir(), 'kpi-browser-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Settings that commands are given. */
export const settings: Record<string, string> = { KPI_LOG_LEVEL: 'warning', KPI_RELEASE_GRAIN: 'day' };

/** The command line as a process of its own. */
export const start = (...args: string[]): ChildProcess => startKpi(folder, args, settings);

/** The day after the newest report. The demo ends there, and is a third of what it is by the real clock. */
const NOW = '2025-12-24T08:00:00Z';

export async function kpi(...args: string[]): Promise<void> {
  const { code, stderr } = await runKpi(folder, args, settings, NOW);
  if (code !== 0) throw new Error(`kpi ${args[0]} exited with ${code}: ${stderr}`);
}

/** A warehouse with a report of each date, of demo data unless another source is named. Files of one run share those of the demo. */
export async function makeWarehouse(name: string, from: string, to: string, source = 'demo'): Promise<string> {
  const file = join(folder, `${name}.duckdb`);
  const shared = process.env.BROWSER_TEST_FOLDER;
  const made = source === 'demo' && shared !== undefined ? join(shared, `${from}-${to}.duckdb`) : undefined;
  if (made !== undefined && existsSync(made)) copyFileSync(made, file);
  else {
    await kpi('export', '--source', source, '--warehouse', file, '--from', from, '--to', to, '--json');
    if (made !== undefined) {
      copyFileSync(file, `${made}.${process.pid}`);
      renameSync(`${made}.${process.pid}`, made); // whole, or not there
    }
  }
  return file;
}

/** A source with a test on each day; the demo is younger than two years. */
export function writeLongSource(dates: readonly string[]): string {
  const source = join(folder, 'long-source');
  mkdirSync(source);
  writeFileSync(join(source, 'users.csv'), `user_id,created_at\nu1,${dates[0]}\n`);
  const tests = dates.map((date, index) => `m${index},u1,s${index},${date}T10:00:00Z,${index % 3 === 0 ? 'analysis_error' : ''}`);
  writeFileSync(
    join(source, 'measurements.csv'),
    `measurement_id,user_id,session_id,created_at,error_type\n${tests.join('\n')}\n`,
  );
  return source;
}

/** The page of a warehouse; its URL. */
export async function makePage(warehouse: string, ...args: string[]): Promise<string> {
  const file = `${warehouse}.html`;
  await kpi('dashboard', '--warehouse', warehouse, '--out', file, ...args);
  return pathToFileURL(file).href;
}

export async function withDatabase<Result>(
  file: string,
  work: (connection: DuckDBConnection) => Promise<Result>,
): Promise<Result> {
  const instance = await DuckDBInstance.create(file);
  const connection = await instance.connect();
  try {
    return await work(connection);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

type Row = Record<string, unknown>;

export function query(file: string, sql: string): Promise<Row[]> {
  return withDatabase(file, async (connection) => (await connection.runAndReadAll(sql)).getRowObjectsJS() as Row[]);
}

/** The names of Chromium where distributions put it. One that can't show a window takes half the time. */
const programs = ['chromium-headless-shell', 'chromium', 'chromium-browser', 'google-chrome'];

/** Chromium of the machine, or CHROMIUM. */
export function launchBrowser(): Promise<Browser> {
  const places = [process.env.CHROMIUM, ...programs.map((name) => `/usr/bin/${name}`)];
  const executablePath = places.find((path) => path !== undefined && existsSync(path));
  if (executablePath === undefined) throw new Error('no Chromium found; install it, or name its program in CHROMIUM');
  const args = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking', '--no-first-run'];
  return chromium.launch({ executablePath, args });
}

export interface Visit {
  page: Page;
  /** What went wrong in the page: errors, what its policy refused, requests to elsewhere. */
  complaints: string[];
}

/** Of the test that runs; those of a beforeAll stay open. */
let opened: BrowserContext[] = [];
beforeEach(() => {
  opened = [];
});
afterEach(() => Promise.all(opened.map((context) => context.close())));

/** Opens a page, its clock standing at an instant. */
export async function visit(
  browser: Browser,
  url: string,
  { now = NOW, ...options }: BrowserContextOptions & { now?: string } = {},
): Promise<Visit> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  opened.push(context);
  context.setDefaultTimeout(240_000); // a slow machine is no fault of the page
  const page = await context.newPage();
  const complaints: string[] = [];
  const own = url.replace(/#.*/, '');
  page.on('console', (message) => complaints.push(`${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => complaints.push(`error: ${error.message}`));
  page.on('request', (request) => {
    const target = request.url().replace(/#.*/, '');
    if (target !== own && !/^(data|blob):/.test(target)) complaints.push(`request: ${target}`);
  });
  await page.clock.setFixedTime(new Date(now));
  await page.addInitScript(() => {
    addEventListener('hashchange', () => {
      document.documentElement.dataset.drawn = location.hash;
    });
  });
  await page.goto(url);
  return { page, complaints };
}

/** Waits for an address, and until the page has drawn it, which it does in a later task. */
export async function arrive(page: Page, url: Parameters<Page['waitForURL']>[0]): Promise<void> {
  await page.waitForURL(url);
  await page.waitForFunction(() => document.documentElement.dataset.drawn === location.hash);
}

/** What axe finds, by all of its rules or by one. Run it by all once for each kind of page; other colours need `color-contrast` alone. */
export async function findings(page: Page, rule?: string): Promise<[string, string[]][]> {
  const axe = new AxeBuilder({ page }).setLegacyMode().options({ resultTypes: ['violations'] });
  if (rule !== undefined) axe.withRules(rule);
  const { violations } = await axe.analyze();
  return violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]);
}
