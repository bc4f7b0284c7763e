import { createPubsubHandler } from '../../functions/export-kpi';
import { createBigQuery } from '../../shared/engines/bigquery/engine';
import { runRequest } from '../../shared/export/run-request';
import { reportTableNames } from '../../shared/metrics/tables';
import type { DeadLetter } from '../../shared/operate/dead-letter';
import { sendDigests } from '../../shared/operate/send-digests';
import { parseConfig } from '../../shared/platform/config';
import { createLog } from '../../shared/platform/log';
import { type CannedFacts, cannedFacts, publishedDifferences } from '../support/canned-facts';
import { configAt, destination, type FaultServer, startFaultServer } from '../support/fault-server';
import { testPace } from '../support/pace';
import { startWebhook } from '../support/webhook-server';

const DATE = '2025-06-15';
const NEXT_DAY = '2025-06-16T06:00:00.000Z';
const DELIVERIES = 5;

let canned: CannedFacts;
let server: FaultServer;
let letters: DeadLetter[];
let lines: string[];

beforeAll(async () => {
  canned = await cannedFacts(DATE, DATE);
});

beforeEach(async () => {
  server = await startFaultServer(canned.facts);
  letters = [];
  lines = [];
});

afterEach(() => server.close());

/** One delivery of a message that asks for DATE; how it ended. */
async function deliver(now: string, messageId = 'm1', more: Record<string, string> = {}): Promise<string> {
  const environment = {
    ...more,
    KPI_WAREHOUSE: 'bigquery:test.kpi_metrics',
    KPI_SOURCE: 'test.source',
    KPI_LOCATION: 'EU',
    KPI_TIME_ZONE: canned.timeZone,
    KPI_RELEASE: 'on',
    KPI_RELEASE_GRAIN: 'day',
  };
  const engine = createBigQuery({ config: configAt(server), now: () => new Date(now), pace: testPace });
  const handle = createPubsubHandler({
    settler: {
      timeZone: async () => canned.timeZone,
      settle: async () => ({ config: parseConfig(environment), openEngine: async () => engine }),
    },
    runRequest,
    sendDigests,
    openLog: () => createLog({ level: 'info', format: 'json', write: (line) => lines.push(line) }),
    now: () => new Date(now),
    deadlineMs: 10_000,
    park: async (letter) => void letters.push(letter),
  });
  const message = { messageId, data: Buffer.from(DATE).toString('base64'), publishTime: now };
  return handle({ id: messageId, data: { message } }).then(
    () => 'acknowledged',
    ({ code }) => code,
  );
}

/** Queries of the source, by what they count. */
const counted = () =>
  [...server.jobs.values()]
    .filter(({ kind }) => kind === 'query')
    .map(({ id }) => /_(facts|release_facts|freshness|span)_/.exec(id)?.[1]);
const loadsOf = (prefix: string) =>
  [...server.jobs.values()].filter((job) => job.kind === 'load' && destination(job).startsWith(prefix));
const times = <Item>(item: Item) => Array.from({ length: DELIVERIES }, () => item);

test('a late source costs each delivery one query of its newest rows', async () => {
  await server.close();
  server = await startFaultServer({ ...canned.facts, freshness: [] });
  for (let delivery = 0; delivery < DELIVERIES; delivery++) expect(await deliver(NEXT_DAY)).toBe('SOURCE_NOT_READY');
  expect(counted()).toEqual(times('freshness'));
  expect([server.count('load'), letters, server.partitions.size]).toEqual([0, [], 0]);
  expect(server.runs.map(({ error_code, bytes_processed }) => [error_code, bytes_processed])).toEqual(
    times(['SOURCE_NOT_READY', 1000]),
  );
});

test('a failed release is repeated without the export', async () => {
  server.strike = (kind) =>
    kind === 'load' && server.partitions.size === reportTableNames.length ? { jobFails: 'accessDenied' } : null;
  const ended: string[] = [];
  for (let delivery = 0; delivery < DELIVERIES; delivery++) ended.push(await deliver(NEXT_DAY));
  expect(ended).toEqual(times('ACCESS_DENIED'));
  const exported = server.runs.map(({ status, error_code }) => [status, error_code]);
  expect(exported).toEqual([['succeeded', 'ACCESS_DENIED'], ...times(['failed', 'ACCESS_DENIED']).slice(1)]);
  const createdAt = new Date(NEXT_DAY);
  expect(publishedDifferences(server, canned, DATE, createdAt)).toEqual([]);
  expect(reportTableNames.map((table) => loadsOf(`${table}$`).length)).toEqual(reportTableNames.map(() => 1));
  expect(loadsOf('daily_metrics$')).toHaveLength(DELIVERIES);

  server.strike = () => null;
  expect(await deliver(NEXT_DAY)).toBe('acknowledged');
  expect([...server.partitions.keys()]).toContain('daily_metrics$20250604');
  expect(letters).toEqual([]);
});

test('a partly failed message repeats missing and deleted dates, not the written ones', async () => {
  server.strike = (kind) =>
    kind === 'load' && server.partitions.size === reportTableNames.length ? { jobFails: 'accessDenied' } : null;
  expect(await deliver(NEXT_DAY)).toBe('ACCESS_DENIED');
  server.strike = () => null;
  server.partitions.delete('daily_funnel$20250615');
  expect(await deliver(NEXT_DAY)).toBe('acknowledged');
  expect(publishedDifferences(server, canned, DATE, new Date(NEXT_DAY))).toEqual([]);
  expect(loadsOf('daily_errors$')).toHaveLength(2);
});

test('a repeated message of a completed request exports again', async () => {
  expect([await deliver(NEXT_DAY), await deliver(NEXT_DAY)]).toEqual(['acknowledged', 'acknowledged']);
  expect(loadsOf('daily_errors$')).toHaveLength(2);
});

test('a message is exported even if the records of its earlier deliveries cannot be read', async () => {
  server.play('look', { status: 403, reason: 'accessDenied' });
  expect(await deliver(NEXT_DAY)).toBe('acknowledged');
  expect(publishedDifferences(server, canned, DATE, new Date(NEXT_DAY))).toEqual([]);
  expect(lines.map((line) => JSON.parse(line)).find(({ message }) => message === 'earlier runs not read')).toMatchObject({
    severity: 'WARNING',
    code: 'ACCESS_DENIED',
  });
});

test('an unsent digest is sent with the next delivery, and recorded beside the exports', async () => {
  const webhook = await startWebhook();
  try {
    const more = { KPI_DIGEST_WEBHOOK: webhook.url };
    webhook.answers.push(404);
    for (let delivery = 0; delivery < 3; delivery++) expect(await deliver(NEXT_DAY, 'm1', more)).toBe('acknowledged');
    expect(webhook.received.map(({ text }) => text.split('\n')[0])).toEqual(Array(2).fill('KPI digest of Jun 15, 2025'));
    const digests = server.runs.filter(({ request_id }) => request_id === `digest-${DATE}`);
    expect(digests.map(({ status, error_code }) => [status, error_code])).toEqual([
      ['failed', 'BAD_CONFIG'],
      ['succeeded', null],
    ]);
    expect(server.runs).toHaveLength(5);
  } finally {
    await webhook.close();
  }
});
