import type { Engine, Run, TableOutcome } from '../engines/engine';
import { type CalendarDate, daysBetween, daysWindow, localDate, reportWindow } from '../metrics/calendar';
import { emptySource } from '../metrics/checks/empty-source';
import { checkFreshness, daysUntil, type Freshness, freshnessByDay, isRecent, newestDayOf } from '../metrics/checks/freshness';
import { checkReport, checkTimes, MIN_ROWS_FOR_TIMES, refuseTimes } from '../metrics/checks/quality-gate';
import { checkFall, type Revision } from '../metrics/checks/revisions';
import { countUnknownKinds } from '../metrics/checks/unknown-kinds';
import type { Facts } from '../metrics/facts/facts';
import { type FurtherFacts, indexFurther, periodsOfGrain } from '../metrics/facts/further-facts';
import { dayOf, type FactsByDay, holdsAnyone, indexByDay } from '../metrics/facts/period-facts';
import { endsPeriod, furtherWindow, type Grain, grains } from '../metrics/grain';
import { countUnusual, type JudgedReport } from '../metrics/judged';
import { deriveReport, type Report } from '../metrics/report';
import { type FurtherTable, furtherTableNames, furtherTables, isAvailable, tablesOf } from '../metrics/tables';
import type { ReleaseSettings } from '../platform/config';
import { Failure, toFailure } from '../platform/failure';
import { logMessages } from '../platform/log-messages';
import { type Earlier, nothingEarlier, openEarlier } from './earlier';
import { reachedPeriods, readNewestDay } from './newest-day';
import type { Findings, ReportOutcome } from './outcome';
import { addBytes, dueBy, openRelease, type Release, type ReleaseOutcome, releasedBy } from './release-periods';
import { appendRecords, runRecord } from './run-record';

export interface ExportOptions {
  engine: Engine;
  run: Run;
  timeZone: string;
  /** The source for the run record (engines/identity.ts). */
  source?: string | null;
  /** created_at of all rows of the run. */
  startedAt: Date;
  now: () => Date;
  /** How to release the period that matures with each report whose date is over; null: nothing is released. */
  release?: ReleaseSettings | null;
  gate: GateSettings;
  /** Write nothing. Compute the reports or, if that costs money, only the price. */
  dryRun: boolean;
  /** When aborted, counting is dropped, running writes are finished and recorded, and no further date is started. */
  stop?: AbortSignal;
  /** Called for each date as soon as its outcome is known, with its report if it passed the checks. */
  onReport?: (outcome: ReportOutcome, report: Report | null) => void;
}

/** What counting and checking a report needs. */
export type DraftOptions = Pick<ExportOptions, 'engine' | 'run' | 'timeZone' | 'startedAt' | 'gate'>;

/** What a report must pass to be published. */
export interface GateSettings {
  /** Share of the source rows that may be rejected, 0 to 1. */
  maxRejectedShare: number;
  /** Share of the failed tests whose kind of error may be unknown, 0 to 1. */
  maxUnknownShare: number;
  /** For reports of today and yesterday: highest age of the newest measurement, in hours; 0: not checked. */
  sourceMaxAgeHours: number;
  /** Publish reports of today and yesterday even if the source is late. */
  allowStale?: boolean | undefined;
  /** Publish even if tests or people of final days fall below half of the published numbers: rows were deleted on purpose. */
  allowFall?: boolean | undefined;
}

export interface ExportOutcome {
  /** One for each date, in the order of dates. */
  reports: ReportOutcome[];
  /** For a dry run, the bytes that counting would read; null for other runs, and if the engine doesn't bill by bytes. */
  price: number | null;
}

/** Number of dates whose run records are written together (one load job on BigQuery). A killed run leaves at most these unrecorded. */
const DATES_PER_RECORD = 50;

/** A count reads all accounts and first tests, and the days of its window. */
const CLUSTER_DAYS = 60;

/**
 * Exports `dates` (ascending) for all entry points. Counts the facts of all dates at once; dates far apart are counted in clusters. Derives and
 * checks each report in memory, publishes it and records the run. Failures of single dates and tables are in the outcome.
 *
 * @throws Failure if all tables of all dates failed for the same reason
 */
