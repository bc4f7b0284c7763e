import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface WebhookServer {
  url: string;
  /** Bodies of what was sent, in order, whatever was answered. */
  received: { text: string; blocks: object[] }[];
  /** Statuses of the next answers; then 200. null: no answer, 'drop': the connection is cut. */
  answers: (number | null | 'drop')[];
  close(): Promise<void>;
}

/** Takes messages as Slack does, and answers as it is told to. Each answer holds CANARY. */
export async function startWebhook(): Promise<WebhookServer> {
  const received: WebhookServer['received'] = [];
  const answers: WebhookServer['answers'] = [];
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk) => (text += String(chunk)));
    request.on('end', () => {
      received.push(request.method === 'POST' ? JSON.parse(text) : { text: `${request.method}`, blocks: [] });
      const [status = 200] = answers.splice(0, 1);
      if (status === null) return;
      if (status === 'drop') request.socket.destroy();
      else response.writeHead(status, { location: '/CANARY' }).end('CANARY');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/services/CANARY`,
    received,
    answers,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
