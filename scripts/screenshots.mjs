// Makes the pictures of README.md, docs/images/*.png, from demo data of fixed dates. Needs Chromium (CHROMIUM names its program).
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { DuckDBInstance } from '@duckdb/node-api';
import { AnsiUp } from 'ansi_up';
import { chromium } from 'playwright-core';

const FROM = '2025-08-26';
const TO = '2025-12-23';
const NOW = '2025-12-24T08:00:00Z';

const root = fileURLToPath(new URL('..', import.meta.url));
const images = join(root, 'docs', 'images');
const folder = mkdtempSync(join(tmpdir(), 'kpi-screenshots-'));
const warehouse = join(folder, 'warehouse.duckdb');
const page = join(folder, 'dashboard.html');

function kpi(...args) {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(KPI_|NO_COLOR)/.test(name)));
  return execFileSync(process.execPath, [join(root, 'bin', 'kpi.mjs'), ...args, '--warehouse', warehouse], {
    cwd: folder,
    env: { ...env, KPI_LOG_LEVEL: 'error', FORCE_COLOR: '1' },
    encoding: 'utf8',
  });
}

/** Sets the time of each report to the morning after its date, so that the pictures don't depend on when the script runs. */
async function fixInstants() {
  const instance = await DuckDBInstance.create(warehouse);
  const connection = await instance.connect();
  const found = await connection.runAndReadAll(
    "SELECT table_name FROM duckdb_columns() JOIN duckdb_tables() USING (table_name) WHERE column_name = 'created_at'",
  );
  for (const [table] of found.getRows())
    await connection.run(`UPDATE kpi_metrics.${table} SET created_at = CAST(report_date + 1 AS TIMESTAMP) + INTERVAL 6 HOUR`);
  connection.closeSync();
  instance.closeSync();
}

function terminalPage() {
  const command = `npx kpi show --date ${TO}`;
  const output = new AnsiUp().ansi_to_html(kpi(...command.split(' ').slice(2)).trimEnd());
  return `<!doctype html><meta charset="utf-8"><style>
    body { margin: 0; padding: 20px 24px; width: fit-content; background: #10161d; color: #d7dee5; }
    pre { margin: 0; font: 13px/1.5 "DejaVu Sans Mono", monospace; }
  </style><pre>$ ${command}\n\n${output}</pre>`;
}

mkdirSync(images, { recursive: true });
kpi('export', '--source', 'demo', '--from', FROM, '--to', TO, '--json');
await fixInstants();
kpi('dashboard', '--out', page);

const places = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const browser = await chromium.launch({
  executablePath: places.find((path) => path !== undefined && existsSync(path)),
  args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking', '--no-first-run'],
});
try {
  for (const colorScheme of ['light', 'dark']) {
    const tab = await browser.newPage({ viewport: { width: 1280, height: 1040 }, deviceScaleFactor: 1.5, colorScheme });
    await tab.clock.setFixedTime(new Date(NOW));
    await tab.goto(pathToFileURL(page).href);
    await tab.locator('.panel .chart svg').last().waitFor();
    await save(tab, `dashboard-${colorScheme}.png`);
  }
  const tab = await browser.newPage({ viewport: { width: 1400, height: 400 }, deviceScaleFactor: 1.5 });
  await tab.setContent(terminalPage());
  await save(tab.locator('body'), 'terminal.png');
} finally {
  await browser.close();
  rmSync(folder, { recursive: true, force: true });
}

async function save(what, name) {
  await what.screenshot({ path: join(images, name) });
  process.stdout.write(`wrote docs/images/${name}\n`);
}