export async function runExport(dates: readonly CalendarDate[], options: ExportOptions): Promise<ExportOutcome> {
  if (options.dryRun) return dryRun(dates, options);
  const outcomes: ReportOutcome[] = [];
  for (const cluster of clustersOf(dates)) {
    if (options.stop?.aborted && outcomes.length > 0) break;
    const counted = await count(cluster, options).catch((thrown) => toFailure(thrown));
    if (counted instanceof Failure) {
      const failed = dates.slice(outcomes.length).map((date) => failedReport(date, counted));
      await record(failed, null, options);
      outcomes.push(...failed);
      break;
    }
    for (const chunk of inChunks(cluster, DATES_PER_RECORD)) {
      const written = await writeGroups(chunk, counted, options);
      await record(written, counted.bytesProcessed, options);
      outcomes.push(...written);
    }
  }
  const notBegun = new Failure('TIMEOUT', 'the run was stopped before it came to this date');
  const reports = [...outcomes, ...dates.slice(outcomes.length).map((date) => failedReport(date, notBegun))];
  const tables = reports.flatMap((report) => report.tables);
  const failure = tables[0]?.failure;
  if (failure !== undefined && tables.every((table) => table.failure === failure)) throw failure;
  return { reports, price: null };
}

async function dryRun(dates: readonly CalendarDate[], options: ExportOptions): Promise<ExportOutcome> {
  const { engine, run } = options;
  const reports: ReportOutcome[] = [];
  let bytes: number | null = null;
  if (engine.price === null) {
    for await (const { existing, ...one } of draftReports(dates, options)) {
      const tables =
        one.failure === null ? nothingOf(one.reportDate, existing) : allFailed(one.reportDate, one.failure, existing);
      reports.push(conclude(one, { tables }, options));
    }
    return { reports, price: null };
  }
  for (const cluster of clustersOf(dates)) {
    const { existing, window } = await wholeWindowOf(cluster, options);
    bytes = addBytes(bytes, await engine.price(window, run));
    reports.push(
      ...cluster.map((reportDate) => ({ reportDate, tables: nothingOf(reportDate, existing), findings: null, release: null })),
    );
  }
  return { reports, price: bytes };
}

/** Counts, derives and checks the reports of `dates`, one after the other, like an export. Writes nothing. */
export async function* draftReports(
  dates: readonly CalendarDate[],
  options: DraftOptions,
): AsyncGenerator<Draft & { existing: ReadonlySet<FurtherTable> }> {
  for (const cluster of clustersOf(dates)) {
    const counted = await countDays(cluster, options);
    for (const date of cluster) yield { ...draft(date, counted, options), existing: counted.existing };
  }
}

/** Groups dates that are counted together. A distance above CLUSTER_DAYS starts a new group, because reading the days between costs more. */
function clustersOf(dates: readonly CalendarDate[]): CalendarDate[][] {
  const clusters: CalendarDate[][] = [];
  for (const date of dates) {
    const last = clusters.at(-1);
    if (last !== undefined && daysBetween(last.at(-1) ?? date, date) <= CLUSTER_DAYS) last.push(date);
    else clusters.push([date]);
  }
  return clusters;
}

/** What deriving reports needs. */
interface Derivable {
  /** Failures of dates that the tables can't take, and of dates before the source's first row. */
  refused: ReadonlyMap<CalendarDate, Failure>;
  days: FactsByDay;
  further: FurtherFacts;
  /** Tables besides the core that can be written. */
  existing: ReadonlySet<FurtherTable>;
  /** Day of the newest measurement; null if there is none, or if no report needs it. */
  newestDay: CalendarDate | null;
}

/** What is known before anything is written. */
interface Counted extends Derivable {
  bytesProcessed: number | null;
  earlier: Earlier;
  release: Release | null;
}

