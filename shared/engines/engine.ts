import { randomUUID } from 'node:crypto';
import type { CalendarDate, ReportWindow, Window } from '../metrics/calendar';
import type { CountedFacts, FactRow, ReleaseFacts } from '../metrics/facts/facts';
import type { Grain } from '../metrics/grain';
import type { FurtherRows, Report, ReportRows } from '../metrics/report';
import type { SourceTable } from '../metrics/source-contract';
import type { FurtherTable, PublishedTable } from '../metrics/tables';
import type { Annotation } from '../metrics/tables/annotations';
import type { ExportRun } from '../metrics/tables/export_runs';
import type { ReleasedRow } from '../metrics/tables/released';
import type { Failure } from '../platform/failure';
import type { Log } from '../platform/log';
import type { WarehouseIdentity } from './identity';

/** What started a run; a column of export_runs. */
export type Trigger = 'pubsub' | 'http' | 'cli' | 'replay';

/**
 * What an engine is opened for. `export` reads the source and writes the warehouse; `dry-run` only reads the source; `read` only reads the
 * warehouse; `write` only writes it; `read-if-exists` reads the warehouse if there is one.
 */
export type Access = 'export' | 'dry-run' | 'read' | 'write' | 'read-if-exists';
/** How to wait for a warehouse file that another process has open. A Run can be passed too. */
export interface Waiting {
  /** Ends the wait. */
  signal?: AbortSignal;
  /** Gets one warning if the wait is longer than a second. */
  log?: Log;
  /** Longest wait in milliseconds; 30 s if left out. */
  forMs?: number;
}

/** What an engine needs to know about the current run. */
export interface Run {
  /** Id of this attempt. */
  id: string;
  /** Id of the request: that of the message, or one made by the entry point. */
  requestId: string;
  trigger: Trigger;
  /** Aborted at the deadline or by Ctrl-C. Then every call of the engine soon ends with a Failure. */
  signal: AbortSignal;
  /** Every entry has run_id and request_id. */
  log: Log;
}

/** Creates a run with a new id. */
export function createRun({ requestId, trigger, signal, log }: Omit<Run, 'id'>): Run {
  const id = randomUUID();
  return { id, requestId, trigger, signal, log: log.with({ run_id: id, request_id: requestId }) };
}

/** How an operation on a table ended, and how many rows it affected. */
export type TableOutcome =
  | { table: PublishedTable; rows: number; failure?: undefined }
  | { table: PublishedTable; rows: 0; failure: Failure };

/** The rows of one date's report in one table. */
export interface ReportState {
  reportDate: CalendarDate;
  table: PublishedTable;
  rows: number;
  /** Of its oldest and of its newest row; equal if one run wrote all rows. */
  firstCreatedAt: Date;
  lastCreatedAt: Date;
}

/** Which rows of export_runs to read: those of one request, or a number of the newest. */
export interface RunFilter {
  requestId?: string;
  newest?: number;
}

/** Numbers of rows of a source table that reports can't count, or would count twice. */
export interface SourceCounts {
  rows: number;
  withoutCreatedAt: number;
  before1970: number;
  /** Later than a day from now. */
  inFuture: number;
  /** Rows minus distinct ids, so 0 if each id is unique (a measurement_id within its session). Rows without an id don't count. */
  repeatedIds: number;
  /** For measurements: distinct user ids, and how many of them users lacks. */
  testers: { all: number; withoutAccount: number } | null;
}

/** `bytes` is what counting reads; null if it costs nothing. `counts` is null if that is more than allowed. */
export interface SourceInspection {
  bytes: number | null;
  counts: SourceCounts | null;
}

/** The state of the warehouse's dataset or file, or of one table. */
export interface WarehouseInspection {
  name: string;
  /** False if the first export creates it. */
  exists: boolean;
  /** Why it can't be used. */
  failure: Failure | null;
  /** Null if the engine can't tell. */
  mayWrite: boolean | null;
  /** Days after which its partitions expire; null: never. */
  keepsDays: number | null;
}

/**
 * The port to the data: an engine counts in the sources and keeps the published tables. There are two, bigquery/engine.ts and
 * duckdb/engine.ts. Every call fails with a Failure, never with an error of an SDK.
 */
