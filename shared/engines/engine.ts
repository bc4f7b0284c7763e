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

/** How a run came about; a column of export_runs. */
export type Trigger = 'pubsub' | 'http' | 'cli' | 'replay';

/**
 * What an engine is opened for: an export reads the source and writes the warehouse, a dry run only reads the source, a read only the
 * warehouse, a write only writes it, and a look reads it if there is one.
 */
export type Access = 'export' | 'dry-run' | 'read' | 'write' | 'look';
/** How a warehouse file is waited for that another process has open; a Run says it too. */
export interface Waiting {
  /** Ends the wait. */
  signal?: AbortSignal;
  /** Told once, if the wait is noticeable. */
  log?: Log;
  /** Milliseconds; 30 s if left out. */
  forMs?: number;
}

/** What an engine needs to know of the run that it works for. */
export interface Run {
  /** One attempt. */
  id: string;
  /** What asked: the message's id, or an id made by the door. */
  requestId: string;
  trigger: Trigger;
  /** Aborted at the deadline or by Ctrl-C; then every call of the engine ends with a Failure soon. */
  signal: AbortSignal;
  /** Every entry of it carries run_id and request_id. */
  log: Log;
}

/** A new attempt. */
export function createRun({ requestId, trigger, signal, log }: Omit<Run, 'id'>): Run {
  const id = randomUUID();
  return { id, requestId, trigger, signal, log: log.with({ run_id: id, request_id: requestId }) };
}

/** Whether what was to be done to a table is done, and to how many rows. */
export type TableOutcome =
  | { table: PublishedTable; rows: number; failure?: undefined }
  | { table: PublishedTable; rows: 0; failure: Failure };

/** What is in a table of the report of a date. */
export interface ReportState {
  reportDate: CalendarDate;
  table: PublishedTable;
  rows: number;
  /** Of its oldest and of its newest row: the same where one run wrote them all. */
  firstCreatedAt: Date;
  lastCreatedAt: Date;
}

/** Which rows of export_runs are wanted: those of one request, or a number of the newest. */
export interface RunFilter {
  requestId?: string;
  newest?: number;
}

/** What no report can count, or counts twice, in a source table: numbers of rows. */
export interface SourceCounts {
  rows: number;
  withoutCreatedAt: number;
  before1970: number;
  /** Later than a day from now. */
  inFuture: number;
  /** Rows less ids: 0 where each id is there once, a measurement_id within its session. Rows without an id don't count. */
  repeatedIds: number;
  /** Of measurements: user ids, and those of them that users lacks. */
  testers: { all: number; withoutAccount: number } | null;
}

/** How many bytes counting reads, null where it costs nothing; no counts where that is more than was allowed. */
export interface SourceInspection {
  bytes: number | null;
  counts: SourceCounts | null;
}

/** The state of what the warehouse is made of: of its dataset or file, or of one table. */
export interface WarehouseInspection {
  name: string;
  /** False where the first export makes it. */
  exists: boolean;
  /** Why it can't be used. The others are looked at as well. */
  failure: Failure | null;
  /** Null where the engine can't tell. */
  mayWrite: boolean | null;
  /** Days after which its partitions expire; null: never. */
  keepsDays: number | null;
}

/**
 * The port to where the data is: an engine counts in the sources and keeps the published tables. There are two,
 * bigquery/engine.ts and duckdb/engine.ts. Every call fails with a Failure, never with an SDK's error.
 */