async function count(dates: readonly CalendarDate[], options: ExportOptions): Promise<Counted> {
  const { engine, run, stop } = options;
  const signal = stop === undefined ? run.signal : AbortSignal.any([run.signal, stop]);
  const stoppable = { ...options, run: { ...run, signal } };
  const refused = await engine.prepare(dates, stoppable.run);
  const wanted = dates.filter((date) => !refused.has(date));
  const nothing = {
    days: new Map(),
    further: { audience: null, week: null, month: null },
    existing: new Set<FurtherTable>(),
    newestDay: null,
    bytesProcessed: null,
    earlier: nothingEarlier,
    release: null,
  };
  const late = await findLate(wanted, stoppable);
  const timely = wanted.filter((date) => !late.dates.has(date));
  if (timely.length === 0)
    return { ...nothing, refused: new Map([...refused, ...late.dates]), bytesProcessed: late.bytesProcessed };
  const { refused: empty, days, further, existing, newestDay, bytesProcessed } = await countDays(timely, stoppable);
  const held = timely.filter((date) => !empty.has(date));
  const unwanted = new Map([...refused, ...late.dates, ...empty]);
  const countedBytes = addBytes(late.bytesProcessed, bytesProcessed);
  if (held.length === 0) return { ...nothing, refused: unwanted, bytesProcessed: countedBytes };
  const release = await openReleaseOf(held, { days, further }, stoppable.run, options);
  return {
    refused: unwanted,
    days,
    further,
    existing,
    newestDay,
    bytesProcessed: addBytes(countedBytes, release?.bytesProcessed ?? null),
    earlier: await openEarlier(held, stoppable),
    release,
  };
}

/**
 * Finds dates whose reports would be refused because the source is late. Reads only the source's newest rows if a full count costs money:
 * each retry would pay for it again.
 */
async function findLate(
  dates: readonly CalendarDate[],
  options: ExportOptions,
): Promise<{ dates: Map<CalendarDate, Failure>; bytesProcessed: number | null }> {
  const { engine, run, gate, timeZone, startedAt } = options;
  const recent = dates.filter((date) => isRecent(date, { timeZone, now: startedAt }));
  if (engine.price === null || gate.allowStale || recent.length === 0) return { dates: new Map(), bytesProcessed: null };
  const window = windowOf(recent, options);
  const { rows, bytesProcessed } = await engine.readFreshness(window, run);
  const days = freshnessByDay(rows, window);
  const late = recent.map((date) => [date, judgeFreshness(date, { days, newestDay: null }, options)] as const);
  return { dates: new Map(late.flatMap(([date, failure]) => (failure === null ? [] : [[date, failure]]))), bytesProcessed };
}

async function countDays(dates: readonly CalendarDate[], options: DraftOptions & Pick<ExportOptions, 'release'>) {
  const { existing, window } = await wholeWindowOf(dates, options);
  for (const table of furtherTableNames) if (!existing.has(table)) options.run.log.warning('table missing', { table });
  const { facts, bytesProcessed } = await options.engine.readFacts(window, options.run);
  const days = indexByDay(facts, window);
  const refused = await refuseDates(dates, { days, misdated: facts.misdated }, options);
  warnOfEmptySource(dates.filter((date) => !refused.has(date)).at(-1), days, options);
  const newestDay = await findNewestDay(dates, days, options);
  return { refused, days, further: indexFurther(facts, window), existing, newestDay, bytesProcessed };
}

function warnOfEmptySource(last: CalendarDate | undefined, days: FactsByDay, { run }: DraftOptions): void {
  if (last === undefined) return;
  const { accountsToDate: accounts, testersToDate: testers } = dayOf(days, last);
  const table = emptySource({ accounts, testers });
  if (table !== null) run.log.warning('source table without rows', { table, to: last });
}

/** Asks the source only if `days` have no measurement, a date will be refused for that, and asking costs nothing. */
async function findNewestDay(
  dates: readonly CalendarDate[],
  days: FactsByDay,
  { engine, run, timeZone, startedAt: now, gate }: DraftOptions,
): Promise<CalendarDate | null> {
  const newest = newestDayOf(days);
  const isLate = !gate.allowStale && gate.sourceMaxAgeHours > 0 && dates.some((date) => isRecent(date, { timeZone, now }));
  return newest !== null || !isLate || engine.price !== null ? newest : readNewestDay(engine, { timeZone, now }, run);
}

/**
 * Refuses dates up to which the source has no account and no test, because their reports would be all zeros. All of them share one failure.
 *
 * @throws SOURCE_CONTRACT if most of the newest rows have an impossible time
 */
