import { createServer, request as forward } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What BigQuery was asked to do. */
export interface Asked {
  queries: number;
  /** Load jobs of the tables of a report, by the partition that they write. */
  loads: string[];
  /** Load jobs of run records. */
  records: number;
}

/** Passes everything on to a BigQuery endpoint, and counts the jobs that are made. */
export async function startCountingProxy(endpoint: string): Promise<{ endpoint: string; asked: Asked; close(): Promise<void> }> {
  const asked: Asked = { queries: 0, loads: [], records: 0 };
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    if (request.method === 'POST' && request.url?.startsWith('/upload/')) {
      const partition = /"tableId":"([^"]+)"/.exec(body.toString())?.[1] ?? '';
      if (partition === 'export_runs') asked.records++;
      else asked.loads.push(partition);
    } else if (request.method === 'POST') asked.queries++;
    const target = new URL(request.url ?? '/', endpoint);
    const { method, headers } = request;
    const passed = forward(target, { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    passed.on('error', () => response.destroy());
    passed.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
