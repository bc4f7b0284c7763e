import { createRun, type Engine, type Run } from '../engines/engine';
import { recordedSource } from '../engines/identity';
import type { Settled } from '../engines/open';
import { isExported, type ReportOutcome } from '../export/outcome';
import { digestRequestId } from '../export/resume';
import { appendRecords, digestRecord } from '../export/run-record';
import { addDays, type CalendarDate, localDate } from '../metrics/calendar';
import { Failure, toFailure } from '../platform/failure';
import { deriveDigest } from './digest';
import { renderDigestSlack } from './digest-slack';
import { placeOf, readDigest } from './read-digest';
import { postWebhook, type WebhookOptions } from './webhook';

export interface SendDigestsOptions extends Settled {
  /** The run of the export. */
  run: Run;
  startedAt: Date;
  now: () => Date;
  webhook?: Pick<WebhookOptions, 'limitMs' | 'pauseMs'>;
}

/**
 * Sends the digest of yesterday's report, if this run made the final report and the digest was not sent before. Also retries failed digests of
 * yesterday and the day before. Each attempt leaves a run record, which later runs read. Never throws: failures are logged.
 */
export async function sendDigests(reports: readonly ReportOutcome[], options: SendDigestsOptions): Promise<void> {
  const { config, openEngine, run, startedAt } = options;
  if (config.digestWebhook === null) return;
  const yesterday = addDays(localDate(startedAt, config.timeZone), -1);
  const isNew = reports.some((report) => report.reportDate === yesterday && isExported(report));
  try {
    const engine = await openEngine('write', { signal: run.signal, log: run.log });
    try {
      for (const date of [addDays(yesterday, -1), yesterday])
        if (await isDue(engine, date, { isNew: isNew && date === yesterday, run }))
          await sendDigest(engine, date, { ...options, url: config.digestWebhook });
    } finally {
      await engine.close();
    }
  } catch (thrown) {
    const { code, message } = toFailure(thrown);
    run.log.warning('digest not sent', { code, error: message });
  }
}

async function isDue(engine: Engine, date: CalendarDate, { isNew, run }: { isNew: boolean; run: Run }): Promise<boolean> {
  const attempts = await engine.readRuns({ requestId: digestRequestId(date) }, run.signal);
  return (isNew || attempts.length > 0) && attempts.every(({ status }) => status === 'failed');
}

async function sendDigest(
  engine: Engine,
  date: CalendarDate,
  { config, run, now, webhook, url }: SendDigestsOptions & { url: string },
): Promise<void> {
  const startedAt = now();
  const { timeZone } = config;
  let failure: Failure | null = null;
  try {
    const reports = await readDigest(engine, { grain: null, date, timeZone, now: startedAt }, run.signal);
    if (reports.length === 0) throw new Failure('NOT_FOUND', `the tables have no report of ${date} to send a digest of`);
    const digest = deriveDigest(reports, { timeZone, place: placeOf(config) });
    await postWebhook(url, renderDigestSlack(digest), { ...webhook, signal: run.signal });
    run.log.info('digest sent', { report_date: date });
  } catch (thrown) {
    failure = toFailure(thrown);
    run.log.warning('digest not sent', { report_date: date, code: failure.code, error: failure.message });
  }
  // a separate run, so that its record doesn't replace that of the export
  const sending = { ...createRun({ ...run, requestId: digestRequestId(date) }), log: run.log };
  const context = { run: sending, startedAt, finishedAt: now(), timeZone, source: recordedSource(config), bytesProcessed: null };
  await appendRecords(engine, [digestRecord(date, failure, context)], sending);
}