async function refuseDates(
  dates: readonly CalendarDate[],
  { days, misdated }: { days: FactsByDay; misdated: Facts['misdated'] },
  { engine, run, timeZone, startedAt }: DraftOptions,
): Promise<Map<CalendarDate, Failure>> {
  for (const { source, source_rows } of misdated)
    if (source_rows > 0) run.log.warning('times out of bounds', { table: source, rows: source_rows });
  const empty = dates.filter((date) => !holdsAnyone(days, date));
  const last = empty.at(-1);
  const seen = [...days.keys()].find((day) => holdsAnyone(days, day));
  const isClear = misdated.every(({ source_rows }) => source_rows < MIN_ROWS_FOR_TIMES);
  const today = localDate(startedAt, timeZone);
  const span =
    isClear && (last === undefined || seen !== undefined) ? [] : await engine.readSpan(daysWindow(today, today, timeZone), run);
  const first = seen ?? span.flatMap(({ first_day }) => first_day ?? []).sort()[0];
  const failure = (first === undefined ? refuseTimes(misdated) : null) ?? checkTimes(misdated, span);
  if (failure !== null) throw failure;
  const begins = first === undefined ? 'nor any later' : `its first date is ${first}`;
  const before = new Failure('BAD_REQUEST', `the source holds no account and no test up to ${last}; ${begins}`);
  return new Map(empty.map((date) => [date, before]));
}

/** Null if none of these reports releases a period. */
async function openReleaseOf(
  dates: readonly CalendarDate[],
  { days, further }: Pick<Derivable, 'days' | 'further'>,
  counting: Run,
  { engine, run, timeZone, startedAt, release: settings = null }: ExportOptions,
): Promise<Release | null> {
  if (settings === null) return null;
  const due = dueBy(dates, settings.grain, { instant: startedAt, timeZone });
  const facts = periodsOfGrain(days, further, settings.grain);
  const held = due.filter((period) => holdsAnyone(facts, period));
  const readNewest = () => readNewestDay(engine, { timeZone, now: startedAt }, counting);
  const periods = await reachedPeriods(held, facts, settings.grain, readNewest);
  if (periods.length === 0) return null;
  const options = { engine, run, timeZone, settings, releasedAt: startedAt, replace: null };
  return openRelease(periods, async () => ({ facts, bytesProcessed: null }), options, counting);
}

function windowOf(dates: readonly CalendarDate[], { timeZone, startedAt }: DraftOptions) {
  const [first = '', last = first] = [dates[0], dates.at(-1)];
  return reportWindow(first, daysUntil(last, { timeZone, now: startedAt }), timeZone);
}

/** The window of all existing tables and of the release. */
async function wholeWindowOf(dates: readonly CalendarDate[], options: DraftOptions & Pick<ExportOptions, 'release'>) {
  const existing = await options.engine.furtherTables(options.run);
  const wanted = [...grainsOf(existing), ...grainsToRelease(dates, options)];
  return { existing, window: furtherWindow(dates, windowOf(dates, options), wanted) };
}

/** The grain to count for the release: weeks or months are counted even if they have no tables. */
function grainsToRelease(dates: readonly CalendarDate[], { release = null }: Pick<ExportOptions, 'release'>): Grain[] {
  if (release === null || release.grain === 'day') return [];
  return dates.some((date) => endsPeriod(date, release.grain)) ? [release.grain] : [];
}

/** A report, if it could be derived, and the failure that forbids publishing it, if there is one. */
export type Draft = { reportDate: CalendarDate } & (
  | { report: Report; failure: null }
  | { report: Report | null; failure: Failure }
);

function draft(reportDate: CalendarDate, counted: Derivable, options: DraftOptions): Draft {
  try {
    const unwanted = counted.refused.get(reportDate);
    if (unwanted !== undefined) return { reportDate, report: null, failure: unwanted };
    const whole = deriveReport(counted.days, reportDate, options.startedAt, counted.further);
    const report = withoutMissing(whole, counted.existing);
    const failure = check(report, counted, options);
    return failure === null ? { reportDate, report, failure } : { reportDate, report, failure };
  } catch (thrown) {
    return { reportDate, report: null, failure: toFailure(thrown) };
  }
}

/** Leaves out tables that this deployment lacks. The others are published. */
function withoutMissing(report: Report, existing: ReadonlySet<FurtherTable>): Report {
  const further = Object.entries(report.further).filter(([table]) => existing.has(table as FurtherTable));
  return { ...report, further: Object.fromEntries(further) };
}

function check(report: Report, { days, newestDay }: Derivable, options: DraftOptions): Failure | null {
  return judgeFreshness(report.reportDate, { days, newestDay }, options) ?? checkReport(report, days, options.gate);
}

