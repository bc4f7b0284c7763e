import type { BigQuery, Job } from '@google-cloud/bigquery';
import { answerColumns, IncompleteAnswer } from '../../metrics/facts/whole-answer';

/**
 * Checks that an answer of BigQuery is complete. A proxy or a captive portal may answer instead, with status 200 and an HTML page, an empty
 * body or half of the rows. The client treats all of these as an empty result; here each counts as a call without an answer.
 */

type Callback = (error: Error | null, body?: unknown, response?: unknown) => void;

/** Slowest upload that is waited for. */
const UPLOAD_BYTES_PER_MS = 10;

interface CallOptions {
  method?: string;
  uri?: string;
  /** Bytes of the upload; left out for calls that send no data. */
  bodyBytes?: number;
}

/**
 * Makes all calls of the client fail with IncompleteAnswer if the answer is not a JSON object, names no job though the call creates one, or
 * takes longer than `callMs`. The client's own time limit has no effect: the fetch that it is passed to ignores it.
 */
export function demandWholeAnswers(client: BigQuery, callMs: number): BigQuery {
  const request = client.request.bind(client) as (options: object, callback: Callback) => void;
  const checked = ({ bodyBytes = 0, ...options }: CallOptions, answered: Callback) => {
    const tooLate = setTimeout(() => answer(new IncompleteAnswer('no answer in time')), callMs + bodyBytes / UPLOAD_BYTES_PER_MS);
    let answer: Callback = (...given) => {
      clearTimeout(tooLate);
      answer = () => {};
      answered(...given);
    };
    request(options, (error, body, response) => {
      const insertsJob = options.method === 'POST' && /\/jobs$/.test(options.uri ?? '');
      const isWhole = isJsonAnswer(body, response) && (!insertsJob || (isObject(body.status) && isObject(body.jobReference)));
      const isIncomplete = error === null ? !isWhole : isNoJson(error);
      answer(isIncomplete ? new IncompleteAnswer('an answer that is not of BigQuery') : error, body, response);
    });
  };
  client.request = checked as typeof client.request;
  return client;
}

/** Whether this is what the client throws for a body that it can't parse. */
function isNoJson(error: Error): boolean {
  return error.name === 'SyntaxError' || ('type' in error && error.type === 'invalid-json');
}

function isJsonAnswer(body: unknown, response: unknown): body is Record<string, unknown> {
  const headers = isObject(response) && isObject(response.headers) ? response.headers : {};
  const type = headers['content-type'];
  return isObject(body) && !Array.isArray(body) && (typeof type !== 'string' || /\bjson\b/.test(type));
}

/** Returns a part of an answer. Throws IncompleteAnswer if it is missing. */
export function demand<Value>(value: Value | null | undefined): Value {
  if (value === null || value === undefined) throw new IncompleteAnswer('an answer without the part that was asked for');
  return value;
}

interface Page {
  jobComplete?: boolean;
  totalRows?: string;
  schema?: { fields?: { name: string }[] };
  rows?: { f?: { v?: unknown }[] }[];
  pageToken?: string;
}

/** Reads all pages of rows of a finished job whose statement whole-answer.ts built. */
export async function readAllRows(
  client: BigQuery,
  { id, location }: Job,
  signal: AbortSignal,
): Promise<Record<string, unknown>[]> {
  const rows: Record<string, unknown>[] = [];
  const seen = new Set<string>();
  let pageToken: string | undefined;
  for (;;) {
    signal.throwIfAborted();
    const page = await readPage(client, `/queries/${id}`, { location, ...(pageToken !== undefined && { pageToken }) });
    if (page.jobComplete === false) continue; // BigQuery answers this after 10 s
    const names = page.schema?.fields?.map(({ name }) => name);
    if (page.jobComplete !== true || page.totalRows === undefined || names?.join() !== answerColumns.join())
      throw new IncompleteAnswer('rows without their number or their columns');
    const found = page.rows ?? [];
    rows.push(...found.map(({ f = [] }) => Object.fromEntries(answerColumns.map((name, index) => [name, f[index]?.v]))));
    if (!page.pageToken) {
      if (rows.length !== Number(page.totalRows)) throw new IncompleteAnswer('not all rows of a query');
      return rows;
    }
    if (found.length === 0 || seen.has(page.pageToken)) throw new IncompleteAnswer('pages without an end');
    seen.add(page.pageToken);
    pageToken = page.pageToken;
  }
}

/** Used because the client's own getQueryResults throws if rows and columns don't match. */
function readPage(client: BigQuery, uri: string, qs: object): Promise<Page> {
  return new Promise((resolve, reject) => {
    client.request({ uri, qs }, (error: Error | null, body: Page) => (error ? reject(error) : resolve(body)));
  });
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
