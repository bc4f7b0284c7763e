import type { LogLevel } from './config';
import type { Failure } from './failure';
import { logMessages } from './log-messages';

/**
 * Fields that a log entry may have besides its constant message. The list is closed, so that no entry can contain an identifier, a row or text
 * from the source. Add a field only if its values can't contain these.
 */
export interface LogFields {
  run_id?: string;
  request_id?: string;
  report_date?: string;
  from?: string;
  to?: string;
  trigger?: string;
  table?: string;
  code?: string;
  /** The message of a Failure. */
  error?: string;
  rows?: number;
  dates?: number;
  tables?: number;
  rejected_rows?: number;
  unclassified_errors?: number;
  total_errors?: number;
  revised_values?: number;
  /** Of a published table. */
  column?: string;
  /** A released period, and the numbers of its shown and hidden values. */
  period?: string;
  revision?: number;
  released_cells?: number;
  hidden_cells?: number;
  /** Why a released period was replaced, as typed on the command line. The help says not to name people. */
  reason?: string;
  /** A figure of a day, its usual range, and the columns that are unusual for the same cause. */
  value?: number;
  usual_low?: number;
  usual_high?: number;
  others?: string;
  duration_ms?: number;
  version?: string;
  /** Name of a variable that looks like a setting, and of the most similar setting; never a value. */
  setting?: string;
  nearest?: string;
  /** A parked request, or its length and SHA-256 if it couldn't be parsed. */
  request?: object;
  message_id?: string;
  publish_time?: string;
}

export type Severity = 'DEBUG' | 'INFO' | 'WARNING' | 'ERROR';

export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warning(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** The same log, with fields added to every entry. */
  with(fields: LogFields): Log;
}

export interface LogOptions {
  level: LogLevel;
  /** Writes one complete line. */
  write: (line: string) => void;
  /** `json`: one object per line, for Cloud Logging. `text`: lines for people. */
  format: 'json' | 'text';
  /** Resource name of the request's trace, `projects/P/traces/T`. */
  trace?: string | undefined;
}

const levels = ['debug', 'info', 'warning', 'error'] as const satisfies readonly LogLevel[];

export function createLog(options: LogOptions, fixed: LogFields = {}): Log {
  const entry =
    (level: LogLevel) =>
    (message: string, fields: LogFields = {}) => {
      if (levels.indexOf(level) < levels.indexOf(options.level)) return;
      const severity = level.toUpperCase() as Severity;
      const all = { ...fixed, ...fields };
      options.write(
        options.format === 'json' ? jsonLine(severity, message, all, options.trace) : textLine(severity, message, all),
      );
    };
  return {
    debug: entry('debug'),
    info: entry('info'),
    warning: entry('warning'),
    error: entry('error'),
    with: (fields) => createLog(options, { ...fixed, ...fields }),
  };
}

function jsonLine(severity: Severity, message: string, fields: LogFields, trace: string | undefined): string {
  return JSON.stringify({ severity, message, ...fields, ...(trace && { 'logging.googleapis.com/trace': trace }) });
}

function textLine(severity: Severity, message: string, { run_id, request_id, ...fields }: LogFields): string {
  const details = Object.entries(fields).map(
    ([name, value]) => `${name}=${typeof value === 'object' ? JSON.stringify(value) : value}`,
  );
  return [...(severity === 'INFO' ? [] : [severity.toLowerCase()]), message, ...details].join(' ');
}

/** Logs a permanent failure as ERROR, a retryable one as WARNING. */
export function logFailure(log: Log, { code, message, kind }: Failure, fields: LogFields = {}): void {
  log[kind === 'permanent' ? 'error' : 'warning'](logMessages.failed, { ...fields, code, error: message });
}

/** The trace that a `traceparent` (W3C) or `X-Cloud-Trace-Context` header names, as Cloud Logging wants it. */
export function traceOf(header: string | undefined, project: string | undefined): string | undefined {
  const id = /^(?:00-)?([0-9a-f]{32})\b/.exec(header ?? '')?.[1];
  return id === undefined || project === undefined ? undefined : `projects/${project}/traces/${id}`;
}
