import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Failure, toFailure } from '../shared/platform/failure';
import { type Document, type PageAssets, renderNotice } from './document';

export interface ServeOptions {
  /** 0: any free port. */
  port: number;
  /** Renders the page for each request. */
  render: () => Promise<Document>;
  assets: PageAssets;
}

const LOCALHOST = '127.0.0.1';
const RETRY_SECONDS = 5;

/**
 * Serves the page to this machine only. Refuses requests with another Host, so that no site can read the figures by pointing its name here (DNS
 * rebinding). Throws the error of listening, such as EADDRINUSE.
 */
export async function serveDashboard({ port, render, assets }: ServeOptions): Promise<{ url: string; server: Server }> {
  const server = createServer((request, response) => {
    const send = (status: number, { html, policy }: Document, headers: Record<string, string> = {}) => {
      response.writeHead(status, {
        'Content-Type': 'text/html; charset=utf-8',
        'Content-Security-Policy': `${policy}; frame-ancestors 'none'`,
        'Cache-Control': 'no-store',
        'Cross-Origin-Resource-Policy': 'same-origin',
        'Referrer-Policy': 'no-referrer',
        'X-Content-Type-Options': 'nosniff',
        ...headers,
      });
      response.end(request.method === 'HEAD' ? undefined : html);
    };
    const notice = (title: string, text: string, seconds?: number) => renderNotice(title, text, assets, seconds);

    const { port: own } = server.address() as AddressInfo;
    if (request.headers.host !== `${LOCALHOST}:${own}` && request.headers.host !== `localhost:${own}`) {
      return send(403, notice('Not here', `This page is at http://${LOCALHOST}:${own}/ only.`));
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return send(405, notice('Only to be read', 'This page answers GET.'), { Allow: 'GET, HEAD' });
    }
    if (request.url?.split('?')[0] !== '/') {
      return send(404, notice('Not found', `The page is at http://${LOCALHOST}:${own}/.`));
    }
    render().then(
      (page) => send(200, page),
      (thrown) => {
        const failure = toFailure(thrown);
        if (failure.kind === 'permanent') return send(500, notice('No figures', failure.message));
        send(503, notice(titleOf(failure), `${failure.message}. This page asks again by itself.`, RETRY_SECONDS), {
          'Retry-After': String(RETRY_SECONDS),
        });
      },
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, LOCALHOST, resolve);
  });
  return { url: `http://${LOCALHOST}:${(server.address() as AddressInfo).port}/`, server };
}

function titleOf({ code }: Failure): string {
  return code === 'BUSY' ? 'One moment: an export is writing' : 'The warehouse could not be read';
}
