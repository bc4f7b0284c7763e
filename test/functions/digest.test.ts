import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPubsubHandler } from '../../functions/export-kpi';
import { createHttpHandler } from '../../functions/export-kpi-http';
import { createSettler } from '../../shared/engines/open';
import { runRequest } from '../../shared/export/run-request';
import { sendDigests } from '../../shared/operate/send-digests';
import { parseConfig } from '../../shared/platform/config';
import { createLog } from '../../shared/platform/log';
import { writeSmallSource } from '../support/small-source';
import { startWebhook, type WebhookServer } from '../support/webhook-server';

let folder: string;
let webhook: WebhookServer;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kpi-digest-'));
  webhook = await startWebhook();
});
afterEach(async () => {
  await webhook.close();
  rmSync(folder, { recursive: true });
});

function createDeps() {
  const settings = {
    KPI_WAREHOUSE: join(folder, 'w.duckdb'),
    KPI_SOURCE: writeSmallSource(folder),
    KPI_SOURCE_MAX_AGE_HOURS: '0',
    KPI_DIGEST_WEBHOOK: webhook.url,
  };
  const now = () => new Date('2025-12-23T06:00:00Z');
  const openLog = () => createLog({ level: 'error', format: 'json', write: () => {} });
  return {
    settler: createSettler(parseConfig(settings), 'export', now),
    runRequest,
    sendDigests,
    openLog,
    now,
    deadlineMs: 60_000,
  };
}

const request = '{"from":"2025-12-22","to":"2025-12-23"}';

test('a message sends the digest of yesterday, and is acknowledged even if that is refused', async () => {
  webhook.answers.push(404);
  const handle = createPubsubHandler({ ...createDeps(), park: () => Promise.reject(new Error('nothing is parked')) });
  const data = Buffer.from(request).toString('base64');
  const event = { id: 'm1', data: { message: { data, messageId: 'm1', publishTime: '2025-12-23T06:00:00Z' } } };
  await handle(event);
  await handle(event);
  await handle(event);
  expect(webhook.received.map(({ text }) => text.split('\n')[0])).toEqual(Array(2).fill('KPI digest of Dec 22, 2025'));
});

test('a call is answered with 200 even if the digest is refused', async () => {
  webhook.answers.push(404);
  const handle = createHttpHandler(createDeps());
  const call = async () => {
    let answered = 0;
    const res = {
      status: (status: number) => {
        answered = status;
        return { json: () => {} };
      },
    };
    const req = {
      path: '/api/export-kpi',
      method: 'POST',
      url: '/api/export-kpi',
      header: () => undefined,
      rawBody: Buffer.from(request),
    };
    await handle(req as never, res as never);
    return answered;
  };
  expect([await call(), await call(), await call()]).toEqual([200, 200, 200]);
  expect(webhook.received).toHaveLength(2);
});
