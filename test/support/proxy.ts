import { createServer, request as forward, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface RunningProxy {
  endpoint: string;
  close(): Promise<void>;
}

/** Whether a request to BigQuery is one to load rows. */
const isLoad = ({ method, url }: IncomingMessage) => method === 'POST' && Boolean(url?.startsWith('/upload/'));

interface Passing {
  request: IncomingMessage;
  body: Buffer;
  /** Resolves to the answer's text, once it is answered; to none where the connection broke. */
  pass: () => Promise<string>;
  /** Answers as BigQuery does to whom it allows nothing. */
  refuse: () => void;
}

/** Takes requests to an endpoint, and does with each what `around` does; by default it passes them on. */
export async function startProxy(
  target: string,
  around: (passing: Passing) => unknown = ({ pass }) => pass(),
  port = 0,
): Promise<RunningProxy> {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const pass = () =>
      new Promise<string>((answered) => {
        const { method, headers } = request;
        const passed = forward(new URL(request.url ?? '/', target), { method, headers }, (answer) => {
          response.writeHead(answer.statusCode ?? 502, answer.headers);
          answer.pipe(response);
          const parts: Buffer[] = [];
          answer.on('data', (part: Buffer) => parts.push(part));
          answer.on('close', () => answered(Buffer.concat(parts).toString()));
        });
        passed.on('error', () => {
          response.destroy();
          answered('');
        });
        passed.end(body);
      });
    const refuse = () => {
      const error = { code: 403, message: 'refused', errors: [{ reason: 'accessDenied', message: 'refused' }] };
      response.writeHead(403, { 'Content-Type': 'application/json' }).end(JSON.stringify({ error }));
    };
    await around({ request, body, pass, refuse });
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** What BigQuery was asked to do. */
export interface Asked {
  queries: number;
  /** Load jobs of the tables of a report, by the partition that they write. */
  loads: string[];
  /** Load jobs of run records. */
  records: number;
}

export interface CountingProxy extends RunningProxy {
  asked: Asked;
  /** Whether a load job is refused; by table, with its partition. */
  refuses: (table: string) => boolean;
  /** Called instead of passing on a load job of run records, which then is never answered. */
  onRecord: (() => void) | null;
}

/** Counts the jobs that are made. */
export async function startCountingProxy(target: string): Promise<CountingProxy> {
  const asked: Asked = { queries: 0, loads: [], records: 0 };
  const proxy = await startProxy(target, ({ request, body, pass, refuse }) => {
    if (isLoad(request)) {
      const table = /"tableId":"([^"]+)"/.exec(body.toString())?.[1] ?? '';
      if (table === 'export_runs') asked.records++;
      else asked.loads.push(table);
      if (counting.refuses(table)) return refuse();
      if (table === 'export_runs' && counting.onRecord !== null) return counting.onRecord();
    } else if (request.method === 'POST') asked.queries++;
    return pass();
  });
  const counting: CountingProxy = { ...proxy, asked, refuses: () => false, onRecord: null };
  return counting;
}

/**
 * Passes on one request at a time, but for those that only read a state, and waits until its job is done: the transactions of what an emulator
 * does at once make each other begin again, at several times the work.
 */
export function startQueue(target: string): Promise<RunningProxy> {
  let last: Promise<unknown> = Promise.resolve();
  return startProxy(target, ({ request: { method, url }, pass }) => {
    if (method === 'GET') return pass();
    const makesJob = /\/(jobs|queries)(\?|$)/.test(url ?? '');
    last = last.then(pass).then((answer) => (makesJob ? untilDone(target, answer) : undefined));
    return last;
  });
}

async function untilDone(target: string, answer: string): Promise<void> {
  const { projectId, jobId } = /"jobReference":/.test(answer) ? JSON.parse(answer).jobReference : {};
  if (jobId === undefined || /"state": ?"DONE"|"jobComplete": ?true/.test(answer)) return;
  const job = `${target}/bigquery/v2/projects/${projectId}/jobs/${jobId}`;
  for (;;) {
    const state = await fetch(job).then((asked) => asked.text());
    if (!/"state": ?"(RUNNING|PENDING)"/.test(state)) return;
    await sleep(50);
  }
}
