import { AsyncLocalStorage } from 'node:async_hooks';
import http, { type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { type Answer, answerFailure } from '../shared/export/answer';
import { Failure } from '../shared/platform/failure';
import type { Log } from '../shared/platform/log';

/**
 * Stands before the framework's server, which has no place for it: the framework drops a body whose content type it doesn't know, answers
 * malformed requests with pages of HTML, and prints their errors, which may quote what was sent. Here each body reaches the function as
 * bytes, and what is refused before the function is answered as the function itself would, with one line in the log.
 */

const targets = new AsyncLocalStorage<string>();

/** Parameters in the URL of the request that is being served. The framework tells a function of events nothing of them. */
export function urlParameters(): URLSearchParams {
  const [, query = ''] = /\?([^#]*)/.exec(targets.getStore() ?? '') ?? [];
  return new URLSearchParams(query);
}

/** An error of the framework's parsers. */
interface HttpError {
  status?: number;
  type?: string;
}

/** The part of an Express application that is used here. */
interface Application extends RequestListener {
  use(handler: (request: IncomingMessage, response: ServerResponse) => void): void;
  use(handler: (error: HttpError, request: IncomingMessage, response: ServerResponse, next: unknown) => void): void;
}

/** Servers of Express applications that are made from now on, as the framework makes one, begin with this front. */
export function installFront(log: () => Log): void {
  const createServer = http.createServer as (...args: unknown[]) => http.Server;
  http.createServer = ((...args: unknown[]) => {
    const [app] = args;
    if (!isApplication(app)) return createServer(...args);
    app.use((request, response) => refuseError({ status: 404 }, request, response, log));
    // Express tells a handler of errors by its four parameters
    app.use((error: HttpError, request: IncomingMessage, response: ServerResponse, _: unknown) =>
      refuseError(error, request, response, log),
    );
    return createServer((request: IncomingMessage, response: ServerResponse<IncomingMessage> & { req: IncomingMessage }) => {
      replaceHeaders(request);
      // noticed here: a parser that waits for more of a compressed body never tells
      request.once('close', () => {
        if (!request.complete && !response.headersSent) log().warning('caller left', { code: 'BAD_REQUEST' });
      });
      targets.run(request.url ?? '', () => app(request, response));
    });
  }) as typeof http.createServer;
}

function isApplication(value: unknown): value is Application {
  return typeof value === 'function' && 'use' in value;
}

/**
 * As bytes, a body of any content type reaches the function. The framework writes an execution id into each line of the log, one
 * from a header if there is one: a caller could write anything into it, so the framework always makes its own.
 */
function replaceHeaders({ headers }: IncomingMessage): void {
  headers['content-type'] = 'application/octet-stream';
  delete headers['function-execution-id'];
}

function refuseError(
  { status = 400, type }: HttpError,
  { method }: IncomingMessage,
  response: ServerResponse,
  log: () => Log,
): void {
  if (type === 'request.aborted') return; // nobody is there to read an answer
  if (method !== 'POST') refuse(response.setHeader('Allow', 'POST'), 405, 'expected a POST', log);
  else if (status === 413) refuse(response, 413, 'expected a smaller body', log);
  else if (status === 415) refuse(response, 415, 'expected a body without Content-Encoding, or one of gzip, deflate, br', log);
  else refuse(response, 400, "a request that can't be read; expected POST with a body of JSON", log);
}

function refuse(response: ServerResponse, status: number, text: string, log: () => Log): void {
  const failure = new Failure('BAD_REQUEST', text);
  log().warning('request refused', { code: failure.code, error: failure.message });
  if (response.headersSent) return;
  const body: Answer = answerFailure(failure);
  response.writeHead(status, { 'Content-Type': 'application/json; charset=utf-8' }).end(JSON.stringify(body));
}