export interface Engine {
  /** Looks whether the tables can take reports of these dates, before anything is counted; the dates that they can't take, and why. */
  prepare(dates: readonly CalendarDate[], run: Run): Promise<ReadonlyMap<CalendarDate, Failure>>;
  /** The tables beside the core that are there, or are made when they are written: a deployment may be older than the program. */
  furtherTables(run: Run): Promise<ReadonlySet<FurtherTable>>;
  /**
   * Counts everything that the reports of a window need, of BigQuery's tables as they were at one moment; the embedded engine's files must
   * not change meanwhile. bytesProcessed is null where the engine doesn't bill for them.
   */
  readFacts(window: ReportWindow, run: Run): Promise<{ facts: CountedFacts; bytesProcessed: number | null }>;
  /** Counts the people behind the numbers of the periods of a window, for their release. The window begins and ends with a period. */
  readReleaseFacts(window: Window, grain: Grain, run: Run): Promise<{ facts: ReleaseFacts; bytesProcessed: number | null }>;
  /**
   * The earliest and the newest local date of each source table, up to the window's end, how many rows its newest days have, and how many there are. Reads two
   * columns of both tables whole, so it is asked only where the facts leave a doubt.
   */
  readSpan(window: Window, run: Run): Promise<FactRow<'span'>[]>;
  /** Counts the newest rows of both source tables, which is enough to see that one is late. Worth it where counting has a price. */
  readFreshness(window: Window, run: Run): Promise<{ rows: FactRow<'freshness'>[]; bytesProcessed: number | null }>;
  /** The bytes that readFacts would read; null where it costs nothing. */
  price: ((window: ReportWindow, run: Run) => Promise<number>) | null;
  /** How many reports publish takes best at once, and how many of such groups may be on their way at a time. */
  groups: { reports: number; atOnce: number };
  /** Replaces the rows of each report's date, and no others. Answers per report, in their order, how each table went. */
  publish(reports: readonly Report[], run: Run): Promise<TableOutcome[][]>;
  /**
   * Looks, once reports are published, whether another run wrote to their dates at the same time, and sees to it that all tables of a date are
   * of one run: of the newest, if it is still there. Never fails.
   */
  repair(reports: readonly Report[], run: Run): Promise<void>;
  /** Removes the rows of the reports from `from` to `to` from each published table, and none of the release; `rows` says how many. */
  deleteReports(from: CalendarDate, to: CalendarDate, run: Run): Promise<TableOutcome[]>;
  /**
   * Released rows of the periods that begin from `from` to `to`, in order of time.
   *
   * @throws BAD_CONFIG if periods of another grain are released
   */
  readRelease(grain: Grain, from: CalendarDate, to: CalendarDate, signal?: AbortSignal): Promise<ReleasedRow[]>;
  /**
   * Releases the row of a period. With `replace` it overwrites a row that is released already; without, that row stays, and is the answer.
   * Answers null where `row` is the released one: written by this call, or by an earlier one whose answer was lost.
   */
  putRelease(row: ReleasedRow, options: { grain: Grain; replace: boolean }, run: Run): Promise<ReleasedRow | null>;
  /** Adds rows to export_runs: once, however often it is repeated for the same run. */
  appendRuns(rows: readonly ExportRun[], run: Run): Promise<void>;
  /**
   * Published rows of the core tables, as they were at one moment, with a report date from `from` to `to`: ordered by report date, the newest
   * period first. This and the other reads end with `signal`, and by themselves after a minute.
   */
  readReports(from: CalendarDate, to: CalendarDate, signal?: AbortSignal): Promise<ReportRows>;
  /** The same of tables beside the core; without those that aren't there. */
  readFurther(tables: readonly FurtherTable[], from: CalendarDate, to: CalendarDate, signal?: AbortSignal): Promise<FurtherRows>;
  /** What there is of the reports from `from` to `to`; nothing of a table that has no rows of a date. */
  readReportStates(from: CalendarDate, to: CalendarDate, signal?: AbortSignal): Promise<ReportState[]>;
  /** Rows of export_runs, the newest run first. */
  readRuns(filter: RunFilter, signal?: AbortSignal): Promise<ExportRun[]>;
  /** What people wrote of days, by the first day; none where the warehouse has no such table yet. */
  readAnnotations(signal?: AbortSignal): Promise<Annotation[]>;
  /** Replaces all annotations by these, or none. SCHEMA_DRIFT where BigQuery has no such table yet. */
  replaceAnnotations(annotations: readonly Annotation[], run: Run): Promise<void>;
  /** Counts in a source table as a whole (source-sql.ts says which columns), if that reads no more than maxBytes. */
  inspectSource(table: SourceTable, options: { maxBytes: number }, run: Run): Promise<SourceInspection>;
  /** Compares all that the warehouse is made of with the definitions, and changes nothing. `release`: the grain of its release, if it has one. */
  inspectWarehouse(options: { release: Grain | null }, run: Run): Promise<WarehouseInspection[]>;
  /** What the warehouse holds reports of; null where it doesn't exist yet. */
  readIdentity(signal?: AbortSignal): Promise<WarehouseIdentity | null>;
  close(): Promise<void>;
}