export interface Engine {
  /** Checks before counting whether the tables can take reports of these dates. Returns a failure for each date that they can't. */
  prepare(dates: readonly CalendarDate[], run: Run): Promise<ReadonlyMap<CalendarDate, Failure>>;
  /** The tables besides the core that exist, or are created when written. A deployment older than the program may lack some. */
  furtherTables(run: Run): Promise<ReadonlySet<FurtherTable>>;
  /**
   * Counts everything that the reports of a window need, on one snapshot of BigQuery's tables. Files of the embedded engine must not change
   * meanwhile. bytesProcessed is null if the engine doesn't bill by bytes.
   */
  readFacts(window: ReportWindow, run: Run): Promise<{ facts: CountedFacts; bytesProcessed: number | null }>;
  /** Counts, for the release, how many people each number of the window's periods comes from. The window consists of whole periods. */
  readReleaseFacts(window: Window, grain: Grain, run: Run): Promise<{ facts: ReleaseFacts; bytesProcessed: number | null }>;
  /**
   * Returns for each source table, up to the window's end: the first and last local date, the rows of its newest days, and all rows. Reads two
   * full columns of both tables, so it is called only if the facts leave a doubt.
   */
  readSpan(window: Window, run: Run): Promise<FactRow<'span'>[]>;
  /** Counts the newest rows of both source tables, which is enough to see that one is late. Useful if a full count costs money. */
  readFreshness(window: Window, run: Run): Promise<{ rows: FactRow<'freshness'>[]; bytesProcessed: number | null }>;
  /** Returns the bytes that readFacts would read; null if the engine doesn't bill by bytes. */
  price: ((window: ReportWindow, run: Run) => Promise<number>) | null;
  /** `reports`: how many reports to pass to one call of publish. `atOnce`: how many such calls may run at a time. */
  groups: { reports: number; atOnce: number };
  /** Replaces the rows of each report's date and nothing else. Returns the outcome of each table, per report, in their order. */
  publish(reports: readonly Report[], run: Run): Promise<TableOutcome[][]>;
  /**
   * Called after publishing. If another run wrote the same dates at the same time, makes sure that all tables of a date come from one run: the
   * newest, if it is still running. Never fails.
   */
  repair(reports: readonly Report[], run: Run): Promise<void>;
  /** Removes the reports from `from` to `to` from each published table, not from the release. Each outcome has the removed rows. */
  deleteReports(from: CalendarDate, to: CalendarDate, run: Run): Promise<TableOutcome[]>;
  /**
   * Returns the released rows of periods that begin from `from` to `to`, in order of time.
   *
   * @throws BAD_CONFIG if periods of another grain are released
   */
  readRelease(grain: Grain, from: CalendarDate, to: CalendarDate, signal?: AbortSignal): Promise<ReleasedRow[]>;
  /**
   * Publishes the released row of a period. Returns null if `row` is now the released one (also when an earlier call wrote it and its answer
   * was lost), otherwise the row that was there and stays. Overwrites only with `replace`.
   */
  writeRelease(row: ReleasedRow, options: { grain: Grain; replace: boolean }, run: Run): Promise<ReleasedRow | null>;
  /** Adds rows to export_runs. Repeated calls for the same run add them only once. */
  appendRuns(rows: readonly ExportRun[], run: Run): Promise<void>;
  /**
   * Returns the rows of the core tables with a report date from `from` to `to`, from one snapshot: by report date, newest period first. All
   * reads end when `signal` is aborted; those of BigQuery after a minute at most.
   */
  readReports(from: CalendarDate, to: CalendarDate, signal?: AbortSignal): Promise<ReportRows>;
  /** The same for tables besides the core. Leaves out tables that don't exist. */
  readFurther(tables: readonly FurtherTable[], from: CalendarDate, to: CalendarDate, signal?: AbortSignal): Promise<FurtherRows>;
  /** The state of the reports from `from` to `to`; no entry if a table has no rows of a date. */
  readReportStates(from: CalendarDate, to: CalendarDate, signal?: AbortSignal): Promise<ReportState[]>;
  /** Rows of export_runs, the newest run first. */
  readRuns(filter: RunFilter, signal?: AbortSignal): Promise<ExportRun[]>;
  /** Annotations, ordered by first day; none if the warehouse has no such table yet. */
  readAnnotations(signal?: AbortSignal): Promise<Annotation[]>;
  /** Replaces all annotations, or changes nothing. Throws SCHEMA_DRIFT if BigQuery has no such table yet. */
  replaceAnnotations(annotations: readonly Annotation[], run: Run): Promise<void>;
  /** Counts the faults of a whole source table (columns: source-sql.ts), if that reads no more than maxBytes. */
  inspectSource(table: SourceTable, options: { maxBytes: number }, run: Run): Promise<SourceInspection>;
  /** Compares the warehouse with its definitions. Changes nothing. `release` is the grain of its release, if it has one. */
  inspectWarehouse(options: { release: Grain | null }, run: Run): Promise<WarehouseInspection[]>;
  /** The source and time zone of the warehouse's reports; null if it doesn't exist yet. */
  readIdentity(signal?: AbortSignal): Promise<WarehouseIdentity | null>;
  close(): Promise<void>;
}
