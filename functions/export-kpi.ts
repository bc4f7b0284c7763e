import { createRun } from '../shared/engines/engine';
import { type Message, parseMessage } from '../shared/export/message';
import { judge } from '../shared/export/outcome';
import { datesOfRequest, type ExportRequest, MAX_DATES_BY_MESSAGE, parseRequestData } from '../shared/export/request';
import { type Park, toDeadLetter } from '../shared/operate/dead-letter';
import { toFailure } from '../shared/platform/failure';
import { logFailure } from '../shared/platform/log';
import { logMessages } from '../shared/platform/log-messages';
import { urlParameters } from './front';
import type { HandlerDeps } from './handler-deps';

/** Returning acknowledges the message; throwing makes Pub/Sub deliver it again. */
export function createPubsubHandler({
  settler,
  runRequest,
  sendDigests,
  openLog,
  now,
  deadlineMs,
  park,
}: HandlerDeps & { park: Park }) {
  return async function exportKpi(event: unknown): Promise<void> {
    let log = openLog(traceparentOf(event));
    let message: Message | undefined;
    let request: ExportRequest | undefined;
    try {
      const startedAt = now();
      message = parseMessage(event, urlParameters());
      const run = createRun({ requestId: message.id, trigger: 'pubsub', signal: AbortSignal.timeout(deadlineMs), log });
      log = run.log;
      const timeZone = await settler.timeZone();
      const context = { timeZone, askedAt: message.publishTime, now: startedAt, maxDates: MAX_DATES_BY_MESSAGE };
      request = parseRequestData(message.data, context, { bareDate: true });
      const dates = datesOfRequest(request);
      const settled = await settler.settle();
      const { reports } = await runRequest(dates, { ...settled, run, startedAt, now, resume: 'failed' });
      await sendDigests(reports, { ...settled, run, startedAt, now });
      const verdict = judge(reports);
      if (verdict.result !== 'all') throw verdict.failure;
    } catch (thrown) {
      const failure = toFailure(thrown);
      logFailure(log, failure);
      if (failure.kind === 'retryable') throw failure;
      // a retry can't help: park the request with its reason, for the alert
      const letter = toDeadLetter(failure, { request, message, event });
      try {
        await park(letter);
      } catch (unkept) {
        const lost = toFailure(unkept); // a thrown error is printed, so convert it
        logFailure(log, lost);
        throw lost;
      }
      const { code, message: error, version } = letter;
      log.error(logMessages.parked, {
        code,
        error,
        request: letter.request,
        version,
        ...(letter.messageId !== null && { message_id: letter.messageId }),
        ...(letter.publishTime !== null && { publish_time: letter.publishTime }),
      });
    }
  };
}

/** The traceparent header, which the framework adds to the event. */
function traceparentOf(event: unknown): string | undefined {
  const value = typeof event === 'object' && event !== null && 'traceparent' in event ? event.traceparent : undefined;
  return typeof value === 'string' ? value : undefined;
}
