import { randomUUID } from 'node:crypto';
import type { Request, Response } from '@google-cloud/functions-framework';
import { createRun } from '../shared/engines/engine';
import { type Answer, answer, answerFailure } from '../shared/export/answer';
import { judge, type Verdict } from '../shared/export/outcome';
import { datesOfRequest, MAX_DATES_BY_MESSAGE, parseRequestData } from '../shared/export/request';
import { Failure, toFailure } from '../shared/platform/failure';
import { logFailure } from '../shared/platform/log';
import type { HandlerDeps } from './handler-deps';

export const EXPORT_PATH = '/api/export-kpi';

/** `POST /api/export-kpi` with a request as JSON, or no body for today. The answer is described in shared/export/answer.ts. */
export function createHttpHandler({ settler, runRequest, sendDigests, openLog, now, deadlineMs }: HandlerDeps) {
  async function handle(req: Request): Promise<[status: number, body: Answer]> {
    const startedAt = now();
    const log = openLog(req.header('traceparent') ?? req.header('x-cloud-trace-context'));
    const run = createRun({ requestId: randomUUID(), trigger: 'http', signal: AbortSignal.timeout(deadlineMs), log });
    try {
      const timeZone = await settler.timeZone();
      const context = { timeZone, askedAt: startedAt, now: startedAt, maxDates: MAX_DATES_BY_MESSAGE };
      // the raw body, of any content type
      const request = parseRequestData(bodyOf(req), context, { bareDate: false });
      const dates = datesOfRequest(request);
      const settled = await settler.settle();
      const { reports } = await runRequest(dates, { ...settled, run, startedAt, now });
      await sendDigests(reports, { ...settled, run, startedAt, now });
      return [statusOf(judge(reports)), answer(request, reports, { dryRun: false })];
    } catch (thrown) {
      const failure = toFailure(thrown);
      logFailure(run.log, failure);
      return [statusOf({ result: 'none', failure }), answerFailure(failure)];
    }
  }

  return async function exportKpiHttp(req: Request, res: Response): Promise<void> {
    if (req.path !== EXPORT_PATH) {
      res.status(404).json(answerFailure(new Failure('BAD_REQUEST', `expected POST ${EXPORT_PATH}`)));
      return;
    }
    if (req.method !== 'POST') {
      res
        .status(405)
        .set('Allow', 'POST')
        .json(answerFailure(new Failure('BAD_REQUEST', `expected POST ${EXPORT_PATH}`)));
      return;
    }
    if (/[?#].*[^&]/.test(req.url)) {
      const expected = 'expected nothing after the path; the dates go into the body, as {"date": "2025-12-23"}';
      res.status(400).json(answerFailure(new Failure('BAD_REQUEST', expected)));
      return;
    }
    const [status, body] = await handle(req);
    res.status(status).json(body);
  };
}

/** The body. An empty body means today, so a body that only became empty by unpacking is refused. */
function bodyOf(req: Request): Buffer {
  const body = req.rawBody ?? Buffer.alloc(0);
  const isSent = Number(req.header('content-length') ?? 0) > 0 || req.header('transfer-encoding') !== undefined;
  const isCompressed = !/^(?:identity)?$/i.test(req.header('content-encoding') ?? '');
  if (body.length === 0 && isSent && isCompressed)
    throw new Failure('BAD_REQUEST', 'expected JSON in the compressed body, which unpacks to nothing; for today send no body');
  return body;
}

/** The HTTP status. 503 asks the caller to try again. */
function statusOf(verdict: Verdict): number {
  if (verdict.result === 'all') return 200;
  if (verdict.result === 'none' && verdict.failure.refused) return 400;
  return verdict.failure.kind === 'retryable' ? 503 : 500;
}
