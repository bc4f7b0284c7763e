import * as assets from 'dashboard:assets';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { type Document, isPage, renderDashboard, type Shown } from '../dashboard/document';
import { readReleased, readReports } from '../dashboard/read';
import { serveDashboard } from '../dashboard/serve';
import { holdsDemo } from '../shared/engines/identity';
import { MAX_DATES_BY_CLI, parseRequest } from '../shared/export/request';
import type { CalendarDate } from '../shared/metrics/calendar';
import type { Config } from '../shared/platform/config';
import { formatCount, formatMany } from '../shared/platform/counts';
import { Failure } from '../shared/platform/failure';
import { openInBrowser } from './open';
import { datesOf, options } from './options';
import { complain, NOTHING_RELEASED, nothingThere } from './outcome';
import { adviseOn, readPublication } from './publication';
import { createCliRun } from './run';
import { openSettler } from './settler';
import { fit } from './terminal';
import { nearPath } from './typed';
import { createFileWriter } from './write-file';

const DEFAULT_FILE = '.kpi/dashboard.html';

/** Short, because the page shows that the warehouse is busy, and reloads. */
const SERVING_WAITS_MS = 3_000;

interface DashboardFlags {
  date?: string;
  out?: string;
  force?: boolean;
  serve?: boolean;
  open?: boolean;
  release?: boolean;
  port: number;
  warehouse?: string;
  timeZone?: string;
}

export function dashboardCommand(): Command {
  return new Command('dashboard')
    .description('Make the page that shows all reports of the warehouse: one HTML file, or served to this machine.')
    .addOption(options.date('day that the page opens with: YYYY-MM-DD, today or yesterday (default: the newest finished day)'))
    .addOption(new Option('--out <file>', `file to write (default: ${DEFAULT_FILE})`).conflicts('serve'))
    .addOption(
      new Option('--force', 'replace the file even if it is not a page of this program; never a warehouse or a source').conflicts(
        'serve',
      ),
    )
    .option('--serve', 'serve the page on 127.0.0.1 until Ctrl-C; each request reads the warehouse again')
    .addOption(new Option('--port <port>', 'port to serve on, 0 for any free one').argParser(parsePort).default(8090))
    .option('--open', 'open the page in the browser')
    .option('--release', 'show what is released to partners and researchers, what is hidden as hidden')
    .addOption(options.warehouse())
    .addOption(options.timeZone())
    .addHelpText(
      'after',
      `
Examples:
  $ kpi dashboard --open
  $ kpi dashboard --date 2025-12-22 --out kpis.html
  $ kpi dashboard --serve --port 0
  $ kpi dashboard --release --out release.html`,
    )
    .action(dashboard);
}

async function dashboard(flags: DashboardFlags): Promise<void> {
  const waiting = flags.serve ? { forMs: SERVING_WAITS_MS } : {};
  const settler = openSettler(flags, 'read', waiting);
  const settled = await settler.settle();
  const date = parseDay(flags.date, settled.config);
  const run = createCliRun(settled.config);
  const read = async (): Promise<Shown> => {
    const { config, openEngine } = await settler.settle(); // the warehouse may have been created or replaced since
    const engine = await openEngine('read', waiting);
    try {
      const options = { timeZone: config.timeZone, isDemo: holdsDemo(config), date, now: new Date() };
      return flags.release
        ? await readReleased(engine, { ...options, release: config.release, publication: readPublication() })
        : { data: await readReports(engine, { ...options, run }) };
    } finally {
      await engine.close();
    }
  };
  const render = async (): Promise<Document> => renderDashboard(await read(), assets); // the warehouse is closed again before rendering
  const isEmpty = ({ data: { grains } }: Shown) =>
    flags.release === true && Object.values(grains).every(({ periods }) => periods.length === 0);
  if (flags.serve) return flags.release && isEmpty(await read()) ? nothingThere(NOTHING_RELEASED) : serve(render, flags);
  const file = resolve(flags.out ?? DEFAULT_FILE);
  const write = createFileWriter(file, {
    flag: '--out',
    kind: 'a page of this program',
    isOwn: isPage,
    force: flags.force ?? false,
    config: settled.config,
  });
  const shown = await read();
  if (isEmpty(shown)) return nothingThere(NOTHING_RELEASED);
  const { html } = renderDashboard(shown, assets);
  write(html);
  const { data } = shown;
  const unit = data.of.kind === 'release' ? data.of.grain : 'day';
  const size = formatCount(Buffer.byteLength(html) / 1000);
  process.stdout.write(`Wrote ${nearPath(file)}: ${formatMany(data.grains[unit]?.periods.length ?? 0, unit)}, ${size} kB\n`);
  const missing = shown.release === undefined ? null : adviseOn(shown.release.publication);
  if (missing !== null) process.stdout.write(`${fit(`Its readers lack ${missing}`)}\n`);
  if (flags.open) await open(file, nearPath(file));
}

/** Opens the page in the browser. A failure is only reported, because the page exists. */
async function open(target: string, shown = target): Promise<void> {
  const reason = await openInBrowser(target);
  if (reason !== null) complain({ message: `${reason}; open ${shown} yourself` });
}

/** Serves until Ctrl-C. */
async function serve(render: () => Promise<Document>, { port, open: opens }: DashboardFlags): Promise<void> {
  const { url, server } = await serveDashboard({ port, render, assets }).catch((thrown) => {
    // npm passes flags on only after --
    const way = process.env.npm_lifecycle_event === 'demo' ? 'npm run demo -- --port 0' : '--port 0';
    throw new Failure('BAD_REQUEST', `--port: ${port} can't be listened on; expected a free port, or any: ${way}`, {
      cause: thrown,
    });
  });
  process.stdout.write(`Serving ${url}  (Ctrl-C ends)\n`);
  const stop = () => {
    server.close();
    server.closeAllConnections();
  };
  process.once('SIGINT', stop).once('SIGTERM', stop);
  if (opens) await open(url);
  await once(server, 'close');
}

function parseDay(date: string | undefined, { timeZone }: Config): CalendarDate | null {
  if (date === undefined) return null;
  const now = new Date();
  return parseRequest(datesOf({ date }), { timeZone, askedAt: now, now, maxDates: MAX_DATES_BY_CLI }).from;
}

function parsePort(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) throw new InvalidArgumentError('Expected a number from 0 to 65535.');
  return Number(text);
}
