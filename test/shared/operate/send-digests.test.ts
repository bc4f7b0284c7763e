import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRun, type Engine } from '../../../shared/engines/engine';
import { createSettler } from '../../../shared/engines/open';
import { runRequest } from '../../../shared/export/run-request';
import { addDays, datesBetween } from '../../../shared/metrics/calendar';
import { sendDigests } from '../../../shared/operate/send-digests';
import { parseConfig } from '../../../shared/platform/config';
import { createLog } from '../../../shared/platform/log';
import { writeSmallSource } from '../../support/small-source';
import { startWebhook, type WebhookServer } from '../../support/webhook-server';

/** Source and warehouse, which each test has to itself. */
let folder: string;
let webhook: WebhookServer;
let lines: string[];
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kpi-digests-'));
  writeSmallSource(folder);
  webhook = await startWebhook();
  lines = [];
});
afterEach(async () => {
  await webhook.close();
  rmSync(folder, { recursive: true });
});

const log = createLog({ level: 'info', format: 'json', write: (line) => lines.push(line) });
const logged = () => lines.map((line) => JSON.parse(line)).filter(({ message }) => message.startsWith('digest'));

const settlerAt = (now: Date, env: Record<string, string> = {}) => {
  const settings = {
    KPI_WAREHOUSE: join(folder, 'w.duckdb'),
    KPI_SOURCE: join(folder, 'source'),
    KPI_SOURCE_MAX_AGE_HOURS: '0',
    KPI_DIGEST_WEBHOOK: webhook.url,
    ...env,
  };
  return createSettler(parseConfig(settings), 'export', () => now);
};

/** A delivery at `instant` that asks for `dates`, as both functions do it. */
async function deliver(instant: string, dates: string[], env: Record<string, string> = {}): Promise<void> {
  const startedAt = new Date(instant);
  const now = () => startedAt;
  const run = createRun({ requestId: 'm1', trigger: 'pubsub', signal: AbortSignal.timeout(60_000), log });
  const settled = await settlerAt(startedAt, env).settle();
  const { reports } = await runRequest(dates, { ...settled, run, startedAt, now });
  await sendDigests(reports, { ...settled, run, startedAt, now, webhook: { pauseMs: 0 } });
}

/** The daily delivery of the morning after `date`. */
const daily = (date: string, env?: Record<string, string>) =>
  deliver(`${addDays(date, 1)}T06:00:00Z`, [date, addDays(date, 1)], env);

async function read<Result>(work: (engine: Engine) => Promise<Result>): Promise<Result> {
  const { openEngine } = await settlerAt(new Date('2025-12-24T12:00:00Z')).settle();
  const engine = await openEngine('read');
  return work(engine).finally(() => engine.close());
}
const digestRuns = async () =>
  (await read((engine) => engine.readRuns({})))
    .filter(({ request_id }) => request_id.startsWith('digest-'))
    .map(({ request_id, report_date, status, error_code, trigger }) => [request_id, report_date, status, error_code, trigger]);
const titles = () => webhook.received.map(({ text }) => text.split('\n')[0]);

test('the digest of yesterday is sent once, when its report is final', async () => {
  await deliver('2025-12-22T18:00:00Z', ['2025-12-22']); // not over
  expect(webhook.received).toEqual([]);
  await daily('2025-12-22');
  expect(titles()).toEqual(['KPI digest of Dec 22, 2025']);
  expect(webhook.received[0]?.blocks[0]).toEqual({ type: 'header', text: { type: 'plain_text', text: titles()[0] } });
  expect(webhook.received[0]?.text).toMatch(
    /\nMonday had \d+ active users\. .*\nFigure .*\nActive users +\d+ +not known +too new to judge\n/,
  );
  expect(webhook.received[0]?.text).toMatch(/Report of 2025-12-23, made 2025-12-23 06:00 UTC\. Days of UTC\. From w\.duckdb\.$/);
  await daily('2025-12-22');
  await deliver('2025-12-23T09:00:00Z', ['2025-12-22']);
  expect(webhook.received).toHaveLength(1);
  expect(logged()).toEqual([
    expect.objectContaining({ severity: 'INFO', message: 'digest sent', report_date: '2025-12-22', request_id: 'm1' }),
  ]);
  expect(await digestRuns()).toEqual([['digest-2025-12-22', '2025-12-22', 'succeeded', null, 'pubsub']]);
});

