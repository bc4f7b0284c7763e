import { AsyncLocalStorage } from 'node:async_hooks';
import http, { type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { type Answer, answerFailure } from '../shared/export/answer';
import { Failure } from '../shared/platform/failure';
import type { Log } from '../shared/platform/log';

/**
 * Handles requests before the framework's server, which has no hook for it. The framework drops bodies of unknown content types, answers
 * malformed requests with HTML pages, and prints their errors, which may quote the input. With this front every body reaches the function as
 * bytes, and a request refused before the function gets an answer like the function's own, with one line in the log.
 */

const targets = new AsyncLocalStorage<string>();

/** Query parameters of the current request. The framework doesn't pass them to event functions. */
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

/** Adds the front to all servers of Express applications that are created from now on, as the framework does. */
export function installFront(log: () => Log): void {
  const createServer = http.createServer as (...args: unknown[]) => http.Server;
  http.createServer = ((...args: unknown[]) => {
    const [app] = args;
    if (!isApplication(app)) return createServer(...args);
    app.use((request, response) => refuseError({ status: 404 }, request, response, log));
    // Express recognises an error handler by its four parameters
    app.use((error: HttpError, request: IncomingMessage, response: ServerResponse, _: unknown) =>
      refuseError(error, request, response, log),
    );
    return createServer((request: IncomingMessage, response: ServerResponse<IncomingMessage> & { req: IncomingMessage }) => {
      replaceHeaders(request);
      // needed because a parser that waits for the rest of a compressed body reports nothing
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
 * Declares the body as bytes, so that any content type reaches the function. Removes the header for the execution id, which the framework writes
 * into each log line: a caller could put anything into it.
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
  if (type === 'request.aborted') return; // the caller is gone
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
