import * as z from 'zod';
import { addDays, type CalendarDate, datesBetween, daysBetween, EARLIEST, isDate, localDate } from '../metrics/calendar';
import { formatCount, formatMany } from '../platform/counts';
import { Failure } from '../platform/failure';
import { parseStrictJson } from '../platform/json';

/** The dates to export, both included. The shape of the answer follows the shape of the request. */
export interface ExportRequest {
  from: CalendarDate;
  to: CalendarDate;
  shape: 'date' | 'range';
}

/** All dates of a request, in order. */
export function datesOfRequest({ from, to }: ExportRequest): CalendarDate[] {
  return datesBetween(from, to);
}

/** What is needed to read a request. */
export interface RequestContext {
  timeZone: string;
  /** When the request was made. `today` is the local date of this instant, so a retry days later means the same date. */
  askedAt: Date;
  now: Date;
  maxDates: number;
}

export const MAX_DATES_BY_MESSAGE = 31;
/** A command with this many ends within an hour, and uses a small part of the 30,000 partitions that a BigQuery table may change per day. */
export const MAX_DATES_BY_CLI = 1000;
export const MAX_REQUEST_BYTES = 1024;

const EXPECTED_DATE = 'expected a calendar date as YYYY-MM-DD, today or yesterday';
const EXPECTED_KEYS = 'expected {"date": …}, {"from": …, "to": …} or {}';

const DateWord = z
  .string({ error: EXPECTED_DATE })
  .refine((text) => text === 'today' || text === 'yesterday' || isDate(text), { error: EXPECTED_DATE });

const RequestBody = z.strictObject(
  { date: DateWord.optional(), from: DateWord.optional(), to: DateWord.optional() },
  { error: (issue) => (issue.code === 'unrecognized_keys' ? `unknown key; ${EXPECTED_KEYS}` : EXPECTED_KEYS) },
);
export type RequestBody = z.input<typeof RequestBody>;

/** Reads a request from a parsed JSON value. Throws BAD_REQUEST; the message never repeats the input, which may contain anything. */
export function parseRequest(input: unknown, context: RequestContext): ExportRequest {
  const parsed = RequestBody.safeParse(input);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw refuse(
      issue === undefined || issue.path.length === 0
        ? (issue?.message ?? EXPECTED_KEYS)
        : `${issue.path.join('.')}: ${issue.message}`,
    );
  }
  const { date, from, to } = parsed.data;
  if (date !== undefined && (from !== undefined || to !== undefined))
    throw refuse('expected either date, or from and to, got both');
  if ((from === undefined) !== (to === undefined))
    throw refuse(`expected from and to together, ${from === undefined ? 'from' : 'to'} is missing`);

  const resolve = (word: string) => {
    if (word !== 'today' && word !== 'yesterday') return word;
    return addDays(localDate(context.askedAt, context.timeZone), word === 'today' ? 0 : -1);
  };
  const request: ExportRequest = {
    from: resolve(from ?? date ?? 'today'),
    to: resolve(to ?? date ?? 'today'),
    shape: from === undefined ? 'date' : 'range',
  };
  const today = localDate(context.now, context.timeZone);
  if (request.from < EARLIEST) throw refuse(`expected dates from ${EARLIEST} on`);
  if (request.from > request.to) throw refuse('expected from not after to');
  if (request.to > today) throw refuse(`expected dates up to today, which is ${today} in ${context.timeZone}`);
  const dates = daysBetween(request.from, request.to) + 1;
  if (dates > context.maxDates)
    throw refuse(`expected at most ${formatMany(context.maxDates, 'date')} at once, got ${formatCount(dates)}`);
  return request;
}

/** Reads a request from the data of a message or the body of a call: empty, a JSON object or, with `bareDate`, a date as text. */
export function parseRequestData(data: Buffer, context: RequestContext, { bareDate }: { bareDate: boolean }): ExportRequest {
  if (data.length > MAX_REQUEST_BYTES)
    throw refuse(`expected at most ${formatMany(MAX_REQUEST_BYTES, 'byte')}, got ${formatCount(data.length)}`);
  const sent = data.toString('utf8');
  if (/^[ \t\r\n]*$/.test(sent)) return parseRequest({}, context); // only JSON's white space counts as empty
  const text = sent.trim();
  if (bareDate && !text.startsWith('{')) return parseRequest({ date: text }, context);
  let json: unknown;
  try {
    json = parseStrictJson(data);
  } catch {
    throw refuse(`expected JSON in UTF-8, each key once: ${EXPECTED_KEYS}`);
  }
  return parseRequest(json, context);
}

function refuse(message: string): Failure {
  return new Failure('BAD_REQUEST', message);
}