function judgeFreshness(
  date: CalendarDate,
  { days, newestDay }: { days: Freshness; newestDay: CalendarDate | null },
  { gate, timeZone, startedAt }: DraftOptions,
): Failure | null {
  const freshness = { timeZone, now: startedAt, maxAgeHours: gate.sourceMaxAgeHours, newestDay };
  return gate.allowStale ? null : checkFreshness(date, days, freshness);
}

/** Publishes reports in groups. Starts the next group as soon as one is done, until the run is stopped. */
async function writeGroups(dates: readonly CalendarDate[], counted: Counted, options: ExportOptions): Promise<ReportOutcome[]> {
  const { engine, run, stop } = options;
  const groups = inChunks(draftAll(dates, counted, options), engine.groups.reports);
  const outcomes: ReportOutcome[][] = [];
  const published: Report[] = [];
  let begun = 0;
  const writeOneByOne = async () => {
    for (let next = begun++; next < groups.length && !stop?.aborted; next = begun++)
      outcomes[next] = await write(groups[next] ?? [], counted, published, options);
  };
  await Promise.all(Array.from({ length: engine.groups.atOnce }, writeOneByOne));
  if (published.length > 0) await engine.repair(published, run);
  return outcomes.flat();
}

type ComparedDraft = Draft & Compared;

/** Derives, checks and compares the reports of some dates before they are written. */
function draftAll(dates: readonly CalendarDate[], counted: Counted, options: ExportOptions): ComparedDraft[] {
  const drafts = dates.map((date) => compareDraft(draft(date, counted, options), counted, options));
  const judged = counted.earlier.judge(drafts.flatMap(({ report, failure }) => (failure === null ? report : [])));
  return drafts.map((one) => ({ ...one, judged: judged.get(one.reportDate) ?? null }));
}

/** Publishes those of the reports that may be published, and adds the written ones to `published`. */
async function write(
  drafts: readonly ComparedDraft[],
  counted: Counted,
  published: Report[],
  options: ExportOptions,
): Promise<ReportOutcome[]> {
  const tables = await publish(
    drafts.flatMap(({ report, failure }) => (failure === null ? report : [])),
    options,
  );
  const outcomes: ReportOutcome[] = [];
  for (const one of drafts) {
    if (one.failure !== null) {
      outcomes.push(conclude(one, { tables: allFailed(one.reportDate, one.failure, counted.existing) }, options));
      continue;
    }
    const written = tables.get(one.reportDate) ?? [];
    if (written.every(({ failure }) => failure === undefined)) published.push(one.report);
    outcomes.push(
      conclude(one, { ...one, tables: written, release: await releaseBy(one.reportDate, written, counted, options) }, options),
    );
  }
  return outcomes;
}

/** Adds what a draft changes in earlier reports. Refuses it if most of their numbers would be lost. */
function compareDraft(one: Draft, { earlier }: Counted, { gate }: ExportOptions): Draft & Pick<Compared, 'revision'> {
  const revision = one.failure === null ? earlier.compare(one.report) : null;
  const failure = revision === null || gate.allowFall ? null : checkFall(revision, one.reportDate);
  return failure === null ? { ...one, revision } : { ...one, failure, revision };
}

interface Compared {
  revision: Revision | null;
  judged: JudgedReport | null;
}

/** Releases the period that matures with a published report, if the report's date is over. */
async function releaseBy(
  reportDate: CalendarDate,
  tables: readonly TableOutcome[],
  { release }: Counted,
  { release: settings = null }: ExportOptions,
): Promise<ReleaseOutcome | null> {
  const period = settings === null ? null : releasedBy(reportDate, settings.grain);
  const isIn = tables.every(({ failure }) => failure === undefined);
  return release !== null && period !== null && release.periods.includes(period) && isIn ? release.releaseOne(period) : null;
}

/** Publishes reports. Returns the table outcomes by date. If the call fails, only these dates fail. */
async function publish(reports: readonly Report[], { engine, run }: ExportOptions): Promise<Map<CalendarDate, TableOutcome[]>> {
  const tables =
    reports.length === 0
      ? []
      : await engine.publish(reports, run).catch((thrown) => {
          const failure = toFailure(thrown);
          return reports.map(({ reportDate }) => allFailed(reportDate, failure));
        });
  return new Map(reports.map(({ reportDate }, index) => [reportDate, tables[index] ?? []]));
}

