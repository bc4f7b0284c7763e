import { createPubsubHandler } from '../../functions/export-kpi';
import { createHttpHandler } from '../../functions/export-kpi-http';
import type { HandlerDeps } from '../../functions/handler-deps';
import type { ReportOutcome } from '../../shared/export/outcome';
import { reportTableNames } from '../../shared/metrics/tables';
import type { DeadLetter } from '../../shared/operate/dead-letter';
import { sendDigests } from '../../shared/operate/send-digests';
import { parseConfig } from '../../shared/platform/config';
import { Failure, type FailureCode, failureKinds } from '../../shared/platform/failure';
import { createLog } from '../../shared/platform/log';

const event = {
  id: 'e1',
  type: 'google.cloud.pubsub.topic.v1.messagePublished',
  traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
  data: { message: { data: Buffer.from('2025-12-23').toString('base64'), messageId: 'm1', publishTime: '2025-12-24T06:00:00Z' } },
};

/** An outcome in which the named tables fail. */
function outcome(failures: Partial<Record<string, FailureCode>>): ReportOutcome {
  const tables = reportTableNames.map((table) => {
    const code = failures[table];
    return code === undefined
      ? { table, rows: 12 }
      : { table, rows: 0 as const, failure: new Failure(code, `${code} of the test`) };
  });
  return { reportDate: '2025-12-23', tables, findings: null, release: null };
}

function createDeps(run: HandlerDeps['runRequest'], deadlineMs = 1000) {
  const letters: DeadLetter[] = [];
  const lines: string[] = [];
  const deps = {
    settler: {
      timeZone: async () => 'UTC',
      settle: async () => ({
        config: parseConfig({}),
        openEngine: () => Promise.reject(new Error('opened by runRequest alone')),
      }),
    },
    runRequest: run,
    sendDigests,
    openLog: () => createLog({ level: 'info', format: 'json', write: (line) => lines.push(line) }),
    now: () => new Date('2025-12-24T06:00:05Z'),
    deadlineMs,
  };
  const park = async (letter: DeadLetter) => {
    letters.push(letter);
  };
  return { deps, park, letters, lines };
}

async function call(run: HandlerDeps['runRequest'], deadlineMs?: number): Promise<[number, unknown]> {
  let answered: [number, unknown] = [0, null];
  const res = { status: (status: number) => ({ json: (body: unknown) => Object.assign(answered, [status, body]) }) };
  const req = { path: '/api/export-kpi', method: 'POST', header: () => undefined, rawBody: Buffer.from('{"date":"2025-12-23"}') };
  answered = [0, null];
  await createHttpHandler(createDeps(run, deadlineMs).deps)(req as never, res as never);
  return answered;
}

const codes = Object.keys(failureKinds) as FailureCode[];

test.each(codes.map((code) => [code, failureKinds[code]] as const))('%s, thrown by a run, is %s', async (code, kind) => {
  const fail = async () => {
    throw new Failure(code, 'the reason');
  };
  const { deps, park, letters } = createDeps(fail);
  const handled = createPubsubHandler({ ...deps, park })(event);
  if (kind === 'retryable') {
    await expect(handled).rejects.toMatchObject({ code });
    expect(letters).toEqual([]);
  } else {
    await handled;
    expect(letters).toEqual([
      {
        code,
        message: 'the reason',
        request: { from: '2025-12-23', to: '2025-12-23', shape: 'date' },
        messageId: 'm1',
        publishTime: '2025-12-24T06:00:00.000Z',
        version: expect.any(String),
      },
    ]);
  }
  const status = kind === 'retryable' ? 503 : code.startsWith('BAD_') ? 400 : 500;
  expect(await call(fail)).toEqual([status, { success: false, error: 'the reason', code }]);
});

test.each([
  ['one table failed for good', { daily_funnel: 'SCHEMA_DRIFT' }, 'parked', 500],
  ['one table may succeed later', { daily_funnel: 'UNAVAILABLE', daily_errors: 'SCHEMA_DRIFT' }, 'thrown', 503],
] as const)('of four tables, where %s, the message is %s', async (_, failures, fate, status) => {
  const run = async () => ({ reports: [outcome(failures)], price: null });
  const { deps, park, letters } = createDeps(run);
  const handled = createPubsubHandler({ ...deps, park })(event);
  if (fate === 'thrown') await expect(handled).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  else await handled;
  expect(letters).toHaveLength(fate === 'parked' ? 1 : 0);
  expect(await call(run)).toEqual([status, expect.objectContaining({ success: false, reportDate: '2025-12-23' })]);
});

test('an error that is no Failure is retried, and its text is not shown', async () => {
  const { deps, park, lines } = createDeps(async () => {
    throw new Error('row of someone@example.org');
  });
  await expect(createPubsubHandler({ ...deps, park })(event)).rejects.toMatchObject({ code: 'UNEXPECTED' });
  expect(lines.join()).not.toContain('someone');
});

test('the message is not acknowledged if its dead letter cannot be stored', async () => {
  const { deps, lines } = createDeps(async () => {
    throw new Failure('QUALITY_GATE', 'the reason');
  });
  const park = async () => {
    throw new Failure('UNAVAILABLE', 'no topic');
  };
  await expect(createPubsubHandler({ ...deps, park })(event)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  // and the log doesn't claim that it is parked
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    expect.objectContaining({ message: 'export failed', code: 'QUALITY_GATE', severity: 'ERROR' }),
    expect.objectContaining({ message: 'export failed', code: 'UNAVAILABLE', severity: 'WARNING' }),
  ]);
});

test('a run gets the id of its message, a deadline, and a log with its ids', async () => {
  const { deps, park, lines } = createDeps(async (_, { run }) => {
    expect(run).toMatchObject({ requestId: 'm1', trigger: 'pubsub', signal: expect.any(AbortSignal) });
    run.log.info('something');
    return { reports: [outcome({})], price: null };
  });
  await createPubsubHandler({ ...deps, park })(event);
  expect(JSON.parse(lines[0] ?? '')).toEqual({
    severity: 'INFO',
    message: 'something',
    request_id: 'm1',
    run_id: expect.any(String),
  });
});

const handleMessage = (run: HandlerDeps['runRequest'], deadlineMs: number) => {
  const { deps, park } = createDeps(run, deadlineMs);
  return createPubsubHandler({ ...deps, park })(event);
};

test.each<[string, (run: HandlerDeps['runRequest'], deadlineMs: number) => Promise<unknown>]>([
  ['a message', handleMessage],
  ['a call', call],
])(
  'the run of %s is stopped at its deadline',
  async (_, handle) => {
    let stoppedBy: unknown;
    await handle(async (_dates, { run: { signal } }) => {
      if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve));
      stoppedBy = signal.reason;
      return { reports: [outcome({})], price: null };
    }, 5);
    expect(stoppedBy).toMatchObject({ name: 'TimeoutError' });
  },
  10_000,
);
