// Exports 120 days of demo data and serves the page until Ctrl-C. Uses a separate warehouse file, which it replaces.
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const DAYS = 120;
const WAREHOUSE = 'demo.duckdb';

const root = new URL('..', import.meta.url);
const folder = new URL('.kpi/', root);
mkdirSync(folder, { recursive: true });

// ignores settings of the shell and kpi.config.json beside package.json, which are for a real warehouse
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('KPI_')));
const options = { cwd: fileURLToPath(folder), env };
const kpi = (...args) => [fileURLToPath(new URL('bin/kpi.mjs', root)), ...args, '--warehouse', WAREHOUSE];

const from = new Date(Date.now() - (DAYS - 1) * 86_400_000).toISOString().slice(0, 10);
rmSync(new URL(WAREHOUSE, folder), { force: true });
const exported = spawnSync(process.execPath, kpi('export', '--source', 'demo', '--from', from, '--to', 'today', '--json'), {
  ...options,
  env: { ...env, KPI_LOG_LEVEL: 'warning' },
  stdio: ['ignore', 'ignore', 'inherit'],
});
if (exported.status !== 0) process.exit(exported.status ?? 1);
process.stdout.write(`Exported ${DAYS} days of demo data, ${from} until today, to .kpi/${WAREHOUSE}\n`);

const serving = spawn(process.execPath, kpi('dashboard', '--serve', ...process.argv.slice(2)), { ...options, stdio: 'inherit' });
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => serving.kill(signal));
serving.on('exit', (code) => process.exit(code ?? 0));