/** Ends a date: logs what is notable and calls onReport. */
function conclude(
  { reportDate, report, failure }: Draft,
  written: { tables: TableOutcome[]; release?: ReleaseOutcome | null } & Partial<Compared>,
  { run, onReport }: ExportOptions,
): ReportOutcome {
  const { tables, revision = null, judged = null, release = null } = written;
  const findings = report && findingsOf(report, { revision, judged });
  const outcome: ReportOutcome = { reportDate, tables, findings, release };
  if (findings !== null) logFindings(reportDate, findings, revision?.fallen ?? [], run);
  if (judged?.start === reportDate) logCauses(judged, run); // logged only by the report of the day itself, not again by later ones
  onReport?.(outcome, failure === null ? report : null);
  return outcome;
}

function findingsOf(
  { rejectedRows, unclassifiedErrors, sourceLatestHour, rows }: Report,
  { revision, judged }: Compared,
): Findings {
  const { failures: failedTests } = countUnknownKinds(rows.daily_errors);
  return {
    rejectedRows,
    unclassifiedErrors,
    failedTests,
    sourceLatestHour,
    revisedValues: revision?.values ?? null,
    unusualValues: judged && countUnusual(judged.judgements),
  };
}

function logFindings(report_date: CalendarDate, findings: Findings, fallen: Revision['fallen'], { log }: Run): void {
  const { rejectedRows, unclassifiedErrors: unclassified_errors, failedTests: total_errors, revisedValues } = findings;
  if (rejectedRows > 0) log.warning('rows rejected', { report_date, rejected_rows: rejectedRows });
  if (unclassified_errors > 0) log.warning('errors of unknown kinds', { report_date, unclassified_errors, total_errors });
  if (revisedValues !== null && revisedValues > 0) log.info('figures revised', { report_date, revised_values: revisedValues });
  for (const { table, column } of fallen) log.warning('final figure fell', { report_date, table, column });
}

/** Logs one line per cause. */
function logCauses({ start, causes }: JudgedReport, { log }: Run): void {
  for (const { lead, others } of causes)
    log.warning(logMessages.unusual, {
      report_date: start,
      column: lead.figure,
      value: lead.value ?? 0,
      usual_low: lead.low ?? 0,
      usual_high: lead.high ?? 0,
      ...(others.length > 0 && { others: others.map(({ figure }) => figure).join(', ') }),
    });
}

/** Marks all tables of a date as failed, also if it is unknown which exist. */
function allFailed(
  reportDate: CalendarDate,
  failure: Failure,
  existing: ReadonlySet<FurtherTable> = new Set(furtherTableNames),
): TableOutcome[] {
  return nothingOf(reportDate, existing).map(({ table }) => ({ table, rows: 0, failure }));
}

/** Table outcomes if nothing is written. */
function nothingOf(reportDate: CalendarDate, existing: ReadonlySet<FurtherTable>): TableOutcome[] {
  return tablesOf(reportDate).flatMap((table) => (isAvailable(table, existing) ? { table, rows: 0 } : []));
}

/** Grains with a table to write to. */
function grainsOf(existing: ReadonlySet<FurtherTable>): Grain[] {
  return grains.filter((grain) => [...existing].some((table) => furtherTables[table].grain === grain));
}

function failedReport(reportDate: CalendarDate, failure: Failure): ReportOutcome {
  return { reportDate, tables: allFailed(reportDate, failure), findings: null, release: null };
}

async function record(outcomes: readonly ReportOutcome[], bytesProcessed: number | null, options: ExportOptions): Promise<void> {
  const { engine, run, startedAt, timeZone, source = null } = options;
  const context = { run, startedAt, finishedAt: options.now(), timeZone, source, bytesProcessed };
  const rows = outcomes.filter((outcome) => !isRefused(outcome)).map((outcome) => runRecord(outcome, context));
  await appendRecords(engine, rows, run);
}

function isRefused({ tables }: ReportOutcome): boolean {
  return tables.every(({ failure }) => failure?.refused);
}

function inChunks<Item>(items: readonly Item[], size: number): Item[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) => items.slice(index * size, (index + 1) * size));
}