test.each([
  ['of a Sunday with its week', '2025-12-28', 'Dec 28, 2025, with its week'],
  ['of the last of a month with the month', '2025-12-31', 'Dec 31, 2025, with its month'],
  ['of a Sunday that ends a month with both', '2025-11-30', 'Nov 30, 2025, with its week and month'],
])('a report %s', async (_, date, name) => {
  await daily(date);
  expect(titles()).toEqual([`KPI digest of ${name}`]);
});

test('a backfill sends nothing, and neither does a run without a webhook', async () => {
  const before = datesBetween('2025-12-19', '2025-12-21');
  await deliver('2025-12-23T06:00:00Z', before);
  const settled = await createSettler(
    parseConfig({ KPI_WAREHOUSE: join(folder, 'w.duckdb'), KPI_SOURCE_MAX_AGE_HOURS: '0' }),
    'export',
    () => new Date('2025-12-23T06:00:00Z'),
  ).settle();
  expect(settled.config.digestWebhook).toBeNull();
  const startedAt = new Date('2025-12-23T06:00:00Z');
  const run = createRun({ requestId: 'm2', trigger: 'http', signal: AbortSignal.timeout(60_000), log });
  const { reports } = await runRequest(['2025-12-22'], { ...settled, run, startedAt, now: () => startedAt });
  await sendDigests(reports, { ...settled, run, startedAt, now: () => startedAt });
  expect([webhook.received, await digestRuns(), logged()]).toEqual([[], [], []]);
});

test('an unsent digest fails nothing, is logged, and is sent with the next delivery until the day after', async () => {
  webhook.answers.push(500, 500, 404);
  await daily('2025-12-22');
  await deliver('2025-12-23T07:00:00Z', ['2025-12-23']); // any delivery tries again
  await daily('2025-12-23');
  expect(titles()).toEqual(['Dec 22', 'Dec 22', 'Dec 22', 'Dec 22', 'Dec 23'].map((day) => `KPI digest of ${day}, 2025`));
  expect(logged().map(({ severity, message, report_date, code }) => [severity, message, report_date, code])).toEqual([
    ['WARNING', 'digest not sent', '2025-12-22', 'UNAVAILABLE'],
    ['WARNING', 'digest not sent', '2025-12-22', 'BAD_CONFIG'],
    ['INFO', 'digest sent', '2025-12-22', undefined],
    ['INFO', 'digest sent', '2025-12-23', undefined],
  ]);
  expect((await digestRuns()).map(([id, , status, code]) => [id, status, code])).toEqual(
    expect.arrayContaining([
      ['digest-2025-12-22', 'failed', 'UNAVAILABLE'],
      ['digest-2025-12-22', 'failed', 'BAD_CONFIG'],
      ['digest-2025-12-22', 'succeeded', null],
      ['digest-2025-12-23', 'succeeded', null],
    ]),
  );
  const said = lines.join('\n');
  expect(said).not.toMatch(/CANARY|127\.0\.0\.1|localhost/);
});

test('a failed digest is given up after the day after', async () => {
  webhook.answers.push(404);
  await daily('2025-12-20');
  await daily('2025-12-22');
  expect(titles()).toEqual(['KPI digest of Dec 20, 2025', 'KPI digest of Dec 22, 2025']);
});

test('an unreadable warehouse fails nothing', async () => {
  await daily('2025-12-22', { KPI_DIGEST_WEBHOOK: webhook.url });
  const startedAt = new Date('2025-12-23T06:00:00Z');
  const { config } = await settlerAt(startedAt).settle();
  const run = createRun({ requestId: 'm3', trigger: 'http', signal: AbortSignal.timeout(60_000), log });
  await sendDigests([], { config, openEngine: () => Promise.reject(new Error('CANARY')), run, startedAt, now: () => startedAt });
  expect(logged().at(-1)).toMatchObject({ severity: 'WARNING', message: 'digest not sent', code: 'UNEXPECTED' });
  expect(lines.join('\n')).not.toContain('CANARY');
});
